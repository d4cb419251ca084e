package c2pa

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/aigclabel/aigclabel/internal/container"
)

// The boxes of formats, for c2pa.hash.boxes (C2PA 2.4, 18.7.3). A scan ends, without
// an error, before what is no box.

// peek returns n bytes at off, nil past the end of the file.
func (w *window) peek(off, n int64) ([]byte, error) {
	if n > w.size-off {
		return nil, nil
	}
	return w.read(container.Range{Offset: off, Length: n}, n)
}

// jpegMarkers are the names of markers from SOF0 on (ISO/IEC 10918-1, table B.1).
var jpegMarkers = [...]string{
	"SOF0", "SOF1", "SOF2", "SOF3", "DHT", "SOF5", "SOF6", "SOF7", "JPG", "SOF9", "SOF10", "SOF11", "DAC", "SOF13", "SOF14", "SOF15",
	"RST0", "RST1", "RST2", "RST3", "RST4", "RST5", "RST6", "RST7", "SOI", "EOI", "SOS", "DQT", "DNL", "DRI", "DHP", "EXP",
	"APP0", "APP1", "APP2", "APP3", "APP4", "APP5", "APP6", "APP7", "APP8", "APP9", "APP10", "APP11", "APP12", "APP13", "APP14", "APP15",
	"JPG0", "JPG1", "JPG2", "JPG3", "JPG4", "JPG5", "JPG6", "JPG7", "JPG8", "JPG9", "JPG10", "JPG11", "JPG12", "JPG13", "COM",
}

// jpegBoxes yields the segments of JPEG; those of scans and restarts with the coded
// data that follows.
func jpegBoxes(w *window, yield func(namedBox) bool) error {
	for pos := int64(0); ; {
		h, err := w.peek(pos, 2)
		if err != nil || h == nil || h[0] != 0xFF || h[1] < 0xC0 {
			return err
		}
		marker := h[1]
		if marker == 0xFF { // a fill byte
			pos++
			continue
		}
		end := pos + 2
		restart := marker >= 0xD0 && marker <= 0xD7
		if !restart && marker != 0xD8 && marker != 0xD9 {
			size, err := w.peek(end, 2)
			if err != nil || size == nil {
				return err
			}
			end += int64(binary.BigEndian.Uint16(size))
		}
		if restart || marker == 0xDA {
			if end, err = w.codedEnd(end); err != nil {
				return err
			}
		}
		if end > w.size || !yield(namedBox{jpegMarkers[marker-0xC0], container.Range{Offset: pos, Length: end - pos}}) {
			return nil
		}
		pos = end
	}
}

// codedEnd returns where the coded data of JPEG ends: at a marker.
func (w *window) codedEnd(pos int64) (int64, error) {
	for pos < w.size {
		b, err := w.read(container.Range{Offset: pos, Length: w.size - pos}, min(2, w.size-pos))
		if err != nil {
			return 0, err
		}
		i := bytes.IndexByte(b, 0xFF)
		switch {
		case i < 0:
			pos += int64(len(b))
		case i+1 == len(b):
			if pos += int64(i); pos+1 == w.size {
				return w.size, nil
			}
		case b[i+1] != 0:
			return pos + int64(i), nil
		default:
			pos += int64(i) + 2
		}
	}
	return min(pos, w.size), nil
}

// pngBoxes yields the signature and the chunks of PNG.
func pngBoxes(w *window, yield func(namedBox) bool) error {
	const head = 8
	if w.size < head || !yield(namedBox{pngHead, container.Range{Length: head}}) {
		return nil
	}
	for pos := int64(head); ; {
		h, err := w.peek(pos, 8)
		if err != nil || h == nil {
			return err
		}
		n := 12 + int64(binary.BigEndian.Uint32(h))
		if n > w.size-pos || !yield(namedBox{string(h[4:]), container.Range{Offset: pos, Length: n}}) {
			return nil
		}
		pos += n
	}
}

// riffBoxes yields the chunks of RIFF: the head of each file chunk, and what is in it.
func riffBoxes(w *window, yield func(namedBox) bool) error {
	for pos, end := int64(0), int64(0); ; {
		h, err := w.peek(pos, 8)
		if err != nil || h == nil {
			return err
		}
		name := string(h[:4])
		n := 8 + int64(binary.LittleEndian.Uint32(h[4:]))
		if pos >= end || name == "LIST" {
			kind, err := w.peek(pos+8, 4)
			if err != nil || kind == nil {
				return err
			}
			if pos >= end {
				end, n = pos+n+n&1, 12
			}
			name = string(kind)
		}
		n = min(n+n&1, max(w.size-pos, n)) // the last may lack its padding
		if n > w.size-pos || !yield(namedBox{name, container.Range{Offset: pos, Length: n}}) {
			return nil
		}
		pos += n
	}
}

// gifBoxes yields the blocks of GIF.
func gifBoxes(w *window, yield func(namedBox) bool) error {
	h, err := w.peek(0, 13)
	if err != nil || h == nil {
		return err
	}
	pos := 13 + gifColors(h[10])
	if pos > w.size || !yield(namedBox{"GIF89a", container.Range{Length: 6}}) || !yield(namedBox{"LSD", container.Range{Offset: 6, Length: pos - 6}}) {
		return nil
	}
	for image := false; ; {
		name, end, err := w.gifBlock(pos, image)
		if err != nil || end == 0 || end > w.size || !yield(namedBox{name, container.Range{Offset: pos, Length: end - pos}}) {
			return err
		}
		image = name == "2C"
		pos = end
	}
}

// gifColors returns the size of the color table that packed fields announce.
func gifColors(packed byte) int64 {
	if packed&0x80 == 0 {
		return 0
	}
	return 3 << (packed&7 + 1)
}

// gifBlock returns the name and the end of the block at pos, 0 for none. Image data
// follow the descriptor of an image.
func (w *window) gifBlock(pos int64, image bool) (name string, end int64, err error) {
	if image {
		end, err = w.gifData(pos + 1)
		return "TBID", end, err
	}
	h, err := w.peek(pos, 1)
	if err != nil || h == nil {
		return "", 0, err
	}
	switch h[0] {
	case 0x21:
		if h, err = w.peek(pos, 2); err != nil || h == nil {
			return "", 0, err
		}
		name = fmt.Sprintf("21%02X", h[1])
		end, err = w.gifData(pos + 2)
	case 0x2C:
		if h, err = w.peek(pos, 10); err != nil || h == nil {
			return "", 0, err
		}
		name, end = "2C", pos+10+gifColors(h[9])
	case 0x3B:
		name, end = "3B", pos+1
	}
	return name, end, err
}

// gifData returns the end of the sub-blocks at pos, 0 where they do not end.
func (w *window) gifData(pos int64) (int64, error) {
	for {
		h, err := w.peek(pos, 1)
		if err != nil || h == nil {
			return 0, err
		}
		if pos += 1 + int64(h[0]); h[0] == 0 {
			return pos, nil
		}
	}
}
