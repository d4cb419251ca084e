package container

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmp"
)

// JPEG, ISO/IEC 10918-1 Annex B: marker segments up to the first scan. The walk
// ends there; what other software puts between scans, or into further images of
// the file, is not found.

const (
	jpegXMP      = "http://ns.adobe.com/xap/1.0/\x00"       // XMP part 3, 1.1.3
	jpegExtended = "http://ns.adobe.com/xmp/extension/\x00" // XMP part 3, 1.1.3.1
	jpegEXIF     = "Exif\x00\x00"                           // CIPA DC-008, 4.7.2
	jpegMPF      = "MPF\x00"                                // CIPA DC-007, 5.1
	jpegJUMBF    = "JP"                                     // ISO/IEC 19566-5, D.2

	maxJPEGPayload = 0xFFFF - 2
)

// The markers that the walk knows.
const (
	markerTEM   = 0x01
	markerRST0  = 0xD0
	markerRST7  = 0xD7
	markerSOI   = 0xD8
	markerEOI   = 0xD9
	markerSOS   = 0xDA
	markerAPP0  = 0xE0
	markerAPP1  = 0xE1
	markerAPP2  = 0xE2
	markerAPP11 = 0xEB
	markerAPP14 = 0xEE
	markerAPP15 = 0xEF
	markerCOM   = 0xFE
)

type jpegFile struct {
	Layout
	src      *Source
	segments [][]jpegSegment // of Slots, by index
	extended map[string]int  // the slots of extended XMP, by GUID
	stores   map[uint16]int  // the slots of C2PA stores, by box instance; -1 for other boxes
	mpf      *jpegIndex
	scan     int64 // of the first SOS

	insert     struct{ exif, xmp int64 } // where new segments go
	contiguous bool                      // only JFIF and Exif segments so far
}

type jpegSegment struct {
	offset int64 // of the marker, after fill bytes
	end    int64
	marker byte
	prefix []byte // of the payload, before the value
	suffix []byte // after it
	order  uint32 // of a piece of extended XMP: its offset there
	piece  []byte

	instance uint16 // of a C2PA store: of its box
}

// payload returns where the bytes after the length begin.
func (s jpegSegment) payload() int64 { return s.offset + 4 }

// JPEG walks a JPEG file. A file that ends in its scan is damaged; one with
// other data after its end of image, such as a motion photo, cannot be told
// from that for certain without reading the scan, and gets the benefit of the
// doubt when the file announces such data.
func JPEG(src *Source) (File, error) {
	f := &jpegFile{src: src, extended: map[string]int{}, stores: map[uint16]int{}, contiguous: true}
	err := f.fail(src.Size(), f.walk())
	f.assemble()
	if err == nil && f.scan > 0 {
		err = f.fail(src.Size(), f.tail())
	}
	return f, err
}

func (f *jpegFile) walk() error {
	h, err := f.src.Peek(0, 3)
	if err != nil {
		return err
	}
	if string(h) != "\xFF\xD8\xFF" {
		return &FormatError{Offset: 0, Err: errors.New("no JPEG signature")}
	}
	f.insert.exif, f.insert.xmp = 2, 2
	for pos := int64(2); ; {
		s, err := f.segment(pos)
		if err != nil {
			return err
		}
		switch {
		case s.marker == markerSOS:
			f.scan = s.offset
			return nil
		case s.marker == markerEOI:
			return nil // tables without an image: B.5
		}
		if err := f.fail(s.offset, f.slot(s)); err != nil {
			return err
		}
		pos = s.end
	}
}

// marker finds the marker at pos, after any fill bytes (B.1.1.2).
func (f *jpegFile) marker(pos int64) (jpegSegment, error) {
	for {
		if err := f.src.Element(); err != nil {
			return jpegSegment{}, err
		}
		h, err := f.src.Peek(pos, int(max(2, min(16, f.src.Size()-pos))))
		if err != nil {
			return jpegSegment{}, err
		}
		n := 0
		for n < len(h) && h[n] == 0xFF {
			n++
		}
		switch {
		case n == 0 || n < len(h) && (h[n] == 0 || h[n] == markerSOI):
			return jpegSegment{}, &FormatError{Offset: pos, Err: errors.New("no marker")}
		case n < len(h):
			pos += int64(n) - 1
			return jpegSegment{offset: pos, end: pos + 2, marker: h[n]}, nil
		}
		pos += int64(n) - 1
	}
}

// segment reads the marker at pos, and the length if it has one.
func (f *jpegFile) segment(pos int64) (jpegSegment, error) {
	s, err := f.marker(pos)
	if err != nil || s.marker == markerTEM || s.marker == markerEOI || s.marker >= markerRST0 && s.marker <= markerRST7 {
		return s, err
	}
	h, err := f.src.Peek(s.end, 2)
	if err != nil {
		return s, err
	}
	n := int64(binary.BigEndian.Uint16(h))
	switch {
	case n < 2:
		return s, &FormatError{Offset: s.offset, Err: fmt.Errorf("segment of length %d", n)}
	case n > f.src.Size()-s.end:
		return s, &FormatError{Offset: s.offset, Err: fmt.Errorf("segment %#x: %w", s.marker, errTruncated)}
	}
	s.end += n
	return s, nil
}

// slot adds the slot of a segment that has one.
func (f *jpegFile) slot(s jpegSegment) error {
	isApp := s.marker >= markerAPP0 && s.marker <= markerAPP15
	if !isApp && s.marker != markerCOM {
		f.contiguous = false
		return nil
	}
	h, err := f.src.Peek(s.payload(), int(min(peekSize, s.end-s.payload())))
	if err != nil {
		return err
	}
	head := string(h)
	f.place(s, head)
	switch {
	case s.marker == markerAPP1 && strings.HasPrefix(head, jpegXMP):
		return f.value(s, Slot{Kind: XMP, Place: "JPEG APP1 XMP"}, len(jpegXMP), 0)
	case s.marker == markerAPP1 && strings.HasPrefix(head, jpegExtended):
		return f.extension(s)
	case s.marker == markerAPP1 && strings.HasPrefix(head, jpegEXIF):
		return f.value(s, Slot{Kind: EXIF, Place: "JPEG APP1 Exif"}, len(jpegEXIF), 0)
	case s.marker == markerAPP2 && strings.HasPrefix(head, jpegMPF):
		return f.index(s)
	case s.marker == markerAPP11 && strings.HasPrefix(head, jpegJUMBF):
		return f.store(s)
	case bareRecord(head):
		return f.record(s)
	case s.marker == markerCOM:
		return f.value(s, Slot{Kind: Text, Key: "Comment", Place: "JPEG COM"}, 0, 0)
	}
	return nil
}

// place moves the places for new segments: Exif follows JFIF, XMP follows both.
func (f *jpegFile) place(s jpegSegment, head string) {
	isEXIF := s.marker == markerAPP1 && strings.HasPrefix(head, jpegEXIF)
	f.contiguous = f.contiguous && (isEXIF || s.marker == markerAPP0 && !bareRecord(head))
	if !f.contiguous {
		return
	}
	f.insert.xmp = s.end
	if !isEXIF {
		f.insert.exif = s.end
	}
}

// value reads the segment's value, which lies between a prefix and a suffix.
func (f *jpegFile) value(s jpegSegment, slot Slot, prefix, suffix int) error {
	slot.Guide = slot.Kind != Text && slot.Kind != Record && f.vacant(slot.Kind)
	b, err := f.src.Bytes(s.payload(), s.end-s.payload(), slot.Place)
	if err != nil {
		return err
	}
	end := len(b) - suffix
	slot.Value, s.prefix, s.suffix = b[prefix:end:end], b[:prefix:prefix], b[end:]
	slot.Ranges = []Range{{s.payload() + int64(prefix), int64(end - prefix)}}
	f.add(slot, s)
	return nil
}

func (f *jpegFile) add(slot Slot, s jpegSegment) {
	f.Slots = append(f.Slots, slot)
	f.segments = append(f.segments, []jpegSegment{s})
}

// bareRecord reports whether a payload is an AIGC record without any framing,
// which some writers put into an application segment.
func bareRecord(head string) bool {
	head = head[:min(len(head), 16)]
	return strings.Contains(head, "AIGC{") || strings.Contains(head, `AIGC":`)
}

func (f *jpegFile) record(s jpegSegment) error {
	place := "JPEG COM AIGC"
	if s.marker != markerCOM {
		place = fmt.Sprintf("JPEG APP%d AIGC", s.marker-markerAPP0)
	}
	b, err := f.src.Bytes(s.payload(), s.end-s.payload(), place)
	if err != nil {
		return err
	}
	prefix, text := max(bytes.IndexByte(b, '{'), 0), bytes.TrimRight(b, "\x00 \r\n")
	return f.value(s, Slot{Kind: Record, Key: "AIGC", Place: place}, min(prefix, len(text)), len(b)-len(text))
}

// extension adds a piece of extended XMP: GUID, full length, offset, data.
func (f *jpegFile) extension(s jpegSegment) error {
	const place = "JPEG APP1 extended XMP"
	b, err := f.src.Bytes(s.payload(), s.end-s.payload(), place)
	if err != nil {
		return err
	}
	b = b[len(jpegExtended):]
	if len(b) < 40 {
		f.damage(s.offset, "malformed extended XMP")
		return nil
	}
	guid := string(b[:32])
	s.order, s.piece = binary.BigEndian.Uint32(b[36:]), b[40:]
	if i, ok := f.extended[guid]; ok {
		f.segments[i] = append(f.segments[i], s)
		return nil
	}
	f.extended[guid] = len(f.Slots)
	f.add(Slot{Kind: XMP, Key: guid, Place: place}, s)
	return nil
}

// assemble puts the pieces of extended XMP together, up to the first gap.
func (f *jpegFile) assemble() {
	for _, i := range f.extended {
		slot, pieces := &f.Slots[i], f.segments[i]
		slices.SortStableFunc(pieces, func(a, b jpegSegment) int { return cmp.Compare(a.order, b.order) })
		for _, s := range pieces {
			if int64(s.order) != int64(len(slot.Value)) {
				break
			}
			slot.Value = append(slot.Value, s.piece...)
			slot.Ranges = append(slot.Ranges, Range{s.end - int64(len(s.piece)), int64(len(s.piece))})
		}
	}
}

// Plan implements [File]. New XMP goes after the JFIF and Exif segments, where
// readers expect it; nothing needs to stand before it but these. A C2PA store
// follows. A value too large for a segment is a [*LimitError], for XMP after its
// padding is dropped. Extended XMP is never changed.
func (f *jpegFile) Plan(changes []Change) (*splice.Plan, error) {
	edits, err := f.additions(changes)
	if err != nil {
		return nil, err
	}
	for i := range f.Slots {
		slot := &f.Slots[i]
		change, ok := changed(changes, slot)
		if !ok {
			continue
		}
		e, err := f.edit(slot, f.segments[i], change.Value)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e...)
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), f.mpf.follow(edits))
}

// additions returns the edits that add segments: before any that delete at the
// same position, Exif first.
func (f *jpegFile) additions(changes []Change) (edits []splice.Edit, err error) {
	for _, kind := range []Kind{EXIF, XMP, Record, C2PA, Text} {
		for _, c := range changes {
			if c.Slot != nil || c.Kind != kind {
				continue
			}
			s := jpegSegment{marker: markerAPP1, prefix: []byte(jpegEXIF)}
			at := f.insert.exif
			switch kind {
			case EXIF:
			case XMP:
				s.prefix, at = []byte(jpegXMP), f.insert.xmp
			case C2PA:
				if len(f.stores) > math.MaxUint16 { // all numbers are taken
					return nil, ErrNoPlace
				}
				s, at = jpegSegment{marker: markerAPP11, instance: f.freeInstance()}, f.insert.xmp
			default:
				return nil, ErrNoPlace
			}
			insert, err := s.encode(kind, c.Value)
			if err != nil {
				return nil, err
			}
			edits = append(edits, splice.Edit{Offset: at, Insert: insert})
		}
	}
	return edits, nil
}

// edit replaces or removes a slot.
func (f *jpegFile) edit(slot *Slot, segments []jpegSegment, value []byte) ([]splice.Edit, error) {
	if segments[0].piece != nil {
		return nil, fmt.Errorf("%s: %w", slot.Place, ErrNoPlace)
	}
	var edits []splice.Edit
	for _, s := range segments {
		edits = append(edits, splice.Edit{Offset: s.offset, Delete: s.end - s.offset})
	}
	if value == nil {
		return edits, nil
	}
	var err error
	edits[0].Insert, err = segments[0].encode(slot.Kind, value)
	return edits, err
}

// encode returns a whole segment with another value, or those of a C2PA store.
func (s jpegSegment) encode(kind Kind, value []byte) (splice.Content, error) {
	if kind == C2PA {
		return s.encodeStore(value)
	}
	room := maxJPEGPayload - len(s.prefix) - len(s.suffix)
	if kind == XMP && len(value) > room {
		value = xmp.Compact(value)
	}
	if len(value) > room {
		return nil, fmt.Errorf("%w; save the picture without its editing history or previews, or as PNG or WebP",
			&LimitError{What: "value in a JPEG segment", Limit: int64(room)})
	}
	return bytes.NewReader(appendJPEGSegment(nil, s.marker, s.prefix, value, s.suffix)), nil
}

// appendJPEGSegment appends a segment whose payload is parts.
func appendJPEGSegment(b []byte, marker byte, parts ...[]byte) []byte {
	payload := slices.Concat(parts...)
	b = binary.BigEndian.AppendUint16(append(b, 0xFF, marker), uint16(len(payload)+2))
	return append(b, payload...)
}
