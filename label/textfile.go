package label

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/metadata"
)

const (
	edgeSize       = 64 << 10 // how much of a text is read at each end
	maxFrontMatter = 4 << 20  // how far the end of a front matter is looked for
)

// A textFile is the two ends of a text.
type textFile struct {
	charset
	src      io.ReaderAt
	size     int64
	markdown bool
	head     []byte
	tail     []byte // begins with a line, and behind the byte order mark
	body     int    // where the text begins in head, behind mark and front matter
	eol      string
	scratch  []byte // of narrow
}

// A textLine is a line with its end.
type textLine struct {
	offset int64
	raw    []byte
}

// openText reads the ends of a text.
func openText(src io.ReaderAt, size int64, markdown bool) (*textFile, error) {
	size = max(size, 0)
	t := &textFile{src: src, size: size, markdown: markdown}
	var err error
	if t.head, err = t.read(0, edgeSize); err != nil {
		return nil, err
	}
	var tail []byte
	if size > edgeSize {
		if tail, err = t.read((size-edgeSize)&^1, edgeSize+1); err != nil {
			return nil, err
		}
	}
	if t.charset, err = detectCharset(t.head, tail); err != nil {
		return nil, err
	}
	if size%int64(t.unit()) != 0 {
		return nil, ErrEncoding
	}
	t.body = t.bom
	t.tail = t.head[t.bom:]
	if tail != nil {
		t.tail = tail[t.lineEnd(tail)%len(tail):]
	}
	t.eol = "\n"
	if first := t.decode(t.head[t.bom:][:t.lineEnd(t.head[t.bom:])]); strings.HasSuffix(first, "\r\n") {
		t.eol = "\r\n"
	}
	return t, t.skipFrontMatter()
}

// read reads at most n bytes at off.
func (t *textFile) read(off, n int64) ([]byte, error) {
	b := make([]byte, min(n, t.size-off))
	if got, err := t.src.ReadAt(b, off); got < len(b) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("label: read text: %w", err)
	}
	return b, nil
}

// lineEnd returns the length of the first line with its end.
func (c charset) lineEnd(b []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '\n')
		switch {
		case n < 0:
			return len(b)
		case c.order == nil:
			return i + n + 1
		}
		i = (i + n) &^ 1
		if i+1 < len(b) && c.order.Uint16(b[i:]) == '\n' {
			return i + 2
		}
		i = min(i+2, len(b))
	}
}

// lines yields the lines of b with their ends. An empty text has one empty line.
func (c charset) lines(b []byte) iter.Seq[textLine] {
	return func(yield func(textLine) bool) {
		for off := 0; off < len(b) || off == 0; {
			n := c.lineEnd(b[off:])
			if !yield(textLine{int64(off), b[off : off+n]}) || n == 0 {
				return
			}
			off += n
		}
	}
}

// blank reports whether a line is white space.
func (c charset) blank(line []byte) bool {
	if c.order == nil {
		line = bytes.Trim(line, " \t\r\n")
		return len(line) == 0 || strings.TrimSpace(c.decode(line)) == ""
	}
	for ; len(line) >= 2; line = line[2:] {
		if !unicode.IsSpace(rune(c.order.Uint16(line))) {
			return false
		}
	}
	return true
}

// endsLine reports whether b ends with the end of a line.
func (c charset) endsLine(b []byte) bool {
	return len(b) >= c.unit() && c.decode(b[len(b)-c.unit():]) == "\n"
}

// narrow returns the start of a line with one byte for each ASCII character, and
// anything for others. It is valid until the next call.
func (t *textFile) narrow(line []byte) []byte {
	line = line[:min(len(line), longLine)]
	if t.order == nil {
		return line
	}
	t.scratch = t.scratch[:0]
	for ; len(line) >= 2; line = line[2:] {
		t.scratch = append(t.scratch, byte(min(t.order.Uint16(line), utf8.RuneSelf)))
	}
	return t.scratch
}

// skipFrontMatter moves the body behind the front matter of a Markdown file. One
// that is not closed is none.
func (t *textFile) skipFrontMatter() error {
	if !t.markdown {
		return nil
	}
	end, open := t.frontMatter(t.head[t.bom:])
	if open && t.size > int64(len(t.head)) {
		head, err := t.read(0, maxFrontMatter)
		if err != nil {
			return err
		}
		t.head = head
		if end, open = t.frontMatter(t.head[t.bom:]); open && t.size > int64(len(t.head)) {
			return &metadata.LimitError{What: "front matter", Limit: maxFrontMatter}
		}
	}
	t.body = t.bom + end
	return nil
}

// frontMatter returns the length of the front matters that b begins with, and
// whether the last of them is not closed. Some agents stack theirs, which begin
// with AIGC, on others.
func (t *textFile) frontMatter(b []byte) (end int, open bool) {
	const none, opened, inside = 0, 1, 2
	state, fence := none, ""
	for l := range t.lines(b) {
		line := bytes.TrimRight(t.narrow(l.raw), " \t\r\n")
		first := end == 0
		switch {
		case state == none && (string(line) == "---" || string(line) == "+++" && first):
			state, fence = opened, string(line)
		case state == none && (len(line) > 0 || first):
			return end, false
		case state == none:
		case string(line) == fence || fence == "---" && string(line) == "...":
			state, end = none, int(l.offset)+len(l.raw)
		case state == opened && first && fence == "---" && (len(line) == 0 || line[0] == '#'):
		case state == opened && !first && !bytes.HasPrefix(line, []byte("AIGC")),
			state == opened && fence == "---" && !container.OpensFrontMatter(line):
			return end, false
		default:
			state = inside
		}
	}
	return end, state != none
}

// endsInCode reports whether the text ends in a fenced code block (CommonMark
// 0.31, section 4.5) that is not closed. It reads the whole text.
func (t *textFile) endsInCode() (bool, error) {
	section := io.NewSectionReader(t.src, int64(t.body), t.size-int64(t.body))
	lines := bufio.NewReader(t.reader(section))
	var fence string
	for start := true; ; {
		line, err := lines.ReadSlice('\n')
		if start {
			fence = nextFence(fence, string(line[:min(len(line), longLine)]))
		}
		start = err == nil
		switch err {
		case nil, bufio.ErrBufferFull:
		case io.EOF:
			return fence != "", nil
		default:
			return false, err
		}
	}
}

// nextFence returns the fence that is open behind a line, "" for none.
func nextFence(open, line string) string {
	line = strings.TrimRight(line, " \t\r\n")
	text := strings.TrimLeft(line, " ")
	if len(line)-len(text) > 3 || text == "" || text[0] != '`' && text[0] != '~' {
		return open
	}
	info := strings.TrimLeft(text, text[:1])
	fence := text[:len(text)-len(info)]
	switch {
	case open != "" && info == "" && strings.HasPrefix(fence, open):
		return ""
	case open != "" || len(fence) < 3 || fence[0] == '`' && strings.Contains(info, "`"):
		return open
	}
	return fence
}
