package container

import (
	"bytes"
	"compress/lzw"
	"encoding/ascii85"
	"fmt"
	"io"
	"slices"

	tifflzw "golang.org/x/image/tiff/lzw"
)

// Filters of streams, ISO 32000-2 clause 7.4: those of texts, not those of pictures.

// A pdfFilter is one step from the bytes of a stream to its data.
type pdfFilter struct {
	name   string
	params pdfValue
	file   *pdfFile
}

// maxPDFFilters is the most that a stream may have one behind the other.
const maxPDFFilters = 4

var pdfFilterNames = []string{"FlateDecode", "LZWDecode", "ASCII85Decode", "ASCIIHexDecode"}

// filters returns the filters of a stream. One that is not known is a [LimitError].
func (f *pdfFile) filters(o *pdfObject) (all []pdfFilter, err error) {
	params := slices.Collect(firstPDFElements(f.direct(o.value.lookup("DecodeParms"))))
	for v := range f.direct(o.value.lookup("Filter")).elements() {
		filter := pdfFilter{name: f.direct(v).name(), file: f}
		if !slices.Contains(pdfFilterNames, filter.name) || len(all) == maxPDFFilters {
			return nil, &LimitError{What: fmt.Sprintf("number of stream filters that are not of texts (%.20q)", filter.name), Limit: 0}
		}
		if n := len(all); n < len(params) {
			filter.params = f.direct(params[n])
		}
		all = append(all, filter)
	}
	return all, nil
}

// firstPDFElements yields as many elements as there may be filters.
func firstPDFElements(array pdfValue) func(yield func(pdfValue) bool) {
	return func(yield func(pdfValue) bool) {
		n := 0
		for v := range array.elements() {
			if n++; n > maxPDFFilters || !yield(v) {
				return
			}
		}
	}
}

// decode undoes the filter. What broken data give stands beside the error.
func (p pdfFilter) decode(data []byte, what string) ([]byte, error) {
	src := p.file.src
	var out []byte
	var err error
	switch p.name {
	case "ASCIIHexDecode":
		data, _, _ = bytes.Cut(data, []byte(">"))
		return unhexPDF(data), nil
	case "ASCII85Decode":
		data, _, _ = bytes.Cut(bytes.TrimPrefix(bytes.TrimSpace(data), []byte("<~")), []byte("~"))
		return src.decompress(ascii85.NewDecoder(bytes.NewReader(data)), what)
	case "LZWDecode":
		out, err = src.decompress(p.lzw(data), what)
	default:
		out, err = src.Inflate(data, what)
	}
	if err != nil {
		return out, err
	}
	return p.file.unpredict(out, p.params)
}

// lzw returns a reader of LZW data, whose codes grow one code early, as in TIFF,
// unless the parameters say 0.
func (p pdfFilter) lzw(data []byte) io.Reader {
	if early, ok := p.file.direct(p.params.lookup("EarlyChange")).integer(); ok && early == 0 {
		return lzw.NewReader(bytes.NewReader(data), lzw.MSB, 8)
	}
	return tifflzw.NewReader(bytes.NewReader(data), tifflzw.MSB, 8)
}

// first returns the first element of an array, or v itself.
func first(v pdfValue) pdfValue {
	for e := range v.elements() {
		return e
	}
	return nil
}
