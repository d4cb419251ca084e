package container

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
)

// A polyglot is a file that is whole in two formats: what it is depends on who
// reads it, and so does what it says. The means are a header that may stand late
// (PDF), an index at the end of the file (ZIP), and data behind the end of what
// a reader wants.

// A Second is what a file is beside its format, or has behind its end.
type Second struct {
	Format string // "zip", "pdf", "mp4"...; "" for data of no other format
	Offset int64  // where that starts
	Usual  string // why it is no matter, "" if it is: "video of a motion photo"
}

const (
	polyglotTail = 1 << 10 // of a file that ends where its format does
	polyglotLook = 4 << 10 // of what is behind the end of its format
	polyglotEnds = 16      // candidates for the end of a ZIP archive
	pdfMagic     = "%PDF-"
	motionVideo  = "video of a motion photo"
)

// Seconds returns what a file of a format, whose walk gave l, is beside that. It
// reads the last KiB of the file; the head is there.
func (s *Source) Seconds(format string, l *Layout) ([]Second, error) {
	head, err := s.Head(HeadSize)
	if err != nil {
		return nil, err
	}
	tail, err := s.tail(l)
	if err != nil {
		return nil, err
	}
	var all []Second
	add := func(format string, offset int64) { all = append(all, Second{Format: format, Offset: offset}) }
	at := bytes.Index(head[:min(len(head), 1024)], []byte(pdfMagic))
	switch {
	case at <= 0:
	case format != "pdf" && !isText(head, int64(len(head)) < s.size) && isPDFBody(head[at:], tail):
		add("pdf", int64(at))
	case format == "pdf" && formatOf(head[:at]) != "":
		add(formatOf(head[:at]), 0)
	}
	if isScript(head, tail) {
		add("javascript", 0)
	}
	if end, err := s.zipBehind(head, tail); err != nil {
		return nil, err
	} else if end > 0 {
		add("zip", end)
	}
	if len(all) > 0 { // which is what the data at the end is, too
		return all, nil
	}
	return s.behind(l, formatOf(head))
}

// tail returns the end of the file: more of it where that is not of the format.
func (s *Source) tail(l *Layout) ([]byte, error) {
	n := int64(polyglotTail)
	if l.End > 0 && l.Trailer == "" {
		n = max(n, min(s.size-l.End, zipEndSize+math.MaxUint16))
	}
	n = min(n, s.size)
	if n <= tailSize {
		return s.Tail(int(n))
	}
	b := make([]byte, n)
	return b, s.readAt(b, s.size-n)
}

// isPDFBody reports whether what starts with a header of PDF goes on as PDF: a
// text may speak of it.
func isPDFBody(b, tail []byte) bool {
	return bytes.Contains(b, []byte(" obj")) || bytes.Contains(tail, []byte("startxref"))
}

// isScript reports whether a binary header is the name of a variable to
// JavaScript, which the script assigns to behind a comment over the picture.
func isScript(head, tail []byte) bool {
	at := 4
	switch {
	case bytes.HasPrefix(head, []byte("GIF8")):
		at = 6
	case !bytes.HasPrefix(head, []byte("RIFF")) && !bytes.HasPrefix(head, []byte("\xFF\xD8\xFF")):
		return false
	}
	return bytes.HasPrefix(head[min(len(head), at):], []byte("/*")) && (assigns(head) || assigns(tail))
}

// assigns reports whether an assignment follows the end of a comment.
func assigns(b []byte) bool {
	for rest, ok := b, true; ok; {
		if _, rest, ok = bytes.Cut(rest, []byte("*/")); ok && bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("=")) {
			return true
		}
	}
	return false
}

// zipBehind returns where a ZIP archive ends whose start is another file's, 0 if
// there is none. An end record that no directory stands before is chance.
func (s *Source) zipBehind(head, tail []byte) (int64, error) {
	if bytes.HasPrefix(head, []byte("PK")) || !bytes.Contains(tail, []byte(zipEnd)) { // much faster than LastIndex
		return 0, nil
	}
	i := len(tail)
	for range polyglotEnds {
		if i = bytes.LastIndex(tail[:i], []byte(zipEnd)); i < 0 {
			break
		}
		end, record := s.size-int64(len(tail)-i), tail[i:]
		if len(record) < zipEndSize {
			continue
		}
		size := int64(binary.LittleEndian.Uint32(record[12:]))
		if size < zipCentralSize || size > end {
			continue
		}
		h, err := s.Peek(end-size, 4)
		if err != nil {
			return 0, err
		}
		if string(h) == zipCentral {
			return end, nil
		}
	}
	return 0, nil
}

// behind returns what the data after the end of the format is. White space and
// zeros are nothing; a further file of the same format, as ImageMagick 6 puts it
// behind each animated WebP, is no other one.
func (s *Source) behind(l *Layout, first string) ([]Second, error) {
	usual := []Second{{Offset: l.End, Usual: l.Trailer}}
	switch {
	case l.End <= 0 && l.Trailer != "": // further from the end of the file than was looked
		return usual, nil
	case l.End <= 0 || l.End >= s.size:
		return nil, nil
	}
	n := min(s.size-l.End, polyglotLook)
	b := make([]byte, n)
	if err := s.readAt(b, l.End); err != nil {
		return nil, err
	}
	if l.Trailer != "" && (l.Trailer != motionVideo || isFileType(b)) {
		return usual, nil
	}
	text := bytes.TrimLeft(b, "\x00 \t\r\n")
	if len(text) == 0 {
		return nil, nil
	}
	if isFileType(b) { // its size starts with zeros
		return []Second{{Format: "mp4", Offset: l.End}}, nil
	}
	second := Second{Format: formatOf(text), Offset: l.End + n - int64(len(text))}
	if second.Format == first {
		second.Format = ""
	}
	return []Second{second}, nil
}

// isFileType reports whether b starts with the first box of a movie.
func isFileType(b []byte) bool { return len(b) >= 8 && string(b[4:8]) == "ftyp" }

// magics are how files of common formats start.
var magics = []struct{ magic, name string }{
	{zipLocal, "zip"},
	{pdfMagic, "pdf"},
	{"Rar!", "rar"},
	{"7z\xBC\xAF\x27\x1C", "7z"},
	{"MZ", "exe"},
	{"\x7FELF", "elf"},
	{"#!", "script"},
	{"<?php", "php"},
	{"\x89PNG\r\n\x1a\n", "png"},
	{"\xFF\xD8\xFF", "jpeg"},
	{"GIF8", "gif"},
	{"RIFF", "riff"},
	{"OggS", "ogg"},
	{"ID3", "mp3"},
	{"fLaC", "flac"},
}

// formatOf names what a reader that is given b alone takes it for, "" if nothing.
func formatOf(b []byte) string {
	for _, f := range magics {
		if bytes.HasPrefix(b, []byte(f.magic)) {
			return f.name
		}
	}
	if isHTMLHead(b) {
		return "html"
	}
	return ""
}

// isHTMLHead reports whether a browser that is given no type would show b as a
// page (WHATWG MIME Sniffing, 7.1).
func isHTMLHead(b []byte) bool {
	b = bytes.TrimLeft(b, htmlSpace)
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<script", "<iframe", "<h1", "<div", "<body", "<title", "<style", "<table", "<a", "<b", "<br", "<p", "<!--"} {
		n := len(tag)
		if len(b) > n && bytes.EqualFold(b[:n], []byte(tag)) && (tag == "<!--" || strings.IndexByte(htmlSpace+">", b[n]) >= 0) {
			return true
		}
	}
	return false
}

// IsPDF reports whether a file is PDF. Its header may stand behind other data, as
// readers allow (ISO 32000-1, Annex H); in a text that is PDF only if it also ends
// as one, and in a ZIP archive it is that of an entry.
func IsPDF(src *Source) (bool, error) {
	head, err := src.Head(HeadSize)
	if err != nil {
		return false, err
	}
	at := bytes.Index(head[:min(len(head), 1024)], []byte(pdfMagic))
	switch {
	case at <= 0:
		return at == 0, nil
	case bytes.HasPrefix(head, []byte(zipLocal)):
		return false, nil
	case !isText(head, int64(len(head)) < src.size):
		return true, nil
	}
	n := min(src.size, peekSize)
	tail, err := src.Peek(src.size-n, int(n))
	return bytes.HasSuffix(bytes.TrimRight(tail, "\x00 \t\r\n"), []byte("%%EOF")), err
}
