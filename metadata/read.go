package metadata

import (
	"bytes"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/xmp"
)

// A Scheme is a kind of statement about where content comes from.
type Scheme string

// The schemes that [Read] knows.
const (
	AIGC            Scheme = "aigc"            // GB 45438-2025 Annex E
	ServiceProvider Scheme = "serviceprovider" // an older object with ServiceProvider, ServiceUser, Time and ContentId
	IPTC            Scheme = "iptc"            // IPTC DigitalSourceType in XMP
	IPTCAI          Scheme = "iptc-ai"         // IPTC 2025.1 AISystemUsed, AIPromptInformation... in XMP
	C2PA            Scheme = "c2pa"            // a C2PA manifest store
)

// A Range is a run of file bytes.
type Range = container.Range

// A Site is one statement in a file.
type Site struct {
	Scheme   Scheme  `json:"scheme"`
	Place    string  `json:"place"`   // in the words of the format: "PNG tEXt AIGC"
	Offset   int64   `json:"offset"`  // of the first byte
	Length   int64   `json:"length"`  // of all bytes
	Ranges   []Range `json:"ranges"`  // the bytes that hold the value, in order
	Encoding string  `json:"encoded"` // how they hold it: "" as is, else "xml", "deflate"...
	Value    string  `json:"value"`   // decoded; "" for C2PA
	Record   Record  `json:"-"`       // for AIGC

	slot  *container.Slot // nil in what Read returns
	guide bool            // the record stands where the guide wants it
	prop  xmp.Property    // where Space is set, the property of the slot's packet
	tag   uint16          // where not zero, the tag of the slot's Exif block
}

// A Text is a named text of a file that is no statement: a title, a comment, a
// generator's parameters.
type Text struct {
	Place string
	Space string // the namespace of a property of XMP
	Key   string
	Value string
}

// A Second is what a file is beside its format, or has behind its end.
type Second struct {
	Format string // "zip", "pdf", "mp4", "html"...; "" for data of no other format
	Offset int64  // where that starts; for "zip", where its directory ends
	Usual  string // why that is common and no matter, "" if it is: "video of a motion photo"
}

// A Reading is what a file says.
type Reading struct {
	Format Format
	Sites  []Site // statements of every scheme, in the order of the file
	Texts  []Text

	// Record is the file's AIGC record: the one in the place that the guide
	// names, else the first. It is nil if there is none.
	Record *Record

	// Seconds lists what the file is beside its format: a polyglot of two formats
	// is read as either, and may say in one what it does not say in the other.
	Seconds []Second

	Damage    error   // a *FormatError; what was found before or beside it is still listed
	Limits    []error // *LimitError values: what was skipped
	Signed    string  // a signature over the file's bytes, by name
	Encrypted bool    // values that cannot be read without a key

	file container.File
}

// ReadOptions adjust [Read]; nil stands for the defaults.
type ReadOptions struct {
	Limits Limits
}

// Read finds every statement of every scheme in src. It reads the head of the
// file, the headers of its elements and the metadata, never the media. An error
// means that the file could not be examined: [ErrUnknownFormat], or an I/O
// error. What is wrong with the file or its labels is in the [Reading].
//
// Read is safe for concurrent use.
func Read(src Source, opts *ReadOptions) (*Reading, error) {
	if opts == nil {
		opts = &ReadOptions{}
	}
	s := container.NewSource(src.R, src.Size, container.Limits(opts.Limits))
	defer s.Release()
	r, err := examine(s, src.Name)
	if r != nil {
		r.file = nil
		for i := range r.Sites {
			r.Sites[i].slot = nil
			r.Sites[i].Record.Raw = bytes.Clone(r.Sites[i].Record.Raw)
		}
	}
	return r, err
}

// Signatures names the signatures of the file, Content Credentials among them, that a
// change to it breaks.
func (r *Reading) Signatures() []string { return r.broken(false) }

// broken is [Reading.Signatures] of a file that may get new credentials.
func (r *Reading) broken(resign bool) (names []string) {
	for _, site := range r.Sites {
		if site.Scheme == C2PA && !resign {
			names = append(names, "C2PA manifest in "+site.Place)
		}
	}
	if r.Signed != "" {
		names = append(names, r.Signed)
	}
	return names
}

// examine is [Read], and leaves what an edit needs. The reading shares the memory
// of src.
func examine(src *container.Source, name string) (*Reading, error) {
	format, err := detect(src, name)
	if err != nil {
		return nil, err
	}
	r := &Reading{Format: format}
	r.file, err = format.walk(src)
	if r.file == nil {
		return r, public(format.Name, err)
	}
	layout := r.file.Summary()
	r.Damage = public(format.Name, layout.Damage)
	r.Signed, r.Encrypted = layout.Signed, layout.Encrypted
	for _, limit := range layout.Limits {
		r.Limits = append(r.Limits, public(format.Name, limit))
	}
	for i := range layout.Slots {
		r.expand(&layout.Slots[i])
	}
	if i := r.recordSite(); i >= 0 {
		r.Record = &r.Sites[i].Record
	}
	if err == nil {
		err = r.seconds(src, layout)
	}
	return r, public(format.Name, err)
}

func (r *Reading) seconds(src *container.Source, layout *container.Layout) error {
	seconds, err := src.Seconds(r.Format.Name, layout)
	for _, s := range seconds {
		r.Seconds = append(r.Seconds, Second(s))
	}
	return err
}

// recordSite returns the index of the site that holds the file's record, or -1.
func (r *Reading) recordSite() int {
	first := -1
	for i := range r.Sites {
		if r.Sites[i].Scheme != AIGC || r.Sites[i].Encoding == encrypted {
			continue
		}
		if r.Sites[i].guide {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

// elsewhere returns how many records stand where the guide does not want them.
func (r *Reading) elsewhere() (n int) {
	for _, s := range r.Sites {
		if s.Scheme == AIGC && !s.guide {
			n++
		}
	}
	return n
}

// inGuide reports whether a record in the site is where a new one would go. A
// namespace without its slash is read, but another place.
func (p place) inGuide(s *Site) bool {
	if p == inXMP {
		return s.slot.Kind == container.XMP && s.slot.Guide && s.prop.Space == spaceTC260 && s.prop.Name == "AIGC"
	}
	return s.slot.Kind == container.Record && s.slot.Guide
}

// expand lists the statements in a slot.
func (r *Reading) expand(slot *container.Slot) {
	whole := Site{Place: slot.Place, Ranges: slot.Ranges, Encoding: slot.Encoding, slot: slot}
	switch slot.Kind {
	case container.Record:
		r.record(whole, slot.Value)
	case container.C2PA:
		whole.Scheme = C2PA
		r.add(whole)
	case container.XMP:
		r.packet(whole, slot.Value)
	case container.EXIF:
		for _, text := range container.EXIFTexts(slot.Value) {
			site := whole.part("Exif "+text.Name, text.Offset, text.Offset+text.Length, text.Encoding)
			site.tag = text.Tag
			r.text(site, text.Name, text.Value)
		}
	case container.Text:
		r.text(whole, slot.Key, slot.Value)
	}
}

// packet lists the statements in an XMP packet.
func (r *Reading) packet(whole Site, packet []byte) {
	properties, err := xmp.Properties(packet)
	if err != nil && r.Damage == nil {
		r.Damage = public(r.Format.Name, &container.FormatError{Offset: whole.Ranges[0].Offset, Err: err})
	}
	for _, p := range properties {
		site := whole.part(p.Name, p.Start, p.End, p.Encoding)
		site.prop = p
		switch {
		case isRecordProperty(p):
			site.Place = whole.Place + " TC260:AIGC"
			r.record(site, []byte(p.Value))
		case p.Space == spaceIPTC && iptcSchemes[p.Name] != "" && !r.full():
			site.Scheme, site.Value = iptcSchemes[p.Name], p.Value
			r.add(site)
		default:
			r.text(site, p.Name, []byte(p.Value))
		}
	}
}

// encrypted is the encoding of a value that cannot be read.
const encrypted = "encrypted"

// spaceTC260 is the XMP namespace of the record.
const spaceTC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"

// iptcSchemes are the properties of IPTC Photo Metadata 2025.1 that say how
// content was made.
var iptcSchemes = map[string]Scheme{
	propSourceType: IPTC,
	propSystem:     IPTCAI, propSystemVersion: IPTCAI, "AIPromptInformation": IPTCAI, "AIPromptWriterName": IPTCAI,
}

// isRecordProperty reports whether a property is the record. Writers forget the
// slash, or to declare the prefix.
func isRecordProperty(p xmp.Property) bool {
	return p.Name == "AIGC" && (strings.TrimSuffix(p.Space, "/") == strings.TrimSuffix(spaceTC260, "/") || p.Space == "TC260")
}

// record lists a value whose name says that it is a record, whatever it holds.
func (r *Reading) record(site Site, value []byte) {
	if r.full() {
		return
	}
	record, err := ParseRecord(value)
	switch {
	case err == nil, site.Encoding == encrypted:
	case isServiceProvider(value):
		r.text(site, "AIGC", value)
		return
	default:
		record.Raw = value
		record.odd("AIGC", "b)", Malformed, string(value))
	}
	site.Scheme, site.Value, site.Record = AIGC, string(value), record
	r.add(site)
}

// text lists a text, as a statement if it is one all the same.
func (r *Reading) text(site Site, key string, value []byte) {
	trimmed := bytes.TrimSpace(value)
	opens := bytes.HasPrefix(trimmed, []byte("{")) || bytes.HasPrefix(trimmed, []byte("AIGC"))
	site.Value = string(value)
	switch {
	case opens && r.full():
		return
	case opens && isServiceProvider(trimmed):
		site.Scheme = ServiceProvider
	case opens && isStatement(trimmed):
		record, err := ParseRecord(trimmed)
		if err != nil {
			return
		}
		site.Scheme, site.Record = AIGC, record
	default:
		r.Texts = append(r.Texts, Text{Place: site.Place, Space: site.prop.Space, Key: key, Value: site.Value})
		return
	}
	r.add(site)
}

// isStatement reports whether a text in a place of no such name is a record.
func isStatement(b []byte) bool {
	return bytes.Contains(b, []byte(`"Label"`)) && (bytes.Contains(b, []byte("AIGC")) || bytes.Contains(b, []byte(`"ContentProducer"`)))
}

func isServiceProvider(b []byte) bool {
	return bytes.Contains(b, []byte(`"ServiceProvider"`)) && !bytes.Contains(b, []byte(`"Label"`))
}

// maxSites bounds the statements of a file, which cost far more than their text.
const maxSites = 1 << 10

var errSites = &LimitError{What: "number of statements", Limit: maxSites}

// full reports whether r has all the statements that it may have.
func (r *Reading) full() bool {
	if len(r.Sites) < maxSites {
		return false
	}
	if !slices.Contains(r.Limits, error(errSites)) {
		r.Limits = append(r.Limits, errSites)
	}
	return true
}

func (r *Reading) add(s Site) {
	if len(s.Ranges) > 0 {
		s.Offset = s.Ranges[0].Offset
	}
	for _, part := range s.Ranges {
		s.Length += part.Length
	}
	s.guide = r.Format.place.inGuide(&s)
	r.Sites = append(r.Sites, s)
}

// part returns the site of a value inside s: its bytes from start to end. In a
// compressed or escaped slot there are no such bytes, and s's own stand for them.
func (s Site) part(name string, start, end int, encoding string) Site {
	s.Place += " " + name
	if s.Encoding != "" {
		return s
	}
	s.Encoding = encoding
	s.Ranges = container.Cut(s.Ranges, int64(start), int64(end-start))
	return s
}
