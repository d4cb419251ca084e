package container

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// Streams, their filters and object streams, ISO 32000-2 clauses 7.3.8, 7.4.4
// and 7.5.7.

// content returns the decoded data of the stream o, where its bytes are, and
// how they hold the data; what names it in an error. Data before the place where a
// filter fails stand beside the error.
func (f *pdfFile) content(o *pdfObject, what string) (data []byte, span Range, encoding string, err error) {
	if o.data == 0 {
		return nil, span, "", &FormatError{Offset: o.at, Err: fmt.Errorf("%s is not a stream", what)}
	}
	if span, err = f.extent(o); err != nil {
		return nil, span, "", err
	}
	filters, err := f.filters(o)
	if err != nil {
		return nil, span, "", err
	}
	if data, err = f.src.Bytes(span.Offset, span.Length, what); err != nil || len(filters) == 0 {
		return data, span, "", err
	}
	for _, filter := range filters {
		if data, err = filter.decode(data, what); err != nil {
			if limit := new(LimitError); !errors.As(err, &limit) {
				err = &FormatError{Offset: span.Offset, Err: fmt.Errorf("%s: %w", what, err)}
			}
			return data, span, "", err
		}
	}
	if len(filters) == 1 && filters[0].name == "FlateDecode" {
		return data, span, "deflate", nil
	}
	return data, span, "pdf-filter", nil
}

// extent returns the bytes of a stream. A wrong length is damage, but endstream
// still tells where the stream ends.
func (f *pdfFile) extent(o *pdfObject) (Range, error) {
	if n, ok := f.direct(o.value.lookup("Length")).integer(); ok && n <= f.src.Size()-o.data {
		err := f.lex(o.data+n, func(l *pdfLexer) error { return l.keyword("endstream") })
		if bad := new(FormatError); !errors.As(err, &bad) {
			return Range{o.data, n}, err
		}
	}
	f.damage(o.at, "stream of object %d has a wrong length", o.num)
	b, err := f.view(o.data, pdfWindow)
	if err != nil {
		return Range{}, err
	}
	n := bytes.Index(b, []byte("endstream"))
	if n < 0 {
		return Range{}, &FormatError{Offset: o.data, Err: errTruncated}
	}
	return Range{o.data, int64(n)}, nil
}

// unpredict undoes the predictor that the parameters of FlateDecode name: 2 is
// TIFF's, 10 and more are PNG's.
func (f *pdfFile) unpredict(data []byte, params pdfValue) ([]byte, error) {
	number := func(key string, def int64) int64 {
		if n, ok := f.direct(params.lookup(key)).integer(); ok {
			return n
		}
		return def
	}
	predictor := number("Predictor", 1)
	if predictor == 1 {
		return data, nil
	}
	columns, colors, bits := number("Columns", 1), number("Colors", 1), number("BitsPerComponent", 8)
	size := int64(len(data))
	if columns < 1 || columns > size || colors < 1 || colors > size || bits < 1 || bits > 16 || colors*columns > size*8 {
		return nil, errPDFSyntax
	}
	row, pixel := int(colors*columns*bits+7)/8, int(colors*bits+7)/8
	switch {
	case predictor >= 10:
		return unpredictPNG(data, row, pixel)
	case predictor == 2 && bits == 8:
		return unpredictTIFF(data, row, pixel), nil
	}
	return nil, errPDFSyntax
}

// unpredictTIFF undoes TIFF predictor 2 in place.
func unpredictTIFF(data []byte, row, pixel int) []byte {
	for line := range slices.Chunk(data, row) {
		for i := pixel; i < len(line); i++ {
			line[i] += line[i-pixel]
		}
	}
	return data
}

// unpredictPNG undoes the PNG filters in place. Each row has its filter first.
func unpredictPNG(data []byte, row, pixel int) ([]byte, error) {
	out, up := data[:0], make([]byte, row)
	for len(data) > 1 {
		filter, line := data[0], data[1:min(row+1, len(data))]
		data = data[1+len(line):]
		for i := range line {
			var left, corner byte
			if i >= pixel {
				left, corner = out[len(out)-pixel], up[i-pixel]
			}
			p, ok := pngPredict(filter, left, up[i], corner)
			if !ok {
				return nil, errPDFSyntax
			}
			out = append(out, line[i]+p)
		}
		up = out[len(out)-len(line):]
		up = up[:len(up):len(up)]
		if len(line) < row {
			break
		}
	}
	return out, nil
}

// pngPredict returns what a PNG filter predicts from the neighbours.
func pngPredict(filter, left, up, corner byte) (p byte, ok bool) {
	switch filter {
	case 0:
		return 0, true
	case 1:
		return left, true
	case 2:
		return up, true
	case 3:
		return byte((int(left) + int(up)) / 2), true
	case 4:
		return paeth(int(left), int(up), int(corner)), true
	}
	return 0, false
}

// paeth is the PNG predictor of that name, ISO/IEC 15948 clause 9.4.
func paeth(left, up, corner int) byte {
	abs := func(n int) int { return max(n, -n) }
	p := left + up - corner
	switch a, b, c := abs(p-left), abs(p-up), abs(p-corner); {
	case a <= b && a <= c:
		return byte(left)
	case b <= c:
		return byte(up)
	}
	return byte(corner)
}

// A pdfObjectStream is an unpacked object stream.
type pdfObjectStream struct {
	text    []byte
	numbers []int64
	offsets []int64 // of the objects, in text
	span    Range
}

// unpack returns the object num from an object stream.
func (f *pdfFile) unpack(num int64, loc pdfLocation) (*pdfObject, error) {
	s, known := f.packs[loc.offset]
	if !known {
		f.packs[loc.offset] = nil // while it is being read: it may not need itself
		container, err := f.locate(loc.offset)
		if err != nil {
			return nil, err
		}
		if container.kind != pdfInUse {
			return nil, &FormatError{Err: fmt.Errorf("no object stream %d", loc.offset)}
		}
		o, err := f.objectAt(container.offset + f.shift)
		if err != nil {
			return nil, err
		}
		if s, err = f.objectStream(o); err != nil {
			return nil, err
		}
		f.packs[loc.offset] = s
	}
	if s == nil {
		return nil, &FormatError{Err: fmt.Errorf("object stream %d is unreadable", loc.offset)}
	}
	i := slices.Index(s.numbers, num)
	if i < 0 {
		return nil, &FormatError{Offset: s.span.Offset, Err: fmt.Errorf("object %d is not in object stream %d", num, loc.offset)}
	}
	l := pdfLexer{text: s.text, pos: int(s.offsets[i])}
	v, err := l.value()
	if err == nil {
		err = f.charge(i/16 + len(v)) // a number is passed much faster than a byte is read
	}
	return &pdfObject{num: num, value: v, packed: &s.span}, atOffset(s.span.Offset, err)
}

// objectStream unpacks the object stream o.
func (f *pdfFile) objectStream(o *pdfObject) (*pdfObjectStream, error) {
	text, span, _, err := f.content(o, "object stream")
	if err != nil {
		return nil, err
	}
	n, _ := o.value.lookup("N").integer()
	first, _ := o.value.lookup("First").integer()
	if first > int64(len(text)) || n > first/2 {
		return nil, &FormatError{Offset: o.at, Err: errors.New("object stream is too short")}
	}
	s := &pdfObjectStream{text: text, span: span}
	l := pdfLexer{text: text[:first]}
	for range n {
		num, err := l.integer()
		if err != nil {
			return nil, atOffset(o.at, errPDFSyntax)
		}
		off, err := l.integer()
		if err != nil || off > int64(len(text))-first {
			return nil, atOffset(o.at, errPDFSyntax)
		}
		s.numbers, s.offsets = append(s.numbers, num), append(s.offsets, first+off)
	}
	return s, nil
}
