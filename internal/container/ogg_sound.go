package container

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// An oggSound is an Ogg file of one Opus stream (RFC 7845).
type oggSound struct {
	src     *Source
	head    []byte    // OpusHead
	serial  uint32    //
	headers int64     // where they end, and the sound begins
	pages   []oggPage // with sound, without their segments
	counts  []int64   // the samples of the packets that end in each
}

// InsertOpus returns the edits that put the packets of other files before the first and
// behind the last packet of an Opus file; nil stands for none. All packets stay as they
// are: pages that follow get other numbers, times and checksums. The others must have
// the same channels; the error is [ErrCoding] where packets cannot stand side by side.
//
// A decoder starts with the programme in the state that the silence before it has left,
// not afresh: for some 80 ms its output may differ by a little.
func InsertOpus(src, front, back *Source) (*splice.Plan, error) {
	s, err := openOpus(src)
	if err != nil {
		return nil, err
	}
	number, granule := s.pages[0].sequence, max(int64(s.pages[0].granule)-s.counts[0], 0)
	length := granule
	for _, n := range s.counts {
		length += n
	}
	var edits []splice.Edit
	var shifts []oggShift
	if front != nil {
		pages, packets, err := s.adopt(front, number, granule, false)
		if err != nil {
			return nil, err
		}
		edits = append(edits, splice.Edit{Offset: s.headers, Insert: bytes.NewReader(bytes.Join(pages, nil))})
		shifts = append(shifts, oggShift{serial: s.serial, from: s.headers, pages: uint32(len(pages)), granule: packets})
		number, length = number+uint32(len(pages)), length+int64(packets)
	}
	if back != nil {
		last := s.pages[len(s.pages)-1]
		pages, _, err := s.adopt(back, number+uint32(len(s.pages)), length, true)
		if err != nil {
			return nil, err
		}
		end, err := s.unended(last, number+uint32(len(s.pages))-1, length)
		if err != nil {
			return nil, err
		}
		edits = append(edits, splice.Edit{Offset: last.Offset, Delete: last.Length, Insert: bytes.NewReader(slices.Concat(end, bytes.Join(pages, nil)))})
	}
	return splice.New(src.ReaderAt(), src.Size(), edits, renumber(src, edits, shifts)...)
}

// openOpus reads the headers of all pages.
func openOpus(src *Source) (*oggSound, error) {
	s := &oggSound{src: src}
	f := &oggFile{src: src}
	packets := 0
	var open openPacket
	for pos := int64(0); pos < src.Size(); {
		if err := src.Element(); err != nil {
			return nil, err
		}
		p, ok, err := f.page(pos)
		if err != nil {
			return nil, err
		}
		if !ok || p.Length > src.Size()-pos {
			return nil, &FormatError{Offset: pos, Err: errors.New("no whole Ogg page")}
		}
		if (p.flags&oggFirst != 0) != (pos == 0) || pos > 0 && p.serial != s.serial {
			return nil, fmt.Errorf("%w: several streams", ErrCoding)
		}
		s.serial = p.serial
		switch {
		case pos == 0:
			if s.head, err = src.Bytes(p.body(), p.Length-(p.body()-pos), "OpusHead"); err != nil {
				return nil, err
			}
			if !bytes.HasPrefix(s.head, []byte("OpusHead")) || len(s.head) < 19 {
				return nil, fmt.Errorf("%w: no Opus", ErrCoding)
			}
			s.head = slices.Clone(s.head)
		case packets < 1:
			packets += len(p.lacing) - bytes.Count(p.lacing, []byte{oggMaxLacing})
			s.headers = p.end()
		default:
			n, err := s.count(p, &open)
			if err != nil {
				return nil, err
			}
			p.lacing = nil // memory does not grow with it
			s.pages, s.counts = append(s.pages, p), append(s.counts, n)
		}
		pos = p.end()
	}
	if len(s.pages) == 0 || open.size > 0 || s.pages[0].flags&oggContinued != 0 {
		return nil, fmt.Errorf("%w: no whole packets of Opus", ErrCoding)
	}
	return s, nil
}

// An openPacket is what earlier pages have of a packet.
type openPacket struct {
	size    int
	samples int64
}

// count returns how many samples the packets that end in a page have.
func (s *oggSound) count(p oggPage, open *openPacket) (samples int64, err error) {
	b, err := s.src.Bytes(p.body(), p.end()-p.body(), "Ogg page")
	if err != nil {
		return 0, err
	}
	for _, size := range p.lacing {
		if open.size == 0 {
			open.samples = opusSamples(b) // its first two bytes say that
		}
		open.size, b = open.size+int(size), b[size:]
		if size < oggMaxLacing {
			samples += open.samples
			*open = openPacket{}
		}
	}
	return samples, nil
}

// opusSamples returns how many samples of 48 kHz a packet has (RFC 6716, clause 3).
func opusSamples(b []byte) int64 {
	if len(b) == 0 {
		return 0
	}
	size := int64(0) // of a frame
	switch config := b[0] >> 3; {
	case config < 12:
		size = []int64{480, 960, 1920, 2880}[config%4]
	case config < 16:
		size = []int64{480, 960}[config%2]
	default:
		size = 120 << (config % 4)
	}
	switch b[0] & 3 {
	case 0:
		return size
	case 1, 2:
		return 2 * size
	}
	if len(b) < 2 {
		return 0
	}
	return size * int64(b[1]&63)
}

// adopt returns the pages with the sound of another file as pages of this stream, from a
// number and a time on, and how many samples their packets have. Only the last ones of a
// stream may end before their last packet does.
func (s *oggSound) adopt(src *Source, number uint32, granule int64, last bool) (pages [][]byte, samples uint64, err error) {
	o, err := openOpus(src)
	if err != nil {
		return nil, 0, err
	}
	if o.head[9] != s.head[9] || !bytes.Equal(o.head[18:], s.head[18:]) || [4]byte{s.head[16], s.head[17], o.head[16], o.head[17]} != [4]byte{} {
		return nil, 0, fmt.Errorf("%w: other channels, or a gain", ErrCoding)
	}
	for i, p := range o.pages {
		samples += uint64(o.counts[i])
		time := uint64(granule) + samples
		switch {
		case p.granule == oggNoTime:
			time = oggNoTime
		case last && i == len(o.pages)-1:
			time = uint64(granule) + min(samples, p.granule)
		}
		if !last || i < len(o.pages)-1 {
			p.flags &^= oggLast
		}
		p.serial, p.sequence, p.granule = s.serial, number+uint32(i), time
		page, err := p.reencoded(src)
		if err != nil {
			return nil, 0, err
		}
		pages = append(pages, page)
	}
	return pages, samples, nil
}

// unended returns the last page, with another number, as one that others follow, at the
// time at which its packets end.
func (s *oggSound) unended(p oggPage, number uint32, end int64) ([]byte, error) {
	p.flags &^= oggLast
	p.sequence, p.granule = number, uint64(end)
	return p.reencoded(s.src)
}

// reencoded returns the page of src with another header.
func (p oggPage) reencoded(src *Source) ([]byte, error) {
	b, err := src.Bytes(p.Offset, p.Length, "Ogg page")
	if err != nil {
		return nil, err
	}
	old, _ := parseOggPage(p.Offset, b)
	p.lacing = old.lacing
	page, _ := p.encode(b[old.body()-p.Offset:])
	return page, nil
}

// OggWithComments returns the edits of an Ogg file that give it the comment header of
// another one of the same codec, byte for byte. Each has one stream.
func OggWithComments(src, comments *Source) (*splice.Plan, error) {
	s, err := oggComments(src)
	if err != nil {
		return nil, err
	}
	o, err := oggComments(comments)
	if err != nil {
		return nil, err
	}
	if s.codec != o.codec {
		return nil, fmt.Errorf("%w: comments of another codec", ErrCoding)
	}
	packet, err := o.header(comments)
	if err != nil {
		return nil, err
	}
	old, lacing, body, err := s.read(src)
	if err != nil {
		return nil, err
	}
	edits, pages := s.put(old, lacing, body, packet)
	var shifts []oggShift
	if pages != 0 {
		last := s.pages[len(s.pages)-1]
		shifts = append(shifts, oggShift{serial: s.serial, from: last.Offset + last.Length, pages: uint32(pages)})
	}
	return splice.New(src.ReaderAt(), src.Size(), edits, renumber(src, edits, shifts)...)
}

// oggComments returns the first stream with comments.
func oggComments(src *Source) (*oggStream, error) {
	file, err := Ogg(src)
	if err = cmp.Or(err, file.Summary().Damage); err != nil {
		return nil, err
	}
	f := file.(*oggFile)
	s := f.first()
	if s == nil || s.comments == nil || len(f.streams) > 1 {
		return nil, fmt.Errorf("%w: several streams, or one without comments", ErrCoding)
	}
	return s, nil
}

// header returns the packet with the comments.
func (s *oggStream) header(src *Source) ([]byte, error) {
	_, lacing, body, err := s.read(src)
	if err != nil {
		return nil, err
	}
	return body[s.offset(lacing):][:s.packet.size()], nil
}
