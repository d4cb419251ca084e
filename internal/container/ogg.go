package container

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Ogg (RFC 3533): pages, each of one logical stream, that hold the packets of
// that stream in segments. Streams are multiplexed, and files are chained: the
// next link starts where all streams of the last one have ended. In most codecs
// the second packet of a stream is a comment header with Vorbis comments.
//
// A new record goes to the first stream of the first link that has a comment
// header; those of the others are listed. A stream that ends without its end
// mark is no damage: recorders leave it out. Links that take the serial number
// of an earlier one, which is not allowed, are not seen, and are kept. The index
// of a Skeleton stream holds positions that an edit moves; it states the length
// of the file too, so that players see that it is out of date.

const oggMaxStreams = 256 // in a link

// An oggCodec is a codec whose streams have a slot in one of their packets.
type oggCodec struct {
	name   string
	id     string // at the start of the first packet
	header string // at the start of the packet with the slot
	skip   int64  // bytes behind that
	packet int    // which packet that is
}

var oggCodecs = []oggCodec{
	{name: "Vorbis", id: "\x01vorbis", header: "\x03vorbis", packet: 1},
	{name: "Opus", id: "OpusHead", header: "OpusTags", packet: 1},
	{name: "Speex", id: "Speex   ", packet: 1},
	{name: "Theora", id: "\x80theora", header: "\x81theora", packet: 1},
	{name: "VP8", id: "OVP80\x01", header: "OVP80\x02 ", packet: 1},
	{name: oggFLAC, id: "\x7fFLAC", skip: flacHeaderSize, packet: 1},
	{name: oggC2PA, id: "\x00c2pa", header: "\x00c2pa"},
}

const (
	oggFLAC = "FLAC" // its packets are metadata blocks
	oggC2PA = "C2PA"
)

type oggFile struct {
	Layout
	src     *Source
	streams []*oggStream          // with a codec that we know, of all links
	current map[uint32]*oggStream // of the link that is walked, by serial number
	pending int                   // streams that have not shown their slots
}

// An oggStream is a logical stream up to the packet that has its slots.
type oggStream struct {
	codec    *oggCodec
	serial   uint32
	start    int64  // of the first page
	next     uint32 // sequence number
	index    int    // of the packet that is next, or open
	open     bool   // the last page ended inside a packet
	done     bool
	packet   fragments
	pages    []Range // that hold it
	lead     int     // segments before it in the first of them
	segments int     // that hold it
	comments *commentList
}

// OggCodec returns the name of the codec of an Ogg file: "Vorbis", "Opus",
// "Speex", "FLAC"; that of the pictures if it has pictures: "Theora", "VP8"; else
// "". It is false for any other file.
func OggCodec(src *Source) (codec string, ok bool, err error) {
	f := &oggFile{src: src}
	for pos, n := int64(0), 0; n < oggMaxStreams; n++ {
		p, isPage, err := f.page(pos)
		if err != nil {
			return "", false, err
		}
		if !isPage || p.flags&oggFirst == 0 {
			return codec, n > 0 || isPage, nil
		}
		c, err := f.identify(p)
		if err != nil {
			return "", false, err
		}
		if c != nil && c.name != oggC2PA && (codec == "" || c.name == "Theora" || c.name == "VP8") {
			codec = c.name
		}
		pos = p.end()
	}
	return codec, true, nil
}

// Ogg walks an Ogg file: the pages with the headers, the last page, and where
// that shows that the file is chained, the headers of all pages.
func Ogg(src *Source) (File, error) {
	f := &oggFile{src: src, current: map[uint32]*oggStream{}}
	return f, f.fail(src.Size(), f.walk())
}

func (f *oggFile) walk() error {
	last, found, err := f.lastPage()
	if err != nil {
		return err
	}
	heads := true // of streams, at the start of a link
	for pos := int64(0); pos < f.src.Size(); {
		if !heads && f.pending == 0 && (!found || f.current[last] != nil) {
			return nil
		}
		if err := f.src.Element(); err != nil {
			return err
		}
		p, ok, err := f.page(pos)
		if err != nil {
			return err
		}
		if !ok {
			f.damage(pos, "no Ogg page")
			break
		}
		if first := p.flags&oggFirst != 0; first != heads {
			if heads = first; first {
				clear(f.current)
			}
		}
		if err := f.fail(pos, f.visit(p)); err != nil {
			return err
		}
		pos = p.end()
	}
	return f.unfinished()
}

// unfinished lists what the file has of packets that it ends in.
func (f *oggFile) unfinished() error {
	for _, s := range f.streams {
		if s.done {
			continue
		}
		f.damage(f.src.Size(), "Ogg %s header: %w", s.codec.name, errTruncated)
		if err := f.fail(f.src.Size(), f.list(s)); err != nil {
			return err
		}
	}
	return nil
}

// page returns the page at pos, false if there is none.
func (f *oggFile) page(pos int64) (oggPage, bool, error) {
	if pos > f.src.Size() {
		return oggPage{}, false, nil
	}
	b, err := f.read(pos, min(oggMaxHeader, f.src.Size()-pos))
	p, ok := parseOggPage(pos, b)
	return p, ok, err
}

// read returns n bytes at off, which must lie in the file.
func (f *oggFile) read(off, n int64) ([]byte, error) {
	b, ok, err := f.src.window(off, n)
	if ok || err != nil {
		return b, err
	}
	b = make([]byte, n)
	return b, f.src.readAt(b, off)
}

// identify returns the codec of the stream that begins with p, nil if it is not
// known.
func (f *oggFile) identify(p oggPage) (*oggCodec, error) {
	b, err := f.src.Peek(p.body(), int(max(min(8, p.end()-p.body(), f.src.Size()-p.body()), 0)))
	for i := range oggCodecs {
		if bytes.HasPrefix(b, []byte(oggCodecs[i].id)) {
			return &oggCodecs[i], err
		}
	}
	return nil, err
}

func (f *oggFile) visit(p oggPage) error {
	if p.Length > f.src.Size()-p.Offset {
		f.damage(p.Offset, "Ogg page: %w", errTruncated)
	}
	s := f.current[p.serial]
	if p.flags&oggFirst != 0 {
		var err error
		if s, err = f.begin(p); err != nil {
			return err
		}
	}
	if s == nil || s.done {
		return nil
	}
	if err := f.check(p); err != nil {
		return err
	}
	if err := f.fail(p.Offset, s.collect(p, f.src.Size())); err != nil || !s.done {
		return err
	}
	f.pending--
	return f.list(s)
}

// begin opens the stream that begins with p.
func (f *oggFile) begin(p oggPage) (*oggStream, error) {
	if len(f.current) == oggMaxStreams {
		return nil, &LimitError{What: "number of Ogg streams", Limit: oggMaxStreams}
	}
	codec, err := f.identify(p)
	if err != nil {
		return nil, err
	}
	s := &oggStream{codec: codec, serial: p.serial, start: p.Offset, next: p.sequence, done: codec == nil}
	f.current[p.serial] = s
	if codec != nil {
		f.pending++
		f.streams = append(f.streams, s)
	}
	return s, nil
}

// check compares the checksum of a page, if it lies in the head of the file. The
// others are checked when they are edited.
func (f *oggFile) check(p oggPage) error {
	b, ok, err := f.src.window(p.Offset, min(p.Length, f.src.Size()-p.Offset))
	if ok && int64(len(b)) == p.Length && oggChecksum(b) != p.checksum {
		f.damage(p.Offset, "%w", errOggChecksum)
	}
	return err
}

var errOggChecksum = errors.New("wrong checksum of an Ogg page")

// collect takes the packet with the slots from p, as much of it as there is
// before end. Where the stream is broken it ends.
func (s *oggStream) collect(p oggPage, end int64) error {
	s.done = true
	if p.sequence != s.next {
		return &FormatError{Offset: p.Offset, Err: fmt.Errorf("Ogg page %d of a stream where %d is next", p.sequence, s.next)}
	}
	s.next++
	if len(p.lacing) > 0 && s.open != (p.flags&oggContinued != 0) {
		return &FormatError{Offset: p.Offset, Err: errors.New("Ogg packet without its end")}
	}
	if s.index == s.codec.packet && s.open {
		s.pages = append(s.pages, p.Range)
	}
	pos := p.body()
	for i, size := range p.lacing {
		if s.index == s.codec.packet {
			if !s.open {
				s.lead, s.pages = i, append(s.pages, p.Range)
			}
			s.segments++
			if n := min(int64(size), end-pos); n > 0 {
				s.packet = s.packet.extend(pos, n)
			}
		}
		pos += int64(size)
		if s.open = size == oggMaxLacing; s.open {
			continue
		}
		if s.index++; s.index > s.codec.packet {
			return nil
		}
	}
	s.done = false
	return nil
}

// list lists the slots of a stream.
func (f *oggFile) list(s *oggStream) error {
	start := int64(len(s.codec.header))
	missing := &FormatError{Offset: s.start, Err: fmt.Errorf("no Ogg %s comment header", s.codec.name)}
	if len(s.packet) == 0 {
		return missing
	}
	b, err := s.packet.peek(f.src, 0, min(start, s.packet.size()))
	if err != nil {
		return err
	}
	if string(b) != s.codec.header {
		return missing
	}
	if s.codec.name == oggC2PA {
		_, err := f.addSlot(Slot{Kind: C2PA, Place: "Ogg C2PA stream", Ranges: s.packet.part(start, s.packet.size()-start), Frame: s.pages})
		return err
	}
	s.comments, err = f.readComments(f.src, s.packet, start+s.codec.skip, "Ogg "+s.codec.name+" comment", s == f.first())
	return err
}

// first returns the stream for a new record, nil if there is none.
func (f *oggFile) first() *oggStream {
	for _, s := range f.streams {
		if s.codec.name != oggC2PA {
			return s
		}
	}
	return nil
}

// lastPage returns the serial number of the last page, false if no page is near
// the end. A page that is not whole is damage; anything else may follow.
func (f *oggFile) lastPage() (serial uint32, ok bool, err error) {
	var b []byte
	tries := 16
	for end := f.src.Size(); end > 0 && len(b) < 2*oggMaxPage; {
		start := max(end-8<<10, 0)
		block, err := f.read(start, end-start)
		if err != nil {
			return 0, false, err
		}
		b = slices.Concat(block, b)
		for i := len(block) + len(oggMagic) - 1; i > 0 && tries > 0; {
			i = bytes.LastIndex(b[:min(i, len(b))], []byte(oggMagic))
			p, ok := parseOggPage(start+int64(i), b[max(i, 0):])
			if i < 0 || !ok || p.Length > int64(len(b)-i) {
				continue
			}
			tries--
			if rest := b[i+int(p.Length):]; oggChecksum(b[i:][:p.Length]) == p.checksum {
				if n := min(len(rest), len(oggMagic)); n > 0 && string(rest[:n]) == oggMagic[:n] {
					f.damage(p.end(), "Ogg page: %w", errTruncated)
				}
				return p.serial, true, nil
			}
		}
		end = start
	}
	f.damage(f.src.Size(), "no whole Ogg page at the end")
	return 0, false, nil
}

// Plan implements [File]. Where a comment header needs more pages, those that
// follow in its stream get other numbers and checksums, and keep all else. A
// C2PA store in a stream of its own is not edited.
func (f *oggFile) Plan(changes []Change) (*splice.Plan, error) {
	var additions []Change
	for _, c := range changes {
		switch {
		case c.Slot != nil && c.Slot.Kind == C2PA:
			return nil, ErrNoPlace
		case c.Slot != nil || c.Value == nil:
		case c.Kind != Record || f.first() == nil:
			return nil, ErrNoPlace
		default:
			additions = append(additions, c)
		}
	}
	var edits []splice.Edit
	var shifts []oggShift
	for _, s := range f.streams {
		if s.comments == nil {
			continue
		}
		e, pages, err := s.plan(f.src, &f.Layout, changes, additions)
		if err != nil {
			return nil, err
		}
		additions = nil
		edits = append(edits, e...)
		if pages != 0 {
			last := s.pages[len(s.pages)-1]
			shifts = append(shifts, oggShift{serial: s.serial, from: last.Offset + last.Length, pages: uint32(pages)})
		}
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits, renumber(f.src, edits, shifts)...)
}
