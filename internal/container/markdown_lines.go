package container

import (
	"bytes"
	"strings"
)

// The lines of Markdown and of the YAML in it.

// cutLine returns the line of text at pos without its break, and where the next starts.
func cutLine(text []byte, pos int) (line []byte, next int) {
	line, next = text[pos:], len(text)
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line, next = line[:i], pos+i+1
	}
	return bytes.TrimSuffix(line, []byte("\r")), next
}

// lineBefore returns the start of the line before the one that starts at pos, 0
// if there is none.
func lineBefore(text []byte, pos int) int {
	return bytes.LastIndexByte(text[:max(pos-1, 0)], '\n') + 1
}

// openingFence returns the line at pos if it opens a front matter: --- for YAML,
// +++ for TOML, { for JSON. Else it returns "".
func openingFence(text []byte, pos int) string {
	line, _ := cutLine(text, pos)
	switch fence := string(bytes.TrimRight(line, " \t")); fence {
	case "---", "+++", "{":
		return fence
	}
	return ""
}

// A frontMatter is YAML between two lines.
type frontMatter struct {
	start, body, end, next int  // of the opening line, the YAML, the closing line, and what follows
	shut                   bool // a flow mapping or an indented one: it takes no entry AIGC
}

// parseFrontMatter finds the front matter that starts at pos. It has a closing
// line, and the first line of its YAML that says anything has a key: text
// between two thematic breaks is no front matter.
func parseFrontMatter(text []byte, pos int) (m frontMatter, ok bool) {
	if openingFence(text, pos) != "---" {
		return m, false
	}
	_, m.body = cutLine(text, pos)
	m.start = pos
	seen := false
	for m.end = m.body; m.end < len(text); m.end = m.next {
		var line []byte
		line, m.next = cutLine(text, m.end)
		trimmed := bytes.TrimRight(line, " \t")
		switch {
		case string(trimmed) == "---" || string(trimmed) == "...":
			return m, true
		case seen || len(trimmed) == 0 || trimmed[0] == '#':
			continue
		case !OpensFrontMatter(line):
			return m, false
		}
		seen, m.shut = true, keyOf(line) == ""
	}
	return m, false
}

// OpensFrontMatter reports whether line, the first after --- that is neither
// empty nor a comment, is YAML with keys.
func OpensFrontMatter(line []byte) bool {
	line = bytes.TrimLeft(line, " ")
	return len(line) > 0 && (line[0] == '{' || line[0] == '[' || keyOf(line) != "")
}

// keyOf returns the key at the start of a line, "" if there is none.
func keyOf(line []byte) string {
	i := bytes.IndexAny(line, ":\r\n")
	if i <= 0 || line[i] != ':' || i+1 < len(line) && strings.IndexByte(" \t\r\n", line[i+1]) < 0 {
		return ""
	}
	if strings.IndexByte(" \t#-{}[]", line[0]) >= 0 {
		return ""
	}
	return strings.Trim(string(line[:i]), ` "'`)
}

// isNested reports whether a line goes on with the entry of the line before: it
// is indented, an item of a sequence, or closes a bracket.
func isNested(line []byte) bool {
	return len(line) > 0 && strings.IndexByte(" \t}]", line[0]) >= 0 && len(bytes.TrimSpace(line)) > 0 ||
		bytes.HasPrefix(line, []byte("- "))
}

// entryEnd returns where the entry at pos ends: after its last nested line.
// Empty lines and comments may stand between if gaps is set.
func entryEnd(text []byte, pos int, gaps bool) int {
	_, end := cutLine(text, pos)
	for pos = end; pos < len(text); {
		line, next := cutLine(text, pos)
		switch blank := len(bytes.TrimSpace(line)) == 0; {
		case isNested(line):
			end = next
		case !gaps || !blank && line[0] != '#':
			return end
		}
		pos = next
	}
	return end
}

// isLoose reports whether a record's entry starts at pos, outside of a front
// matter: prose may have such a line as well, so it must have a label.
func isLoose(text []byte, pos int) bool {
	if line, _ := cutLine(text, pos); keyOf(line) != "AIGC" {
		return false
	}
	return bytes.Contains(bytes.ToLower(text[pos:entryEnd(text, pos, false)]), []byte("label"))
}

// lastLoose returns the start of the last loose entry of text if only the frame
// of one follows it, else -1.
func lastLoose(text []byte) int {
	for at := len(text); at > 0; {
		at = lineBefore(text, at)
		line, _ := cutLine(text, at)
		switch {
		case isLoose(text, at):
			if onlyFrame(text[entryEnd(text, at, false):]) {
				return at
			}
			return -1
		case !isFrame(line) && !isNested(line):
			return -1
		}
	}
	return -1
}

// onlyFrame reports whether all lines of text are the frame of an entry.
func onlyFrame(text []byte) bool {
	for pos := 0; pos < len(text); {
		line, next := cutLine(text, pos)
		if !isFrame(line) {
			return false
		}
		pos = next
	}
	return true
}

// isRule reports whether a line is empty or a thematic break.
func isRule(line []byte) bool {
	switch string(bytes.TrimSpace(line)) {
	case "", "---", "***", "___", "...":
		return true
	}
	return false
}

// isFence reports whether text starts with the fence of a code block.
func isFence(text []byte) bool {
	return bytes.HasPrefix(text, []byte("```")) || bytes.HasPrefix(text, []byte("~~~"))
}

// isFrame reports whether a line may stand around a loose entry at the end of a
// file: a thematic break, a fence, an HTML tag.
func isFrame(line []byte) bool {
	tag := bytes.TrimSpace(line)
	return isRule(line) || isFence(line) || tag[0] == '<' && tag[len(tag)-1] == '>'
}
