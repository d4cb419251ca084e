package container

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
)

// Subtitles. No guide names a place for the record. Ours are what players pass
// over: in WebVTT (4.1) a comment after the header,
//
//	NOTE AIGC {"Label":"1",...}
//
// and in ASS and SSA a line of the section that describes the script:
//
//	[Script Info]
//	AIGC: {"Label":"1",...}
//
// Only the head of the file is read, as much as [HeadSize].

const (
	subtitleRecord = "AIGC"
	vttSignature   = "WEBVTT"
	assSignature   = "[Script Info]"
)

type subtitleFile struct {
	blockText
	text []byte // the head of the file
}

// WebVTT walks a WebVTT file.
func WebVTT(src *Source) (File, error) { return walkSubtitle(src, (*subtitleFile).webVTT) }

// ASS walks a file of Advanced SubStation Alpha, or of its older form SSA. One in
// UTF-16 has no slots.
func ASS(src *Source) (File, error) { return walkSubtitle(src, (*subtitleFile).ass) }

// IsWebVTT reports whether a file has the signature of WebVTT.
func IsWebVTT(src *Source) (bool, error) {
	head, err := src.Head(16)
	rest, ok := strings.CutPrefix(strings.TrimPrefix(string(head), utf8BOM), vttSignature)
	return ok && (rest == "" || strings.IndexByte(" \t\r\n", rest[0]) >= 0), err
}

// IsASS reports whether a file starts with the section that ASS starts with.
func IsASS(src *Source) (bool, error) {
	head, err := src.Head(64)
	if order := utf16Order(head); order != nil {
		head = decodeUTF16(head[2:], order)
	}
	text := strings.TrimLeft(strings.TrimPrefix(string(head), utf8BOM), " \t\r\n")
	return len(text) >= len(assSignature) && strings.EqualFold(text[:len(assSignature)], assSignature), err
}

func walkSubtitle(src *Source, walk func(*subtitleFile) error) (File, error) {
	f := &subtitleFile{blockText: blockText{src: src, encode: subtitleLine}}
	head, err := src.Bytes(0, min(src.Size(), HeadSize), "subtitle head")
	switch {
	case err != nil:
	case utf16Order(head) != nil:
		f.refuse = fmt.Errorf("%w: convert the text from UTF-16 to UTF-8", ErrNoPlace)
	default:
		f.text = head
		if err = walk(f); f.isCut(f.insert) {
			f.refuse = fmt.Errorf("%w: the header is longer than %d bytes", ErrNoPlace, HeadSize)
		}
	}
	return f, f.fail(src.Size(), err)
}

// webVTT lists the comments that are records. A comment is a block of lines, up
// to one that is empty.
func (f *subtitleFile) webVTT() error {
	if ok, err := IsWebVTT(f.src); !ok {
		f.damage(0, "no signature of WebVTT")
		return err
	}
	f.insert = f.blockEnd(0)
	content := len(bytes.TrimRight(f.text[:f.insert], "\r\n"))
	newline, next := f.newline(content)
	f.before, f.after = "NOTE "+subtitleRecord+" ", newline+newline
	if next == f.insert { // the header is all there is
		f.before = newline + f.before
	}
	if content == f.insert {
		f.before = newline + f.before
	}
	for pos := f.insert; pos < len(f.text); {
		end := f.blockEnd(pos)
		block := bytes.TrimRight(f.text[pos:end], "\r\n")
		if value, ok := vttRecord(string(block)); ok && !f.isCut(end) {
			if err := f.add("WebVTT comment "+subtitleRecord, value, pos+len(block), Range{int64(pos), int64(end - pos)}); err != nil {
				return err
			}
		}
		pos = end
	}
	return nil
}

// vttRecord returns the record in a block, if it is a comment that has one.
func vttRecord(block string) (string, bool) {
	note, ok := strings.CutPrefix(block, "NOTE")
	text := strings.TrimLeft(note, " \t\r\n")
	value, named := strings.CutPrefix(text, subtitleRecord)
	return strings.TrimLeft(value, " \t\r\n:"), ok && named && len(text) < len(note)
}

// isCut reports whether what ends at end goes on behind the head.
func (f *subtitleFile) isCut(end int) bool { return end == len(f.text) && int64(end) < f.src.Size() }

// line returns the line at pos without its end, LF, CR, or both, and where the
// next one starts.
func (f *subtitleFile) line(pos int) (line []byte, next int) {
	line, next = f.text[pos:], len(f.text)
	if i := bytes.IndexAny(line, "\r\n"); i >= 0 {
		line, next = line[:i], pos+i+1
		if f.text[next-1] == '\r' && bytes.HasPrefix(f.text[next:], []byte("\n")) {
			next++
		}
	}
	return line, next
}

// newline returns the end of the line at pos, LF if it has none, and where the
// next one starts.
func (f *subtitleFile) newline(pos int) (string, int) {
	line, next := f.line(pos)
	return cmp.Or(string(f.text[pos+len(line):next]), "\n"), next
}

// blockEnd returns the position after the block at pos and the empty lines after it.
func (f *subtitleFile) blockEnd(pos int) int {
	for empty := false; pos < len(f.text); {
		line, next := f.line(pos)
		if len(line) > 0 && empty {
			break
		}
		empty = len(line) == 0
		pos = next
	}
	return pos
}

// ass lists the lines of the first section that are records.
func (f *subtitleFile) ass() error {
	if ok, err := IsASS(f.src); !ok {
		f.damage(0, "no section %s", assSignature)
		return err
	}
	f.before = subtitleRecord + ": "
	f.after, f.insert = f.newline(bytes.IndexByte(f.text, '['))
	if bytes.IndexByte([]byte("\r\n"), f.text[f.insert-1]) < 0 {
		f.before = f.after + f.before
	}
	for pos := f.insert; pos < len(f.text) && f.text[pos] != '['; {
		line, next := f.line(pos)
		key, value, ok := strings.Cut(string(line), ":")
		if ok && strings.EqualFold(strings.TrimSpace(key), subtitleRecord) && !f.isCut(next) {
			value = strings.Trim(value, " \t")
			end := pos + len(strings.TrimRight(string(line), " \t"))
			if err := f.add("ASS script info "+subtitleRecord, value, end, Range{int64(pos), int64(next - pos)}); err != nil {
				return err
			}
		}
		pos = next
	}
	return nil
}

// add lists a record that ends at end.
func (f *subtitleFile) add(place, value string, end int, block Range) error {
	_, err := f.addSlot(Slot{
		Kind: Record, Key: subtitleRecord, Place: place, Guide: f.vacant(Record), Value: []byte(value),
		Ranges: []Range{{int64(end - len(value)), int64(len(value))}},
	})
	f.blocks = append(f.blocks, block)
	return err
}

// subtitleLine returns a record as a line, without the arrow that tells a cue.
func subtitleLine(value []byte) (string, error) {
	line, err := jsonLine(value)
	return strings.ReplaceAll(line, "-->", `--\u003e`), err
}
