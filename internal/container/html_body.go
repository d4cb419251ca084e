package container

import (
	"bytes"
	"html"
	"slices"
	"strings"
)

// An HTMLBody is what an HTML document shows.
type HTMLBody struct {
	Start, End  int      // of its content
	First, Last HTMLLine // of its lines that are not blank
	XML         bool     // it is XHTML
	Frames      bool     // it is a frameset, which shows no text
}

// An HTMLLine is text between two tags that break lines.
type HTMLLine struct {
	Text       string // without references, white space runs as one space
	Start, End int
}

// ReadHTMLBody finds the body of a document: behind the tag of that name, and
// before its end tag. Without these it is what browsers take for it: all from the
// first tag or text on that no head has, up to a tag, comment or element that lacks
// its end.
func ReadHTMLBody(text []byte) HTMLBody {
	return readHTMLBody(text, bytes.HasPrefix(bytes.TrimPrefix(text, []byte(utf8BOM)), []byte("<?xml")))
}

// ReadXHTMLBody is [ReadHTMLBody] for what is known to be XHTML.
func ReadXHTMLBody(text []byte) HTMLBody { return readHTMLBody(text, true) }

func readHTMLBody(text []byte, xml bool) HTMLBody {
	w := htmlBodyScan{text: text}
	w.body.Start = len(text) - len(bytes.TrimPrefix(text, []byte(utf8BOM)))
	w.body.XML = xml
	w.body.End = len(text)
	w.run()
	return w.body
}

// htmlInline are elements that do not break a line.
var htmlInline = strings.Fields("a abbr b bdi bdo cite code data dfn em font i img kbd mark q s samp small span strong sub sup time u var wbr")

// htmlHead are elements of a head.
var htmlHead = strings.Fields("html head title meta link script style base basefont bgsound noscript noframes template")

type htmlBodyScan struct {
	text   []byte
	body   HTMLBody
	open   bool // the body has begun
	ended  bool // and ended
	line   strings.Builder
	lineAt int
}

func (w *htmlBodyScan) run() {
	sc := htmlScanner{text: w.text, pos: w.body.Start, xml: w.body.XML}
	for at := sc.pos; ; at = sc.pos {
		t, text, ok := sc.next()
		to := t.start
		if !ok {
			to = len(w.text) - sc.open
		}
		if text && !w.open {
			w.open, w.body.Start = true, max(w.body.Start, sc.declared)
		}
		if w.open && !w.ended {
			w.add(at, max(at, to))
		}
		if !ok {
			w.flush(to)
			w.body.End = min(w.body.End, to)
			w.body.Start = min(w.body.Start, w.body.End)
			return
		}
		w.tag(&t, sc.pos)
	}
}

// tag notes what a tag says of the body; end is the end of text that is no tags.
func (w *htmlBodyScan) tag(t *htmlTag, end int) {
	switch {
	case t.name == "body" && !t.close:
		w.open, w.body.Start = true, t.end
		w.body.First, w.body.Last = HTMLLine{}, HTMLLine{}
		w.line.Reset()
	case (t.name == "body" || t.name == "html") && t.close:
		if !w.ended {
			w.flush(t.start)
			w.ended, w.body.End = true, t.start
		}
	case !w.open && slices.Contains(htmlHead, t.name):
		w.body.Start = end
	case !w.open:
		w.open, w.body.Frames = true, t.name == "frameset"
	}
	if !slices.Contains(htmlInline, t.name) {
		w.flush(t.start)
	}
}

// htmlText returns what stands between tags without comments and the like.
func htmlText(raw []byte) (text []byte) {
	for sc := (htmlScanner{text: raw}); sc.pos < len(raw); {
		if raw[sc.pos] == '<' && sc.aside(true) {
			continue
		}
		from := sc.pos
		sc.pos++
		sc.word("<")
		text = append(text, raw[from:sc.pos]...)
	}
	return text
}

// add adds text to the line.
func (w *htmlBodyScan) add(from, to int) {
	text := htmlText(w.text[from:to])
	if w.line.Len() == 0 {
		if len(bytes.Trim(text, htmlSpace)) == 0 {
			return
		}
		w.lineAt = from
	}
	if w.line.Len() < maxHTMLLine {
		w.line.Write(text[:min(len(text), maxHTMLLine)])
	}
}

// maxHTMLLine is how much of a line is kept, in bytes.
const maxHTMLLine = 4 << 10

// flush ends the line.
func (w *htmlBodyScan) flush(end int) {
	text := strings.Join(strings.Fields(html.UnescapeString(w.line.String())), " ")
	w.line.Reset()
	if text == "" {
		return
	}
	w.body.Last = HTMLLine{text, w.lineAt, end}
	if w.body.First.Text == "" {
		w.body.First = w.body.Last
	}
}
