package container

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// XML 1.0 of no vocabulary that has a place of its own. No guide names a place
// for the record. Ours is a processing instruction in the prolog,
//
//	<?xml version="1.0"?>
//	<?AIGC {"Label":"1",...}?>
//
// which is data for programs (2.6): no schema forbids it, and no reader takes it
// for content. Of the document, no more than the prolog is read.

const (
	xmlRecord      = "AIGC"
	xmlDeclaration = "<?xml"
)

type xmlFile struct {
	blockText
	text    string // the head of the file
	newline string // in front of a new record
	ascii   bool   // the encoding is known to have no more in common with ours
}

// XML walks an XML document. One in UTF-16 has no slots.
func XML(src *Source) (File, error) {
	f := &xmlFile{blockText: blockText{src: src}}
	f.encode = f.data
	err := f.fail(src.Size(), f.walk())
	f.before, f.after = f.newline+"<?"+xmlRecord+" ", "?>"
	return f, err
}

// IsXML reports whether a file has an XML declaration and an element; with a name
// that says so, the declaration may lack.
func IsXML(src *Source, named bool) (bool, error) {
	head, err := src.Head(HeadSize)
	if order := utf16Order(head); order != nil {
		head = decodeUTF16(head[2:], order)
	}
	if !startsTag(head) {
		return false, err
	}
	text := strings.TrimPrefix(string(head), utf8BOM)
	// White space may stand before all but a declaration.
	plain := named && !isXMLDeclaration(strings.TrimLeft(text, xmlscan.Whitespace))
	return (isXMLDeclaration(text) || plain) && xmlRoot(text) != "", err
}

// startsTag reports whether the first character of a text opens a tag.
func startsTag(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(text, []byte(utf8BOM)), xmlscan.Whitespace), []byte("<"))
}

func isXMLDeclaration(text string) bool {
	rest, ok := strings.CutPrefix(text, xmlDeclaration)
	return ok && rest != "" && strings.IndexByte(xmlscan.Whitespace, rest[0]) >= 0
}

func (f *xmlFile) walk() error {
	b, err := f.src.Bytes(0, min(f.src.Size(), HeadSize), "XML prolog")
	switch {
	case err != nil:
		return err
	case utf16Order(b) != nil:
		f.refuse = fmt.Errorf("%w: convert the text from UTF-16 to UTF-8", ErrNoPlace)
		return nil
	}
	f.text = string(b)
	charset := xmlEncoding(f.text)
	f.ascii = charset != "" && charset != "utf-8"
	if err := f.prolog(); err != nil {
		return err
	}
	n := min(f.src.Size(), peekSize)
	tail, err := f.src.Peek(f.src.Size()-n, int(n))
	if err == nil && !bytes.HasSuffix(bytes.TrimRight(tail, "\x00"+xmlscan.Whitespace), []byte(">")) {
		f.damage(f.src.Size(), "%w", errTruncated)
	}
	return err
}

// prolog lists the records in front of the root element.
func (f *xmlFile) prolog() error {
	f.insert = len(f.text) - len(strings.TrimPrefix(f.text, utf8BOM))
	for sc := (xmlscan.Scanner{Doc: f.text, Pos: f.insert, DTD: true}); ; {
		t, err := sc.Next()
		switch blank := strings.Trim(f.text[t.Start:max(t.Start, t.End)], xmlscan.Whitespace) == ""; {
		case t.Kind == xmlscan.StartTag: // even if it is cut off
			return nil
		case err == nil && (t.Kind == xmlscan.Comment || t.Kind == xmlscan.Doctype || t.Kind == xmlscan.Text && blank):
		case err == nil && t.Kind == xmlscan.Instruction:
			if err := f.instruction(t); err != nil {
				return err
			}
		case int64(len(f.text)) < f.src.Size():
			f.refuse = fmt.Errorf("%w: the prolog is longer than %d bytes", ErrNoPlace, HeadSize)
			return nil
		default:
			f.damage(int64(sc.Pos), "no XML element")
			return nil
		}
	}
}

// declared notes the end of the XML declaration, behind which records go.
func (f *xmlFile) declared(end int) {
	f.insert = end
	for _, newline := range []string{"\r\n", "\n"} {
		if strings.HasPrefix(f.text[end:], newline) {
			f.newline = newline
			return
		}
	}
}

// instruction lists a processing instruction that is a record.
func (f *xmlFile) instruction(t xmlscan.Token) error {
	if t.Start == f.insert && isXMLDeclaration(f.text[t.Start:t.End]) {
		f.declared(t.End)
		return nil
	}
	if err := f.src.Element(); err != nil {
		return err
	}
	body := f.text[t.Start+len("<?") : t.End-len("?>")]
	target := body[:len(body)-len(strings.TrimLeft(body, rtfLetters+"0123456789._-:"))]
	if !recordKey(target) {
		return nil
	}
	value := strings.Trim(body[len(target):], xmlscan.Whitespace)
	start := t.Start + len("<?") + strings.LastIndex(body, value)
	_, err := f.addSlot(Slot{
		Kind: Record, Key: target, Place: "XML processing instruction " + target, Guide: target == xmlRecord && f.vacant(Record),
		Value: []byte(value), Ranges: []Range{{int64(start), int64(len(value))}},
	})
	block := Range{int64(t.Start), int64(t.End - t.Start)}
	if f.newline != "" && strings.HasSuffix(f.text[:t.Start], f.newline) {
		n := int64(len(f.newline))
		block.Offset, block.Length = block.Offset-n, block.Length+n
	}
	f.blocks = append(f.blocks, block)
	return err
}

// data returns a record as it stands in a processing instruction.
func (f *xmlFile) data(value []byte) (string, error) {
	line, err := jsonLine(value)
	switch {
	case err != nil:
		return "", err
	case !xmlscan.IsText(line):
		return "", ErrNoPlace
	case f.ascii && strings.ContainsFunc(line, func(r rune) bool { return r > '~' }):
		return "", fmt.Errorf("%w: convert the text to UTF-8", ErrNoPlace)
	}
	return strings.ReplaceAll(line, "?>", `?\u003e`), nil
}
