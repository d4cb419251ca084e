package label

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// A liveText is a text that goes by in pieces, and gets its notices on the way:
// a paragraph each, before the first piece that is not white space and behind the
// last one.
type liveText struct {
	notice string // "" for none
	pos    Position

	begun, ended bool
	at           int    // how many bytes of the text stand before the prefix
	prefix       string // the notice at the start with its line ends, "" if there is none
	suffix       string // the one at the end
	eol          string // of the first line, "" before it ends
	size         int
	tail         []byte // the end of what went by
}

// liveTail is how much of the end of a text is remembered: a line and some white space.
const liveTail = 2 * longLine

// begin notes that the next piece is the first that is not white space.
func (t *liveText) begin() { t.begun, t.at = true, t.size }

// wantsStart reports whether the text gets a notice at its start, unless it has one.
func (t *liveText) wantsStart() bool { return t.notice != "" && t.pos != End }

// start returns what goes before the piece with which the text begins. A text that
// is labelled already gets nothing.
func (t *liveText) start(piece string, labelled bool) string {
	if labelled || !t.wantsStart() {
		return ""
	}
	t.prefix = t.notice + t.lineEnd(piece)
	if strings.TrimLeft(piece, "\r\n") == piece {
		t.prefix += t.lineEnd(piece)
	}
	return t.prefix
}

// opensWithNotice reports whether the first line of a text is or begins with a notice.
func opensWithNotice(text, own string) bool {
	line, _, _ := strings.Cut(strings.TrimSpace(text[:min(len(text), longLine)]), "\n")
	_, there := recognise(line, own, leading)
	return there
}

// lineEnd returns the line end of the text, as far as it and the next piece show it.
func (t *liveText) lineEnd(piece string) string {
	if t.eol == "" {
		if i := strings.IndexByte(piece, '\n'); i > 0 && piece[i-1] == '\r' || i == 0 && bytes.HasSuffix(t.tail, []byte("\r")) {
			return "\r\n"
		}
		return "\n"
	}
	return t.eol
}

// pass notes a piece that goes by.
func (t *liveText) pass(piece string) {
	t.begun = t.begun || strings.TrimSpace(piece) != ""
	if t.eol == "" && strings.Contains(piece, "\n") {
		t.eol = t.lineEnd(piece)
	}
	t.size += len(piece)
	if len(piece) >= liveTail {
		t.tail = append(t.tail[:0], piece[len(piece)-liveTail:]...)
		return
	}
	if over := len(t.tail) + len(piece) - liveTail; over > 0 {
		t.tail = append(t.tail[:0], t.tail[over:]...)
	}
	t.tail = append(t.tail, piece...)
}

// end returns what goes behind the text. It ends once.
func (t *liveText) end() string {
	if !t.begun || t.ended {
		return ""
	}
	t.ended = true
	if t.notice == "" || t.pos == Start || t.endsWithNotice() {
		return ""
	}
	eol, blank := t.lineEnd(""), false
	rest, ends := bytes.CutSuffix(t.tail, []byte("\n"))
	if ends {
		blank = bytes.HasSuffix(bytes.TrimRight(rest, "\r \t"), []byte("\n"))
	}
	switch {
	case !ends:
		t.suffix = eol + eol + t.notice
	case blank:
		t.suffix = t.notice + eol
	default:
		t.suffix = eol + t.notice + eol
	}
	return t.suffix
}

// endsWithNotice reports whether the last line is or ends with a notice.
func (t *liveText) endsWithNotice() bool {
	text := bytes.TrimSpace(t.tail)
	line := text[bytes.LastIndexByte(text, '\n')+1:]
	_, there := recognise(string(line[max(0, len(line)-longLine):]), t.notice, trailing)
	return there
}

// shift returns by how many characters the notice at the start moves a position.
func (t *liveText) shift() int { return utf8.RuneCountInString(t.prefix) }
