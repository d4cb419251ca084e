package label

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// subtitleTime is how long the notice is shown: as in video (GB 45438-2025 clause
// 5.4), for want of a rule of its own.
const subtitleTime = 2 * time.Second

// planSubtitles returns the edits that make the notice a subtitle of its own: one at
// the start of the programme, besides what is said there, one behind the last, or
// both. There are none where a notice stands already.
func planSubtitles(j *job) (*splice.Plan, string, error) {
	wording, err := j.Notice.wording(j.state)
	if err != nil {
		return nil, "", err
	}
	if j.format == "ass" && strings.ContainsAny(wording, `{}\`) {
		return nil, "", fmt.Errorf("%w: braces and backslashes are commands in ASS", ErrWording)
	}
	f, err := openSubtitles(j.src, j.format)
	if err != nil {
		return nil, "", err
	}
	if f.first.times == "" || f.last.times == "" {
		return nil, "", missing{fmt.Sprintf("no subtitles in the first or the last %d KiB of the file", edgeSize>>10)}
	}
	edits := f.edits(wording, j.Notice.Position, subtitles[j.format].write)
	if len(edits) > 0 && !f.holds(wording) {
		return nil, "", ErrEncoding
	}
	plan, err := splice.New(j.src.R, j.src.Size, edits)
	return plan, "subtitle at the " + j.Notice.Position.String(), err
}

// edits returns the edits for a notice.
func (f *subtitleFile) edits(wording string, at Position, write func(from, to time.Duration, beside subtitle, text string) string) (edits []splice.Edit) {
	standing := f.notices(wording)
	lacks := func(place string) bool {
		return !slices.ContainsFunc(standing, func(n textNotice) bool { return n.Place == place })
	}
	insert := func(off int64, text string) {
		text = strings.ReplaceAll(text, "\n", f.eol)
		edits = append(edits, splice.Edit{Offset: off, Insert: bytes.NewReader(f.encode(text))})
	}
	if at != End && lacks(firstSubtitle) {
		insert(int64(f.bom)+f.first.block, write(0, subtitleTime, f.first, wording))
	}
	if at != Start && lacks(lastSubtitle) {
		end := endOf(f.last.times)
		insert(f.size, f.gap()+write(end, end+subtitleTime, f.last, wording))
	}
	return edits
}

// gap returns what parts the last subtitle from another.
func (f *subtitleFile) gap() string {
	switch tail := f.decode(f.tail); {
	case f.last.fields != nil && strings.HasSuffix(tail, "\n"), strings.HasSuffix(tail, "\n\n"), strings.HasSuffix(tail, "\n\r\n"):
		return ""
	case f.last.fields != nil, strings.HasSuffix(tail, "\n"):
		return "\n"
	}
	return "\n\n"
}

// endTime matches the second of two times: 01:02:03.456, 02:03,456, 1:02:03.45.
var endTime = regexp.MustCompile(`-->\s*(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})`)

// endOf returns when a subtitle ends, 0 if that cannot be told.
func endOf(times string) time.Duration {
	m := endTime.FindStringSubmatch(times)
	if m == nil {
		return 0
	}
	var n [4]time.Duration
	for i, digits := range m[1:] {
		v, _ := strconv.Atoi(digits) // no hours are none
		n[i] = time.Duration(v)
	}
	for range 3 - len(m[4]) {
		n[3] *= 10
	}
	return n[0]*time.Hour + n[1]*time.Minute + n[2]*time.Second + n[3]*time.Millisecond
}

// clock returns the hours, minutes, seconds and the rest of a time.
func clock(d time.Duration) (h, m, s, rest time.Duration) {
	return d / time.Hour, d / time.Minute % 60, d / time.Second % 60, d % time.Second
}

// writeVTT returns a cue at the top of the picture (WebVTT section 4.4).
func writeVTT(from, to time.Duration, _ subtitle, text string) string {
	return writeCue(from, to, ".", " line:0", strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text))
}

// writeSRT returns a cue with a number, which players ignore: the others keep theirs.
func writeSRT(from, to time.Duration, _ subtitle, text string) string {
	return "0\n" + writeCue(from, to, ",", "", text)
}

func writeCue(from, to time.Duration, point, settings, text string) string {
	stamp := func(d time.Duration) string {
		h, m, s, rest := clock(d)
		return fmt.Sprintf("%02d:%02d:%02d%s%03d", h, m, s, point, rest/time.Millisecond)
	}
	return stamp(from) + " --> " + stamp(to) + settings + "\n" + text + "\n\n"
}

// writeDialogue returns a line at the top of the picture, in the style of another.
func writeDialogue(from, to time.Duration, beside subtitle, text string) string {
	stamp := func(d time.Duration) string {
		h, m, s, rest := clock(d)
		return fmt.Sprintf("%d:%02d:%02d.%02d", h, m, s, rest/(10*time.Millisecond))
	}
	fields := slices.Clone(beside.fields)
	for i, name := range beside.names {
		switch name {
		case "Start":
			fields[i] = stamp(from)
		case "End":
			fields[i] = stamp(to)
		case "Text":
			fields[i] = `{\an8}` + text
		case "Name", "Actor", "Effect":
			fields[i] = ""
		}
	}
	return "Dialogue:" + strings.Join(fields, ",") + "\n"
}
