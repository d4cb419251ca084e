package container

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

// Matroska, RFC 9559, and WebM, its subset. The guide's place is a SimpleTag
// named AIGC of a Tag that speaks of the whole Segment.

const (
	idSegment      = 0x18538067
	idSeekHead     = 0x114D9B74
	idSeek         = 0x4DBB
	idSeekID       = 0x53AB
	idSeekPosition = 0x53AC
	idInfo         = 0x1549A966
	idTitle        = 0x7BA9
	idMuxingApp    = 0x4D80
	idWritingApp   = 0x5741
	idCluster      = 0x1F43B675
	idCues         = 0x1C53BB6B
	idTags         = 0x1254C367
	idTag          = 0x7373
	idTargets      = 0x63C0
	idTargetValue  = 0x68CA // TargetTypeValue
	idTargetType   = 0x63CA
	idSimpleTag    = 0x67C8
	idTagName      = 0x45A3
	idTagString    = 0x4487
	idTagBinary    = 0x4485
)

// wholeFile is the TargetTypeValue of a movie or an album, the default.
const wholeFile = 50

const (
	maxFillers  = 64 // Void elements that are used up
	maxSegments = 1 << 10
)

type mkvFile struct {
	Layout
	src      *Source
	segments []*mkvSegment
	values   []mkvValue // of Slots, by index
}

// A mkvSegment is a Segment, and where its children are.
type mkvSegment struct {
	ebmlElement
	targets []mkvTarget   // in order
	passed  int           // of targets
	skipped []Range       // by jumps to them
	crc     *ebmlElement  // over all the rest
	cluster *ebmlElement  // the first
	voids   []ebmlElement // before the first Cluster
	indexes []ebmlElement // SeekHead and Cues
	tags    []mkvTags
}

// A mkvTarget is where a SeekHead says that an element is.
type mkvTarget struct {
	id  uint32
	pos int64 // in the file
}

// A mkvTags is a Tags element.
type mkvTags struct {
	ebmlElement
	whole *ebmlElement // the first Tag of the whole file
	late  bool         // behind a Cluster
}

// A mkvValue says how to edit a slot.
type mkvValue struct {
	segment *mkvSegment
	parent  ebmlElement // the child of the Segment that it is in
	item    ebmlElement // goes when the value goes; none if that must stay, empty
	body    ebmlElement // holds the value
}

// Matroska walks a Matroska or WebM file. It reads the headers of the children of
// a Segment, and goes from the first Cluster to what a SeekHead says is behind
// the Clusters; without that, from Cluster to Cluster, and in a live stream,
// whose Clusters have no size, from block to block.
func Matroska(src *Source) (File, error) {
	f := &mkvFile{src: src}
	return f, f.fail(src.Size(), f.walk())
}

func (f *mkvFile) walk() error {
	for pos := int64(0); pos < f.src.Size(); {
		e, err := ebmlAt(f.src, pos, f.src.Size())
		switch {
		case err != nil:
		case pos == 0 && e.id != idEBML:
			err = &FormatError{Offset: 0, Err: errors.New("no EBML header")}
		case e.id == idSegment:
			pos, err = f.segment(e)
		default:
			err = e.past(f.src.Size())
			pos = e.end()
		}
		if errors.As(err, new(*FormatError)) && len(f.segments) > 0 {
			return nil // what follows a Segment is no part of the document
		}
		if err != nil {
			return err
		}
	}
	if len(f.segments) == 0 {
		f.damage(f.src.Size(), "no Segment")
	}
	return nil
}

// segment walks a Segment and returns where it ends.
func (f *mkvFile) segment(e ebmlElement) (int64, error) {
	if err := f.fail(e.offset, e.past(f.src.Size())); err != nil {
		return 0, err
	}
	if len(f.segments) == maxSegments {
		return 0, &LimitError{What: "number of Segments", Limit: maxSegments}
	}
	s := &mkvSegment{ebmlElement: e}
	f.segments = append(f.segments, s)
	return s.children(f.src, &f.Layout, true, func(e ebmlElement) error {
		s.note(e)
		return f.child(s, e)
	})
}

// child reads a child of a Segment.
func (f *mkvFile) child(s *mkvSegment, e ebmlElement) error {
	switch e.id {
	case idSeekHead:
		return f.seekHead(s, e)
	case idInfo:
		return f.info(s, e)
	case idTags:
		return f.tags(s, e)
	}
	return nil
}

// children visits the children of the Segment, of a Cluster without size the
// children too, and returns where the Segment ends. With jumps it leaves out
// Clusters when a SeekHead knows of something behind them.
func (s *mkvSegment) children(src *Source, l *Layout, jumps bool, visit func(ebmlElement) error) (int64, error) {
	end := s.end()
	for pos := s.body(); pos < end; {
		e, err := s.child(src, pos, end)
		if err == nil && s.endsAt(e) {
			s.size = pos - s.body()
			return pos, nil
		}
		broken := err != nil
		if err = l.fail(pos, err); err == nil && e.header > 0 {
			err = l.fail(pos, visit(e))
		}
		from := pos
		pos = e.end()
		if err == nil && jumps && (broken || e.id == idCluster) {
			pos, err = s.jump(src, from, pos)
			err = l.fail(pos, err)
		}
		if err != nil {
			return end, err
		}
	}
	return end, nil
}

// endsAt reports whether e ends a Segment without size: it is what comes next in
// a file.
func (s *mkvSegment) endsAt(e ebmlElement) bool {
	return s.open && (e.id == idEBML || e.id == idSegment)
}

// child returns the child of the Segment at pos. What has no header takes all the
// rest; a Cluster without size ends where its children start.
func (s *mkvSegment) child(src *Source, pos, end int64) (ebmlElement, error) {
	e, err := ebmlAt(src, pos, end)
	switch {
	case err != nil:
		return ebmlElement{offset: end}, err
	case e.open && e.id == idCluster:
		e.size = 0
	case e.open && !s.endsAt(e):
		return e, &FormatError{Offset: pos, Err: fmt.Errorf("element %X of unknown size", e.id)}
	}
	err = e.past(end)
	return e, err
}

// jump returns the position of the first element behind from that a SeekHead knows
// of, or next.
func (s *mkvSegment) jump(src *Source, from, next int64) (int64, error) {
	for s.passed < len(s.targets) {
		t := s.targets[s.passed]
		s.passed++
		if t.pos <= from || t.pos >= s.end() || t.id == idCluster {
			continue
		}
		found, err := ebmlAt(src, t.pos, s.end())
		if err == nil && found.id == t.id {
			s.skipped = append(s.skipped, Range{from, t.pos - from})
			return t.pos, nil
		}
		if err != nil && !errors.As(err, new(*FormatError)) {
			return next, err
		}
	}
	return next, nil
}

// hides reports whether a jump left out what is at off.
func (s *mkvSegment) hides(off int64) bool {
	i := sort.Search(len(s.skipped), func(i int) bool { return s.skipped[i].Offset > off })
	return i > 0 && off-s.skipped[i-1].Offset < s.skipped[i-1].Length
}

// note remembers a child of the Segment for edits.
func (s *mkvSegment) note(e ebmlElement) {
	switch e.id {
	case idSeekHead, idCues:
		s.indexes = append(s.indexes, e)
	case idCRC:
		if e.offset == s.body() {
			first := e // the others stay off the heap
			s.crc = &first
		}
	case idVoid:
		if s.cluster == nil && len(s.voids) < maxFillers {
			s.voids = append(s.voids, e)
		}
	case idCluster:
		if s.cluster == nil {
			first := e
			s.cluster = &first
		}
	}
}

// seekHead reads where a SeekHead says that elements are.
func (f *mkvFile) seekHead(s *mkvSegment, e ebmlElement) error {
	data, err := f.src.Bytes(e.body(), e.size, "SeekHead element")
	if err != nil {
		return err
	}
	for seek, err := range ebmlElements(data, e.body()) {
		if err != nil {
			return err
		}
		if id, pos, ok := parseSeek(data[seek.body()-e.body() : seek.end()-e.body()]); ok && seek.id == idSeek && pos < s.size {
			s.targets = append(s.targets, mkvTarget{id, s.body() + pos})
		}
	}
	slices.SortFunc(s.targets[s.passed:], func(a, b mkvTarget) int { return cmp.Compare(a.pos, b.pos) })
	return nil
}

// parseSeek returns what the body of a Seek element says: which element is where,
// counted from the body of the Segment.
func parseSeek(data []byte) (id uint32, pos int64, ok bool) {
	pos = -1
	for e, err := range ebmlElements(data, 0) {
		if err != nil || e.size > 8 {
			return 0, 0, false
		}
		switch v := readUint(data[e.body():e.end()]); e.id {
		case idSeekID:
			id = uint32(v)
		case idSeekPosition:
			pos = int64(min(v, math.MaxInt64))
		}
	}
	return id, pos, id != 0 && pos >= 0
}

// info lists the texts of an Info element.
func (f *mkvFile) info(s *mkvSegment, info ebmlElement) error {
	data, err := f.src.Bytes(info.body(), info.size, "Info element")
	if err != nil {
		return err
	}
	for e, err := range ebmlElements(data, info.body()) {
		if err != nil {
			return err
		}
		name, v := "", mkvValue{segment: s, parent: info, body: e}
		switch e.id {
		case idTitle:
			name, v.item = "Title", e
		case idMuxingApp:
			name = "MuxingApp"
		case idWritingApp:
			name = "WritingApp"
		default:
			continue
		}
		if err := f.add(Slot{Kind: Text, Key: name, Place: "Matroska Info " + name}, v, data[e.body()-info.body():]); err != nil {
			return err
		}
	}
	return nil
}

// add lists the slot of a value with which data starts, and which may end with
// zeros.
func (f *mkvFile) add(slot Slot, v mkvValue, data []byte) error {
	slot.Value = bytes.TrimRight(data[:v.body.size:v.body.size], "\x00")
	slot.Ranges = []Range{{v.body.body(), int64(len(slot.Value))}}
	_, err := f.addSlot(slot)
	if err == nil {
		f.values = append(f.values, v)
	}
	return err
}

// tags lists the values of a Tags element.
func (f *mkvFile) tags(s *mkvSegment, tags ebmlElement) error {
	data, err := f.src.Bytes(tags.body(), tags.size, "Tags element")
	if err != nil {
		return err
	}
	s.tags = append(s.tags, mkvTags{ebmlElement: tags, late: s.cluster != nil})
	found := &s.tags[len(s.tags)-1]
	for e, err := range ebmlElements(data, tags.body()) {
		if err != nil {
			return err
		}
		if e.id != idTag {
			continue
		}
		t := mkvTag{f: f, segment: s, parent: tags, data: data, base: tags.body()}
		if t.whole = t.ofWholeFile(e); t.whole && found.whole == nil {
			found.whole = &e
		}
		if err := t.list(e, 0); err != nil {
			return err
		}
	}
	return nil
}

// A mkvTag lists the values of a Tag.
type mkvTag struct {
	f       *mkvFile
	segment *mkvSegment
	parent  ebmlElement // Tags
	data    []byte      // its body
	base    int64       // where that stands
	whole   bool        // the Tag speaks of the whole file
}

func (t *mkvTag) bytes(e ebmlElement) []byte { return t.data[e.body()-t.base : e.end()-t.base] }

// ofWholeFile reports whether a Tag names no track, chapter, edition or attachment,
// and no level below or above the file.
func (t *mkvTag) ofWholeFile(tag ebmlElement) bool {
	for targets, err := range ebmlElements(t.bytes(tag), tag.body()) {
		if err != nil || targets.id != idTargets {
			continue
		}
		for e, err := range ebmlElements(t.bytes(targets), targets.body()) {
			zero := bytes.Trim(t.bytes(e), "\x00") // as an identifier: all
			switch {
			case err != nil || e.id == idTargetType || e.id == idVoid || e.id == idCRC:
			case e.id == idTargetValue:
				if readUint(t.bytes(e)) != wholeFile {
					return false
				}
			case len(zero) > 0:
				return false
			}
		}
	}
	return true
}

// list lists the SimpleTags in e. Those in others say more about these.
func (t *mkvTag) list(e ebmlElement, depth int64) error {
	if depth > t.f.src.Depth {
		return &LimitError{What: "nesting of SimpleTags", Limit: t.f.src.Depth}
	}
	for simple, err := range ebmlElements(t.bytes(e), e.body()) {
		if err != nil {
			return err
		}
		if simple.id != idSimpleTag {
			continue
		}
		if err := t.simple(simple, depth > 0); err != nil {
			return err
		}
		if err := t.list(simple, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// simple lists a SimpleTag, unless it has no value.
func (t *mkvTag) simple(e ebmlElement, nested bool) error {
	v, name := mkvValue{segment: t.segment, parent: t.parent, item: e}, ""
	for part, err := range ebmlElements(t.bytes(e), e.body()) {
		switch {
		case err != nil:
			return err
		case part.id == idTagName:
			name = string(bytes.TrimRight(t.bytes(part), "\x00"))
		case part.id == idTagString || part.id == idTagBinary:
			v.body = part
		}
	}
	if v.body.header == 0 {
		return nil
	}
	slot := Slot{Kind: Text, Key: name, Place: "Matroska SimpleTag " + name}
	if nested {
		slot.Place = "Matroska nested SimpleTag " + name
	}
	if recordKey(name) {
		slot.Kind = Record
		slot.Guide = t.whole && !nested && name == "AIGC" && v.body.id == idTagString && t.f.vacant(Record)
	}
	return t.f.add(slot, v, t.bytes(v.body))
}
