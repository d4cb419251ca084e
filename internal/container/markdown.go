package container

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Markdown has no metadata of its own. Its tools read a front matter: YAML
// between a line --- at the very start and a line --- or ..., where the TC260
// text guide (6.5) puts the entry AIGC. Other places that are read: further
// front matters after the first, and the entry on its own at the start or at
// the end of the text, there also in a fenced code block.
//
// The value of a slot is the whole entry, from its key to the line break after
// its last line, with line breaks \n. Values to write are the same.

// markdownTail is how much of the end of a file is searched.
const markdownTail = 24 << 10

type markdownFile struct {
	Layout
	src     *Source
	newline string  // the line break of the file
	insert  int64   // where a new entry goes
	bare    bool    // there is no front matter: a new entry brings it along
	refuse  error   // why there is no place for a new entry
	blocks  []Range // of Slots, by index: what goes with a slot that is alone in it
}

// Markdown walks a Markdown file. Text in UTF-16 has no slots. A C2PA store goes to
// the end of the text, after all that is seen of it.
func Markdown(src *Source) (File, error) {
	f := &markdownFile{src: src, newline: "\n", bare: true}
	err := f.walk()
	if err != nil {
		f.refuse = err
	}
	return f, f.fail(src.Size(), err)
}

func (f *markdownFile) walk() error {
	text, err := f.head()
	if err != nil {
		return err
	}
	if utf16Order(text) != nil {
		f.refuse = fmt.Errorf("%w: convert the text from UTF-16 to UTF-8", ErrNoPlace)
		return nil
	}
	if i := bytes.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		f.newline = "\r\n"
	}
	start := ByteOrderMark(text)
	f.insert = int64(start)
	stores, err := f.src.textStores()
	if err := f.fail(f.src.Size(), err); err != nil {
		return err
	}
	end, err := f.front(text, start)
	if err == nil {
		err = f.tail(int64(end), f.src.textEnd(stores))
	}
	f.Slots = append(f.Slots, stores...)
	f.blocks = append(f.blocks, make([]Range, len(stores))...)
	f.guideStore()
	return err
}

// head returns the start of the file with its front matter: one read, and a
// longer one for a front matter that does not end in it.
func (f *markdownFile) head() ([]byte, error) {
	size := min(f.src.Size(), f.src.Value)
	text, err := f.src.Bytes(0, min(size, HeadSize), "Markdown head")
	if err != nil || int64(len(text)) == size {
		return text, err
	}
	start := bytes.TrimPrefix(text, []byte(utf8BOM))
	if openingFence(start, 0) != "---" || bytes.Contains(start, []byte("\n---")) {
		return text, nil
	}
	return f.src.Bytes(0, size, "Markdown front matter")
}

// front lists the entries at the start of text, from pos, and returns where they end.
func (f *markdownFile) front(text []byte, pos int) (end int, err error) {
	if fence := openingFence(text, pos); fence == "+++" || fence == "{" {
		f.refuse = fmt.Errorf("%w: the front matter is TOML or JSON, convert it to YAML", ErrNoPlace)
		return pos, nil
	}
	for end = pos; pos < len(text); {
		if err := f.src.Element(); err != nil {
			return end, err
		}
		line, next := cutLine(text, pos)
		m, ok := parseFrontMatter(text, pos)
		switch {
		case ok:
			next = m.next
			counts, err := f.frontMatter(text, m)
			if err != nil {
				return end, err
			}
			if counts {
				end = next
			}
		case isLoose(text, pos):
			next = entryEnd(text, pos, false)
			if err := f.add(Slot{Place: "Markdown text"}, text, 0, pos, next); err != nil {
				return end, err
			}
			end = next
		case !isRule(line):
			return end, nil
		}
		pos = next
	}
	return end, nil
}

// frontMatter lists the entries of a front matter, and reports whether it is
// the first one or has any.
func (f *markdownFile) frontMatter(text []byte, m frontMatter) (bool, error) {
	first := f.bare && int64(m.start) == f.insert
	slot := Slot{Place: "Markdown further front matter"}
	if first {
		slot.Place = "Markdown front matter"
		f.insert, f.bare = int64(m.body), false
		if m.shut {
			f.refuse = fmt.Errorf("%w: the front matter is in braces or indented, write its keys at the start of lines", ErrNoPlace)
		}
	}
	n, alone := len(f.Slots), true
	for pos := m.body; pos < m.end; {
		line, next := cutLine(text, pos)
		switch key := keyOf(line); {
		case recordKey(key):
			next = entryEnd(text[:m.end], pos, true)
			slot.Guide = first && strings.EqualFold(key, "AIGC")
			first = first && !slot.Guide
			if err := f.add(slot, text, 0, pos, next); err != nil {
				return true, err
			}
		case key != "":
			alone = false
		}
		pos = next
	}
	if alone && len(f.Slots) == n+1 {
		_, end := cutLine(text, m.next)
		if len(bytes.TrimSpace(text[m.next:end])) > 0 {
			end = m.next
		}
		f.blocks[n] = Range{int64(m.start), int64(end - m.start)}
	}
	return slot.Place == "Markdown front matter" || len(f.Slots) > n, nil
}

// tail lists the entries at the end of the text, not before from.
func (f *markdownFile) tail(from, end int64) error {
	base := min(max(from, end-markdownTail), end)
	text, err := f.src.Bytes(base, end-base, "Markdown tail")
	if err != nil {
		return err
	}
	if base > from { // most likely inside a line
		_, pos := cutLine(text, 0)
		text, base = text[pos:], base+int64(pos)
	}
	n := len(f.Slots)
	for at := lastLoose(text); at >= 0; at = lastLoose(text) {
		slot, block := Slot{Place: "Markdown text"}, Range{}
		end := entryEnd(text, at, false)
		if open := lineBefore(text, at); isFence(text[open:at]) && isFence(text[end:]) {
			_, next := cutLine(text, end)
			slot.Place, block = "Markdown code block", Range{base + int64(open), int64(next - open)}
		}
		if err := f.add(slot, text, base, at, end); err != nil {
			return err
		}
		f.blocks[len(f.blocks)-1] = block
		text = text[:at]
	}
	slices.Reverse(f.Slots[n:])
	slices.Reverse(f.blocks[n:])
	return nil
}

// add lists the entry text[from:to], where text starts at base in the file.
func (f *markdownFile) add(s Slot, text []byte, base int64, from, to int) error {
	if err := f.src.counted(); err != nil {
		return err
	}
	s.Kind, s.Key = Record, keyOf(text[from:to])
	s.Value = text[from:to]
	if bytes.Contains(s.Value, []byte("\r\n")) {
		s.Value, s.Encoding = bytes.ReplaceAll(s.Value, []byte("\r\n"), []byte("\n")), "crlf"
	}
	s.Ranges = []Range{{base + int64(from), int64(to - from)}}
	f.Slots = append(f.Slots, s)
	f.blocks = append(f.blocks, Range{})
	return nil
}

// Plan implements [File]. A new entry goes first into the front matter, which is
// the head of the file and safe whatever the last entry is. A front matter or
// a fenced block that held only the entry goes with it.
func (f *markdownFile) Plan(changes []Change) (*splice.Plan, error) {
	var edits, stores []splice.Edit
	for _, c := range changes {
		switch {
		case c.Slot != nil || c.Kind == Record && c.Value == nil:
		case c.Kind == C2PA && c.Value != nil:
			e, err := f.src.storeAddition(c.Value)
			if err != nil {
				return nil, err
			}
			stores = append(stores, e)
		case c.Kind != Record:
			return nil, ErrNoPlace
		case f.refuse != nil:
			return nil, f.refuse
		default:
			edits = append(edits, splice.Edit{Offset: f.insert, Insert: f.entry(c.Value)})
		}
	}
	added := len(edits) > 0
	for i := range f.Slots {
		s := &f.Slots[i]
		change, ok := changed(changes, s)
		switch r, block := s.Ranges[0], f.blocks[i]; {
		case !ok:
		case s.Kind == C2PA:
			stores = append(stores, storeEdit(s, change.Value))
		case change.Value != nil:
			edits = append(edits, splice.Edit{Offset: r.Offset, Delete: r.Length, Insert: bytes.NewReader(f.lines(change.Value))})
		case block.Length > 0 && !(added && block.Offset < f.insert):
			edits = append(edits, splice.Edit{Offset: block.Offset, Delete: block.Length})
		default:
			edits = append(edits, splice.Edit{Offset: r.Offset, Delete: r.Length})
		}
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), append(edits, stores...))
}

// entry returns a new entry, with a front matter if there is none.
func (f *markdownFile) entry(value []byte) splice.Content {
	b := f.lines(value)
	if f.bare {
		fence := []byte("---" + f.newline)
		b = slices.Concat(fence, b, fence)
		if f.insert < f.src.Size() {
			b = append(b, f.newline...)
		}
	}
	return bytes.NewReader(b)
}

// lines returns whole lines with the line break of the file.
func (f *markdownFile) lines(value []byte) []byte {
	b := slices.Concat(bytes.TrimSuffix(value, []byte("\n")), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte(f.newline))
}
