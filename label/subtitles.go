package label

import (
	"html"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/metadata"
)

// subtitles are the formats of timed text.
var subtitles = map[string]struct {
	scan  func(t *textFile, part []byte) iter.Seq[subtitle]
	write func(from, to time.Duration, beside subtitle, text string) string
}{
	"ass": {dialogue, writeDialogue},
	"srt": {cues, writeSRT},
	"vtt": {cues, writeVTT},
}

// A subtitle is what is shown at one time.
type subtitle struct {
	lines       []string
	block       int64    // offset of all of it
	start, stop int64    // of its text
	fields      []string // of a Dialogue line
	names       []string // of its fields
	times       string   // what names its start and its end
}

// A subtitleFile is the first and the last subtitle of a file.
type subtitleFile struct {
	*textFile
	first, last subtitle
	tailOffset  int64 // from which those of last count
}

// openSubtitles reads the ends of a file of subtitles.
func openSubtitles(src metadata.Source, format string) (*subtitleFile, error) {
	t, err := openText(src.R, src.Size, false)
	if err != nil {
		return nil, err
	}
	f, scan := &subtitleFile{textFile: t, tailOffset: t.size - int64(len(t.tail))}, subtitles[format].scan
	for f.first = range scan(t, t.head[t.bom:]) {
		break
	}
	for f.last = range scan(t, t.tail) {
	}
	return f, nil
}

// The places of notices.
const (
	firstSubtitle = "first subtitle"
	lastSubtitle  = "last subtitle"
)

// notices returns the notices in the first and the last subtitle; own is one besides
// those that are known.
func (f *subtitleFile) notices(own string) (found []textNotice) {
	found = f.first.notices(found, own, int64(f.bom), firstSubtitle, leading)
	if len(found) > 0 && found[0].Offset == f.tailOffset+f.last.start {
		return found
	}
	return f.last.notices(found, own, f.tailOffset, lastSubtitle, trailing)
}

// findInSubtitles returns the notices in the first and the last subtitle of a file.
func findInSubtitles(format string) finder {
	return func(src metadata.Source) ([]textNotice, error) {
		f, err := openSubtitles(src, format)
		if err != nil {
			return nil, err
		}
		return f.notices(""), nil
	}
}

// notices adds the notice that a subtitle is, or has as one of its lines.
func (s subtitle) notices(found []textNotice, own string, base int64, place string, at side) []textNotice {
	for _, line := range append([]string{strings.Join(s.lines, "")}, s.lines...) {
		if text, ok := recognise(line, own, at); ok {
			return append(found, textNotice{text, place, base + s.start, s.stop - s.start})
		}
	}
	return found
}

// cueTags matches the tags of a line: <i>, <c.loud>, <00:01.000>, {\an8}.
var cueTags = regexp.MustCompile(`<[^<>]*>|\{\\[^{}]*\}`)

// cues yields what stands between a line of times and the next empty line.
func cues(t *textFile, part []byte) iter.Seq[subtitle] {
	return func(yield func(subtitle) bool) {
		var s subtitle
		inside, block := false, int64(0)
		for l := range t.lines(part) {
			text := t.decode(l.raw[:min(len(l.raw), longLine)])
			switch {
			case strings.Contains(text, "-->"):
				inside, s = true, subtitle{block: block, start: l.offset + int64(len(l.raw)), times: text}
			case strings.TrimSpace(text) == "":
				block = l.offset + int64(len(l.raw))
				if inside && len(s.lines) > 0 && !yield(s) {
					return
				}
				inside = false
			case !inside:
				if l.offset == 0 && strings.HasPrefix(text, "WEBVTT") { // stays the first line, also of a file without an empty one behind it
					block = int64(len(l.raw))
				}
			default:
				s.lines = append(s.lines, html.UnescapeString(strings.TrimRight(cueTags.ReplaceAllString(text, ""), "\r\n")))
				s.stop = l.offset + int64(len(l.raw))
			}
		}
		if inside && len(s.lines) > 0 {
			yield(s)
		}
	}
}

// dialogue yields the Dialogue lines, whose last field is the text.
func dialogue(t *textFile, part []byte) iter.Seq[subtitle] {
	names := eventFields(t)
	from, to := slices.Index(names, "Start"), slices.Index(names, "End")
	understood := from >= 0 && to >= 0 && slices.Index(names, "Text") == len(names)-1
	return func(yield func(subtitle) bool) {
		for l := range t.lines(part) {
			line, ok := strings.CutPrefix(t.decode(l.raw[:min(len(l.raw), longLine)]), "Dialogue:")
			fields := strings.SplitN(line, ",", len(names))
			if !ok || !understood || len(fields) < len(names) {
				continue
			}
			text := strings.TrimRight(cueTags.ReplaceAllString(fields[len(names)-1], ""), "\r\n")
			s := subtitle{
				lines: strings.Split(strings.ReplaceAll(text, `\n`, `\N`), `\N`),
				block: l.offset,
				start: l.offset,
				stop:  l.offset + int64(len(l.raw)),
				names: names, fields: fields,
				times: fields[from] + " --> " + fields[to],
			}
			if !yield(s) {
				return
			}
		}
	}
}

// eventFields returns the names of the fields of Dialogue lines: those of the Format
// line of the last section that has one and begins in the head of the file.
func eventFields(t *textFile) (names []string) {
	for l := range t.lines(t.head[t.bom:]) {
		switch kind, rest, _ := strings.Cut(t.decode(l.raw[:min(len(l.raw), longLine)]), ":"); kind {
		case "Format":
			names = names[:0]
			for name := range strings.SplitSeq(rest, ",") {
				names = append(names, strings.TrimSpace(name))
			}
		case "Dialogue":
			return names
		}
	}
	return names
}
