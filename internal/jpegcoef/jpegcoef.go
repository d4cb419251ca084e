// Package jpegcoef takes the quantised DCT coefficients out of a JPEG file (ITU-T
// T.81) and puts changed ones back: with the file's own quantisation tables,
// sampling, scans and restart intervals, so that a picture can be drawn on without a
// second generation of loss. Blocks that are not changed stay as they are.
//
// It knows what decoders know: Huffman coding, sequential or progressive, 8 bits a
// sample. What they do not decode either (arithmetic coding, lossless and
// hierarchical JPEG) is [ErrUnsupported].
package jpegcoef

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// A Block is an 8x8 block of quantised coefficients in zigzag order (T.81 figure 5).
type Block [64]int16

// A Component is one channel of a picture.
type Component struct {
	H, V       int        // sampling factors
	Quant      [64]uint16 // the quantisation table, in zigzag order
	Wide, High int        // blocks that hold samples of the picture

	id     byte
	stride int // blocks in a row, with those that fill the last MCU
	blocks []Block
	table  byte // the number of Quant
}

// Block returns the block in a column and a row, to read and to change.
func (c *Component) Block(x, y int) *Block { return &c.blocks[y*c.stride+x] }

// An Image is the coefficients of a JPEG file.
type Image struct {
	Width, Height int // in pixels
	MCUWidth      int // pixels of a minimum coded unit
	MCUHeight     int
	Components    []Component

	data        []byte
	progressive bool
	jfif        bool
	adobe       int // the colour transform of Adobe's segment, -1 without one
	model       model
	scans       []scan
}

// Errors of [Decode]. All others are a [FormatError].
var ErrUnsupported = errors.New("jpegcoef: a kind of JPEG that is not supported")

// A FormatError says where a file is broken.
type FormatError struct {
	Offset int // in bytes
	Msg    string
}

func (e *FormatError) Error() string { return fmt.Sprintf("jpegcoef: offset %d: %s", e.Offset, e.Msg) }

// ErrTooLarge reports a picture with more pixels than the caller allows.
var ErrTooLarge = errors.New("jpegcoef: picture exceeds the limit of pixels")

// maxScans is more than any encoder makes: hostile files have one more pass over the
// whole picture in every few bytes.
const maxScans = 100

// zigzag are the positions of coefficients in rows of eight (T.81 figure 5).
var zigzag = [64]int{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// Markers of T.81 table B.1.
const (
	markerSOF0  = 0xC0
	markerSOF2  = 0xC2
	markerDHT   = 0xC4
	markerJPG   = 0xC8
	markerDAC   = 0xCC
	markerRST0  = 0xD0
	markerRST7  = 0xD7
	markerSOI   = 0xD8
	markerEOI   = 0xD9
	markerSOS   = 0xDA
	markerDQT   = 0xDB
	markerDNL   = 0xDC
	markerDRI   = 0xDD
	markerAPP0  = 0xE0
	markerAPP14 = 0xEE
	markerTEM   = 0x01
)

// Decode returns the coefficients of a JPEG file of at most maxPixels pixels. The
// image refers to b, which must not change.
func Decode(b []byte, maxPixels int64) (*Image, error) {
	d := decoder{Image: &Image{data: b, adobe: -1}, maxPixels: maxPixels}
	if err := d.segments(); err != nil {
		return nil, err
	}
	if len(d.scans) == 0 {
		return nil, &FormatError{d.pos, "no scan"}
	}
	var err error
	d.model, err = d.colorModel()
	return d.Image, err
}

// A decoder reads the segments of a file.
type decoder struct {
	*Image
	pos       int
	maxPixels int64
	quant     [4][64]uint16
	tables    tables
	restart   int
}

// fail is a [FormatError] at the current position.
func (d *decoder) fail(format string, args ...any) error {
	return &FormatError{d.pos, fmt.Sprintf(format, args...)}
}

// segments reads all segments up to the end of the image.
func (d *decoder) segments() error {
	for d.pos = 2; ; {
		marker, err := d.marker()
		if err != nil {
			return err
		}
		if marker == markerEOI {
			return nil
		}
		segment, err := d.segment()
		if err != nil {
			return err
		}
		switch {
		case marker == markerDQT:
			err = d.defineQuant(segment)
		case marker == markerDHT:
			err = d.defineHuffman(segment)
		case marker == markerDRI && len(segment) == 2:
			d.restart = int(binary.BigEndian.Uint16(segment))
		case marker == markerSOS:
			err = d.scan(segment)
		case marker == markerAPP0:
			d.jfif = d.jfif || bytes.HasPrefix(segment, []byte("JFIF\x00"))
		case marker == markerAPP14 && len(segment) >= 12 && bytes.HasPrefix(segment, []byte("Adobe")):
			d.adobe = int(segment[11])
		case marker == markerDNL:
			err = fmt.Errorf("%w: height behind the first scan", ErrUnsupported)
		case marker >= markerSOF0 && marker <= markerSOF2:
			err = d.frame(marker, segment)
		case marker > markerSOF2 && marker < markerRST0 && marker != markerJPG && marker != markerDAC:
			err = fmt.Errorf("%w: frame type 0x%X", ErrUnsupported, marker)
		}
		if err != nil {
			return err
		}
	}
}

// marker takes the next marker that starts a segment, or ends the image.
func (d *decoder) marker() (byte, error) {
	for {
		if d.pos+1 >= len(d.data) || d.data[d.pos] != 0xFF {
			return 0, d.fail("no marker")
		}
		switch m := d.data[d.pos+1]; {
		case m == 0xFF: // fill byte
			d.pos++
		case m == markerTEM || m == markerSOI || m >= markerRST0 && m <= markerRST7:
			d.pos += 2
		default:
			d.pos += 2
			return m, nil
		}
	}
}

// segment takes the content of the segment whose marker was taken.
func (d *decoder) segment() ([]byte, error) {
	if len(d.data)-d.pos < 2 {
		return nil, d.fail("truncated")
	}
	n := int(binary.BigEndian.Uint16(d.data[d.pos:]))
	if n < 2 || n > len(d.data)-d.pos {
		return nil, d.fail("segment of %d bytes", n)
	}
	segment := d.data[d.pos+2 : d.pos+n]
	d.pos += n
	return segment, nil
}

// defineQuant reads quantisation tables (B.2.4.1).
func (d *decoder) defineQuant(b []byte) error {
	for len(b) > 0 {
		wide, number := int(b[0]>>4), b[0]&15
		size := 64 * (1 + wide)
		if wide > 1 || number > 3 || len(b) < 1+size {
			return d.fail("malformed quantisation table")
		}
		for i := range 64 {
			v := uint16(b[1+i*(1+wide)])
			if wide == 1 {
				v = v<<8 | uint16(b[2+2*i])
			}
			if v == 0 {
				return d.fail("zero in a quantisation table")
			}
			d.quant[number][i] = v
		}
		b = b[1+size:]
	}
	return nil
}

// frame reads the frame header (B.2.2), and makes room for the coefficients.
func (d *decoder) frame(marker byte, b []byte) error {
	if d.Components != nil || len(b) < 6 || len(b) != 6+3*int(b[5]) {
		return d.fail("malformed frame header")
	}
	d.progressive = marker == markerSOF2
	d.Height, d.Width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	n := int(b[5])
	switch {
	case b[0] != 8 || d.Height == 0 || n > 4:
		return fmt.Errorf("%w: %d bits, height %d, %d components", ErrUnsupported, b[0], d.Height, n)
	case d.Width == 0 || n == 0:
		return d.fail("an empty picture")
	case int64(d.Width)*int64(d.Height) > d.maxPixels:
		return ErrTooLarge
	}
	hMax, vMax := 0, 0
	for i := range n {
		c := b[6+3*i:]
		h, v := int(c[1]>>4), int(c[1]&15)
		if h < 1 || h > 4 || v < 1 || v > 4 || c[2] > 3 {
			return d.fail("malformed component")
		}
		hMax, vMax = max(hMax, h), max(vMax, v)
		d.Components = append(d.Components, Component{id: c[0], H: h, V: v, table: c[2]})
	}
	return d.allocate(hMax, vMax)
}

// allocate makes room for the blocks of the components (A.1.1, A.2.4).
func (d *decoder) allocate(hMax, vMax int) error {
	if n := len(d.Components); n == 1 { // its MCU is one block, whatever it says
		d.Components[0].H, d.Components[0].V, hMax, vMax = 1, 1, 1, 1
	}
	d.MCUWidth, d.MCUHeight = 8*hMax, 8*vMax
	across, down := ceil(d.Width, d.MCUWidth), ceil(d.Height, d.MCUHeight)
	total := 0
	for _, c := range d.Components {
		total += across * c.H * down * c.V
	}
	if total > 8*len(d.data) { // a block takes a bit at least
		return d.fail("too little data for %d blocks", total)
	}
	for i := range d.Components {
		c := &d.Components[i]
		c.Wide = ceil(ceil(d.Width*c.H, hMax), 8)
		c.High = ceil(ceil(d.Height*c.V, vMax), 8)
		c.stride = across * c.H
		c.blocks = make([]Block, c.stride*down*c.V)
	}
	return nil
}

func ceil(a, b int) int { return (a + b - 1) / b }
