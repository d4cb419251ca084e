package container

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// C2PA manifest stores in JPEG (C2PA 2.1, A.3.1): a JUMBF box in APP11 segments.
// Each has the identifier JP, the instance number of the box, a sequence number
// from 1 on, the header of the box, and a piece of what follows that (ISO/IEC
// 19566-5, D.2).

const (
	jpegBoxHeader = 8      // identifier, instance and sequence number
	jpegInstance  = 0x0211 // of a new store, as the reference implementation has it
)

// jumbfHeader returns the length of the header of the box that b starts with.
func jumbfHeader(b []byte) int {
	if bytes.HasPrefix(b, []byte{0, 0, 0, 1}) { // XLBox
		return 16
	}
	return 8
}

// startsStore reports whether b starts a C2PA manifest store: a superbox whose
// description has the type c2pa (C2PA 2.1, 11.1.4).
func startsStore(b []byte) bool {
	n := jumbfHeader(b)
	return len(b) >= n+12 && string(b[4:8]) == "jumb" && string(b[n+4:n+12]) == "jumdc2pa"
}

// errNoStore reports a value that a place for manifest stores cannot hold.
var errNoStore = fmt.Errorf("%w: not a C2PA manifest store", ErrNoPlace)

// store adds a segment of a C2PA manifest store.
func (f *jpegFile) store(s jpegSegment) error {
	h, err := f.src.Bytes(s.payload(), min(jpegBoxHeader+16+12, s.end-s.payload()), "JPEG APP11 C2PA")
	if err != nil || len(h) < jpegBoxHeader+8 {
		return err
	}
	s.instance = binary.BigEndian.Uint16(h[2:])
	box, data := h[jpegBoxHeader:], s.payload()+jpegBoxHeader
	i, ok := f.stores[s.instance]
	switch {
	case ok && i >= 0:
		if data += int64(jumbfHeader(box)); data < s.end {
			slot := &f.Slots[i]
			slot.Ranges = append(slot.Ranges, Range{data, s.end - data})
			slot.Frame = appendRange(slot.Frame, Range{s.offset, s.end - s.offset})
			f.segments[i] = append(f.segments[i], s)
		}
	case ok || !startsStore(box):
		f.stores[s.instance] = -1
	default:
		f.stores[s.instance] = len(f.Slots)
		f.add(Slot{Kind: C2PA, Place: "JPEG APP11 C2PA", Guide: f.vacant(C2PA),
			Ranges: []Range{{data, s.end - data}}, Frame: []Range{{s.offset, s.end - s.offset}}}, s)
	}
	return nil
}

// freeInstance returns an instance number that no box has. There must be one.
func (f *jpegFile) freeInstance() uint16 {
	n := uint16(jpegInstance)
	for {
		if _, taken := f.stores[n]; !taken {
			return n
		}
		n++
	}
}

// encodeStore returns the segments of a store.
func (s jpegSegment) encodeStore(store []byte) (splice.Content, error) {
	if !startsStore(store) {
		return nil, errNoStore
	}
	var b []byte
	header := store[:jumbfHeader(store)]
	room := maxJPEGPayload - jpegBoxHeader - len(header)
	for n, rest := uint32(1), store[len(header):]; len(rest) > 0; n++ {
		piece := rest[:min(len(rest), room)]
		start := binary.BigEndian.AppendUint16([]byte(jpegJUMBF), s.instance)
		b = appendJPEGSegment(b, s.marker, binary.BigEndian.AppendUint32(start, n), header, piece)
		rest = rest[len(piece):]
	}
	return bytes.NewReader(b), nil
}
