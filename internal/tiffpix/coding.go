package tiffpix

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"golang.org/x/image/tiff/lzw"
)

// The most that a byte can become, by the codings: what claims to be more is broken.
var ratios = map[int]int64{none: 1, packBits: 64, lzwCoding: 4096, deflate: 1100, oldDeflate: 1100}

var errShort = errors.New("too little data")

// decode returns the n bytes that data holds.
func decode(coding int, data []byte, n int) ([]byte, error) {
	if int64(n) > ratios[coding]*int64(len(data)) {
		return nil, errShort
	}
	var r io.Reader
	switch coding {
	case none:
		return bytes.Clone(data[:n]), nil
	case packBits:
		return unpackBits(data, n)
	case lzwCoding:
		r = lzw.NewReader(bytes.NewReader(data), lzw.MSB, 8)
	default:
		z, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		r = z
	}
	out := bytes.NewBuffer(make([]byte, 0, min(n, 4*len(data)+512)))
	got, err := io.CopyN(out, r, int64(n))
	if got < int64(n) {
		return nil, fmt.Errorf("%w: %w", errShort, err)
	}
	return out.Bytes(), nil
}

// encode is the opposite of decode, for rows of so many bytes.
func encode(coding int, data []byte, row int) []byte {
	switch coding {
	case none:
		return data
	case packBits:
		var out []byte
		for len(data) > 0 { // no packet goes over the end of a row
			out = appendPackBits(out, data[:row])
			data = data[row:]
		}
		return out
	case lzwCoding:
		return packLZW(data)
	}
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(data) // a Buffer takes everything
	z.Close()
	return out.Bytes()
}

// unpackBits undoes PackBits (TIFF 6.0 section 9).
func unpackBits(data []byte, n int) ([]byte, error) {
	out := make([]byte, 0, n)
	for len(out) < n {
		if len(data) < 2 {
			return nil, errShort
		}
		switch code := int(int8(data[0])); {
		case code >= 0:
			if code+1 > len(data)-1 {
				return nil, errShort
			}
			out = append(out, data[1:2+code]...)
			data = data[2+code:]
		case code == -128:
			data = data[1:]
		default:
			out = append(out, bytes.Repeat(data[1:2], 1-code)...)
			data = data[2:]
		}
	}
	return out[:n], nil
}

// appendPackBits appends one row.
func appendPackBits(out, row []byte) []byte {
	const most = 128
	run := func(at int) (n int) {
		for n = 1; at+n < len(row) && n < most && row[at+n] == row[at]; n++ {
		}
		return n
	}
	for at := 0; at < len(row); {
		if n := run(at); n > 2 {
			out = append(out, byte(1-n), row[at])
			at += n
			continue
		}
		start := at
		for at < len(row) && at-start < most && run(at) < 3 {
			at++
		}
		out = append(out, byte(at-start-1))
		out = append(out, row[start:at]...)
	}
	return out
}

// packLZW compresses as TIFF does (section 13): codes of 9 to 12 bits, the first bit
// the highest, a code earlier to grow than there is need.
func packLZW(data []byte) []byte {
	const reset, end, first, last = 256, 257, 258, 4094
	var out []byte
	var pending uint32
	held, width := 0, 9
	write := func(code uint32) {
		pending = pending<<width | code
		for held += width; held >= 8; held -= 8 {
			out = append(out, byte(pending>>(held-8)))
		}
	}
	known, next := map[uint32]uint32{}, uint32(first)
	write(reset)
	prefix, started := uint32(0), false
	for _, b := range data {
		if !started {
			prefix, started = uint32(b), true
			continue
		}
		key := prefix<<8 | uint32(b)
		if code, ok := known[key]; ok {
			prefix = code
			continue
		}
		write(prefix)
		known[key] = next
		next++
		switch {
		case next == last:
			write(reset)
			clear(known)
			next, width = first, 9
		case next == 1<<width:
			width++
		}
		prefix = uint32(b)
	}
	if started {
		write(prefix)
		if next++; next == 1<<width && width < 12 {
			width++
		}
	}
	write(end)
	if held > 0 {
		out = append(out, byte(pending<<(8-held)))
	}
	return out
}
