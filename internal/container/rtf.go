package container

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// RTF 1.9.1. No guide names a place for the record. Ours is a custom property of
// the document, which programs show and keep:
//
//	{\*\userprops{\propname AIGC}\proptype30{\staticval \{"Label":"1",...\}}}
//
// Properties stand in the header, before the first paragraph. The text after it
// is not examined.

const (
	rtfSignature = `{\rtf`
	rtfRecord    = "AIGC"
	rtfString    = 30   // the type of a property that is text
	rtfValues    = 1024 // texts and properties
)

type rtfFile struct {
	Layout
	src     *Source
	text    string // the header, and what was read behind it
	groups  []rtfGroup
	blocks  []Range     // of Slots, by index: what goes with a slot
	charset rtfCodePage // of escapes, for the whole file
	unit    int         // \ucN of the file

	insert   int     // where a new group of properties goes
	settled  bool    // the insert position does not move any more
	property int     // where a new property goes, 0 without a group of properties
	custom   []Range // the groups of properties
	open     rtfProperty
}

// An rtfGroup is an open group: {\*\name content}.
type rtfGroup struct {
	start, content int
	name           string // its first control word
	starred        bool
}

// An rtfProperty is a custom property whose end is still to come.
type rtfProperty struct {
	name  string
	kind  int
	start int
	slots []int // its values
}

// RTF walks a file of Rich Text Format. The record is the custom property AIGC,
// our choice.
func RTF(src *Source) (File, error) {
	f := &rtfFile{src: src}
	return f, f.fail(src.Size(), f.walk())
}

func (f *rtfFile) walk() error {
	for _, size := range []int64{HeadSize, f.src.Value} {
		size = min(size, f.src.Size())
		b, err := f.src.Bytes(0, size, "RTF header")
		if err != nil {
			return err
		}
		*f = rtfFile{src: f.src, text: string(b), unit: 1}
		done, err := f.header()
		switch {
		case err != nil:
			return err
		case done:
			return f.end()
		case size == f.src.Size():
			f.damage(size, "%w", errTruncated)
			return nil
		}
	}
	return &LimitError{What: "RTF header", Limit: f.src.Value}
}

// end checks that the last brace is there. What stands between it and the header
// may be anything.
func (f *rtfFile) end() error {
	n := min(f.src.Size(), peekSize)
	tail, err := f.src.Peek(f.src.Size()-n, int(n))
	if err == nil && !bytes.HasSuffix(bytes.TrimRight(tail, "\x00\r\n\t "), []byte("}")) {
		f.damage(f.src.Size(), "%w", errTruncated)
	}
	return err
}

// header reads the groups before the first paragraph, and reports whether that,
// or the end of the document, was seen.
func (f *rtfFile) header() (bool, error) {
	if !strings.HasPrefix(f.text, rtfSignature) {
		f.damage(0, "no signature of RTF")
		return true, nil
	}
	scanner := rtfScanner{text: f.text}
	for {
		t, ok := scanner.next()
		var err error
		switch {
		case !ok:
			return false, nil
		case t.kind == '{':
			err = f.enter(t)
		case t.kind == '}':
			err = f.leave(t)
		case f.isBody(t):
			return true, nil
		case t.kind == '\\':
			f.control(t)
		}
		if err != nil || len(f.groups) == 0 {
			return true, err
		}
	}
}

func (f *rtfFile) enter(t rtfToken) error {
	if err := f.src.Element(); err != nil {
		return err
	}
	if int64(len(f.groups)) == f.src.Depth {
		return &LimitError{What: "RTF depth", Limit: f.src.Depth}
	}
	f.groups = append(f.groups, rtfGroup{start: t.start, content: t.end})
	return nil
}

// rtfTables are the groups of the header that are not marked as such.
const rtfTables = " fonttbl filetbl colortbl stylesheet listtables revtbl info upr mmathPr "

// The texts that describe a document, and the groups that they stand in: the last
// two hold one text in the code page and in Unicode.
const (
	rtfTexts        = " title subject author manager company operator category keywords comment doccomm hlinkbase "
	rtfDescriptions = " info upr ud "
)

// rtfDeepest is the deepest group that has a value: {\rtf {\upr {\ud {\info {\title
// A}}}}}. Texts inside of texts would be decoded once for each of them.
const rtfDeepest = 4

// isBody reports whether the header ends with t: with a word that starts a
// paragraph or a section, with text, or with a group that is text.
func (f *rtfFile) isBody(t rtfToken) bool {
	depth := len(f.groups)
	name := " " + t.word + " "
	switch {
	case depth > 2 || depth == 2 && f.groups[1].name != "":
		return false
	case t.kind == 't':
		return strings.Trim(f.text[t.start:t.end], "\r\n\x00") != ""
	case depth == 1:
		return t.word == "'" || strings.Contains(" pard par sectd plain trowd ", name)
	}
	return t.word != "*" && !f.groups[1].starred && !strings.Contains(rtfTables, name)
}

// control notes what a control word says of its group or of the file.
func (f *rtfFile) control(t rtfToken) {
	g := &f.groups[len(f.groups)-1]
	switch {
	case t.word == "*":
		g.starred = true
	case g.name == "":
		if g.name, g.content = t.word, t.end; len(f.groups) == 1 && t.word != "rtf" {
			f.damage(0, "no signature of RTF")
		}
	case t.word == "proptype":
		f.open.kind = t.param
	case len(f.groups) == 1 && t.word == "uc":
		f.unit = max(t.param, 0)
	case len(f.groups) == 1 && t.word == "ansicpg":
		f.charset = rtfCodePage(t.param)
	}
	if len(f.groups) == 1 && strings.Contains(" rtf ansi mac pc pca ansicpg ", " "+t.word+" ") && !f.settled {
		f.insert = t.end
	}
}

// leave lists the slot of the group that ends with t.
func (f *rtfFile) leave(t rtfToken) error {
	depth := len(f.groups) - 1
	g, parent := f.groups[depth], ""
	if f.groups = f.groups[:depth]; depth > 0 {
		parent = f.groups[depth-1].name
	}
	if depth == 1 && !f.settled {
		f.insert, f.settled = t.end, g.name == "info"
	}
	switch {
	case depth > rtfDeepest:
	case g.name == "userprops" && depth < rtfDeepest:
		f.closeProperty(t.start)
		f.custom = append(f.custom, Range{int64(g.start), int64(t.end - g.start)})
		if f.property == 0 {
			f.property = t.start
		}
	case parent == "userprops" && g.name == "propname":
		f.closeProperty(g.start)
		f.open = rtfProperty{name: f.decode(g, t), start: g.start}
	case parent == "userprops" && g.name == "staticval" && f.open.start > 0:
		return f.value(g, t)
	case strings.Contains(rtfDescriptions, " "+parent+" ") && strings.Contains(rtfTexts, " "+g.name+" "),
		g.name == "generator" && depth == 1:
		return f.add(Slot{Kind: Text, Key: g.name, Place: "RTF " + g.name}, g, t)
	}
	return nil
}

// value lists the value of a property.
func (f *rtfFile) value(g rtfGroup, t rtfToken) error {
	s := Slot{Kind: Text, Key: f.open.name, Place: "RTF custom property " + f.open.name}
	if recordKey(s.Key) {
		s.Kind = Record
		s.Guide = s.Key == rtfRecord && f.open.kind == rtfString && f.vacant(Record)
	}
	n := len(f.Slots)
	err := f.add(s, g, t)
	if len(f.Slots) > n {
		f.open.slots = append(f.open.slots, n)
	}
	return err
}

// closeProperty ends the open property at end, which is part of it.
func (f *rtfFile) closeProperty(end int) {
	for _, i := range f.open.slots {
		f.blocks[i] = Range{int64(f.open.start), int64(end - f.open.start)}
	}
	f.open = rtfProperty{}
}

// add lists what a group holds.
func (f *rtfFile) add(s Slot, g rtfGroup, t rtfToken) error {
	if len(f.Slots) == rtfValues {
		return &LimitError{What: "number of RTF properties", Limit: rtfValues}
	}
	raw, value := f.text[g.content:t.start], f.decode(g, t)
	if s.Kind == Text && strings.TrimSpace(value) == "" {
		return nil
	}
	if s.Value = []byte(value); raw != value {
		s.Encoding = "rtf"
	}
	s.Ranges = []Range{{int64(g.content), int64(len(raw))}}
	f.Slots = append(f.Slots, s)
	f.blocks = append(f.blocks, Range{int64(g.start), int64(t.end - g.start)})
	return nil
}

// decode returns the text of a group that ends with t.
func (f *rtfFile) decode(g rtfGroup, t rtfToken) string {
	return decodeRTF(f.text[g.content:t.start], f.unit, f.charset)
}

// Plan implements [File].
func (f *rtfFile) Plan(changes []Change) (*splice.Plan, error) {
	var edits []splice.Edit
	for _, c := range changes {
		switch {
		case c.Slot != nil || c.Value == nil:
		case c.Kind != Record:
			return nil, ErrNoPlace
		default:
			edits = append(edits, f.insertion(c.Value))
		}
	}
	gone := int64(-1) // the end of the last deletion: a property may have two values
	for i, s := range f.Slots {
		c, ok := changed(changes, &f.Slots[i])
		switch block, r := f.blocks[i], s.Ranges[0]; {
		case !ok || block.Offset < gone:
		case c.Value == nil:
			edits = append(edits, splice.Edit{Offset: block.Offset, Delete: block.Length})
			gone = block.Offset + block.Length
		default:
			value := string(appendRTF(nil, c.Value))
			if f.text[r.Offset-1] != ' ' {
				value = " " + value // which ends the control word
			}
			edits = append(edits, splice.Edit{Offset: r.Offset, Delete: r.Length, Insert: strings.NewReader(value)})
		}
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits)
}

// insertion adds a record to the custom properties.
func (f *rtfFile) insertion(value []byte) splice.Edit {
	at, text := f.property, fmt.Sprintf(`{\propname %s}\proptype%d{\staticval %s}`, rtfRecord, rtfString, appendRTF(nil, value))
	if at == 0 {
		at, text = f.insert, `{\*\userprops `+text+"}"
	}
	return splice.Edit{Offset: int64(at), Insert: strings.NewReader(text)}
}
