package container

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// What of a text is content: all that is left when its records, packets and stores are
// removed, as one part. White space at the end is none.

// textMedia removes what Plan removes. Where that takes more than to leave bytes out, it
// does not tell.
func textMedia(walk Walk) mediaWalk {
	return func(src *Source, yield func(...Range) bool) error {
		file, err := walk(src)
		if err = cmp.Or(err, file.Summary().whole()); err != nil {
			return err
		}
		var changes []Change
		for i := range file.Summary().Slots {
			if s := &file.Summary().Slots[i]; s.Kind == Record || s.Kind == XMP || s.Kind == C2PA {
				changes = append(changes, Change{Slot: s})
			}
		}
		plan, err := file.Plan(changes)
		if err != nil {
			return ErrNoMedia
		}
		var gone []Range
		for _, e := range plan.Edits() {
			if e.Insert != nil && e.Insert.Size() > 0 {
				return ErrNoMedia
			}
			gone = append(gone, Range{e.Offset, e.Delete})
		}
		return remainder(src, gone, yield)
	}
}

// remainder yields a file without some ranges, which are in order, and without the white
// space at its end.
func remainder(src *Source, gone []Range, yield func(...Range) bool) error {
	var parts []Range
	pos := int64(0)
	for _, r := range gone {
		parts = append(parts, Range{pos, r.Offset - pos})
		pos = r.end()
	}
	parts = append(parts, Range{pos, src.Size() - pos})
	for i := len(parts) - 1; i >= 0; {
		last := &parts[i]
		n := min(last.Length, peekSize)
		b, err := src.Peek(last.end()-n, int(n))
		if err != nil {
			return err
		}
		kept := int64(len(bytes.TrimRight(b, xmlscan.Whitespace)))
		last.Length -= n - kept
		switch {
		case kept > 0:
			yield(parts...)
			return nil
		case last.Length == 0:
			i--
		}
	}
	yield(parts...)
	return nil
}

// rtfMedia removes the groups of custom properties.
func rtfMedia(src *Source, yield func(...Range) bool) error {
	file, err := RTF(src)
	if err = cmp.Or(err, file.Summary().whole()); err != nil {
		return err
	}
	return remainder(src, file.(*rtfFile).custom, yield)
}

// svgMedia removes the <metadata> of the root with the white space before them, and a byte
// order mark. A root with nothing else in it is as one without content.
func svgMedia(src *Source, yield func(...Range) bool) error {
	file, err := SVG(src)
	if err = cmp.Or(err, file.Summary().whole()); err != nil {
		return err
	}
	f := file.(*svgFile)
	if f.root == nil {
		return ErrNoMedia
	}
	gone := []Range{{0, int64(len(f.doc) - len(strings.TrimPrefix(f.doc, utf8BOM)))}}
	pos, empty := f.root.content, true
	for _, x := range f.about {
		start := pos + len(strings.TrimRight(f.doc[pos:x.start], xmlscan.Whitespace))
		empty = empty && start == pos
		gone = append(gone, Range{int64(start), int64(x.end - start)})
		pos = x.end
	}
	if tag := f.doc[f.root.start:f.root.content]; empty && f.blank(pos, f.root.contentEnd) {
		end := f.root.start + len(strings.TrimRight(tag, "/>"+xmlscan.Whitespace))
		gone = append(gone[:1], Range{int64(end), int64(f.root.end - end)})
	}
	return remainder(src, gone, yield)
}

// markdownMedia removes front matters, and the records and stores in the text.
func markdownMedia(src *Source, yield func(...Range) bool) error {
	file, err := Markdown(src)
	if err = cmp.Or(err, file.Summary().whole()); err != nil {
		return err
	}
	f := file.(*markdownFile)
	text, err := f.head()
	if err != nil {
		return err
	}
	if utf16Order(text) != nil {
		return ErrNoMedia
	}
	gone := []Range{{0, textStart(text)}}
	for i, s := range f.Slots {
		switch block := f.blocks[i]; {
		case s.Frame != nil:
			gone = append(gone, s.Frame...)
		case block.Length > 0:
			gone = append(gone, block)
		default:
			gone = append(gone, s.Ranges...)
		}
	}
	slices.SortFunc(gone, func(a, b Range) int { return cmp.Compare(a.Offset, b.Offset) })
	end := int64(0)
	gone = slices.DeleteFunc(gone, func(r Range) bool { // what is in the front matters is gone with them
		inside := r.Offset < end
		end = max(end, r.end())
		return inside
	})
	return remainder(src, gone, yield)
}

// textStart returns where the text of a Markdown file starts: behind front matters, records
// and empty lines.
func textStart(text []byte) int64 {
	pos := ByteOrderMark(text)
	for pos < len(text) {
		line, next := cutLine(text, pos)
		m, ok := parseFrontMatter(text, pos)
		switch {
		case ok:
			next = m.next
		case isLoose(text, pos):
			next = entryEnd(text, pos, false)
		case len(bytes.TrimSpace(line)) > 0:
			return int64(pos)
		}
		pos = next
	}
	return int64(pos)
}
