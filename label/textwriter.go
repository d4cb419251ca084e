package label

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/aigclabel/aigclabel/metadata"
)

// TextWriter returns a writer that puts the notice of l into a text while it is
// written to w: UTF-8, plain or Markdown without front matter. The notice is a
// paragraph at the start of the text, at its end or both ([Notice].Position); a
// text that has one there gets no second, and an empty text gets none. Line ends
// are those of the first line, where they are known in time, else LF.
//
// Nothing waits but the start of the text, for as long as its first characters could
// be those of a notice: at most a line of 80 characters, mostly one word. Each
// write is flushed if w is an [http.ResponseWriter] or has a Flush method. Close
// writes the notice at the end and does not close w. A configuration that is
// wrong fails the first write, before any byte, with the errors of [Labeler.Label].
//
// The writer is for one goroutine. A plain text has no place for a record; with l's
// Notice nil, nothing is added. For streams of events see [Labeler.EventStream].
func (l *Labeler) TextWriter(w io.Writer, a Artifact) io.WriteCloser {
	live, err := l.liveText(a.State)
	return &textWriter{out: flushTo(w), labels: newTextLabels(live), err: err}
}

// textLabels puts notices into a text that comes in pieces of any size.
type textLabels struct {
	live    liveText
	opening opening
	open    bool // the opening is settled
}

func newTextLabels(live liveText) *textLabels {
	return &textLabels{live: live, opening: opening{own: live.notice}, open: !live.wantsStart()}
}

// add returns what can be written once p has come.
func (t *textLabels) add(p []byte) []byte {
	if t.open {
		t.live.pass(string(p))
		return p
	}
	t.opening.held = append(t.opening.held, p...)
	if !t.opening.settled() {
		return nil
	}
	_, shown := t.opening.split(t.opening.seen)
	return t.begin(t.live.start(shown, t.opening.is))
}

// begin returns what was held, with the notice in its place.
func (t *textLabels) begin(notice string) []byte {
	mark, text := t.opening.split(len(t.opening.held))
	t.open, t.opening.held = true, nil
	t.live.pass(text)
	return []byte(mark + notice + text)
}

// end returns what is left to write.
func (t *textLabels) end() []byte {
	var out []byte
	if !t.open {
		notice := ""
		if _, text := t.opening.split(len(t.opening.held)); strings.TrimSpace(text) != "" {
			notice = t.live.start(text, opensWithNotice(text, t.opening.own))
		}
		out = t.begin(notice)
	}
	return append(out, t.live.end()...)
}

// liveText returns an empty text that gets the notice of l.
func (l *Labeler) liveText(state metadata.State) (liveText, error) {
	if _, err := ParseProfile(string(l.Profile)); err != nil || l.Notice == nil {
		return liveText{}, err
	}
	notice, err := l.Notice.wording(cmp.Or(state, metadata.Generated))
	return liveText{notice: notice, pos: l.Notice.Position}, err
}

// rest returns what is held.
func (t *textLabels) rest() []byte { return t.opening.held }

type textWriter struct {
	out    flushWriter
	labels *textLabels
	err    error
	closed bool
}

func (t *textWriter) Write(p []byte) (int, error) {
	if t.err == nil && t.closed {
		t.err = errClosed
	}
	if t.err == nil {
		t.err = t.out.send(t.labels.add(p))
	}
	if t.err != nil {
		return 0, t.err
	}
	return len(p), nil
}

func (t *textWriter) Close() error {
	if t.closed || t.err != nil {
		return t.err
	}
	t.closed = true
	t.err = t.out.send(t.labels.end())
	return t.err
}

// errClosed reports a write behind the end.
var errClosed = errors.New("label: write to a closed stream")

// A flushWriter passes on what it writes at once.
type flushWriter struct {
	w     io.Writer
	flush func() error
}

// flushTo returns the flushWriter of w, which need not be able to flush.
func flushTo(w io.Writer) flushWriter {
	switch f := w.(type) {
	case http.ResponseWriter:
		return flushWriter{w, http.NewResponseController(f).Flush}
	case *bufio.Writer:
		return flushWriter{w, f.Flush}
	case http.Flusher:
		return flushWriter{w, func() error { f.Flush(); return nil }}
	}
	return flushWriter{w, func() error { return nil }}
}

// send writes b and flushes, if there is something to write.
func (f flushWriter) send(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if _, err := f.w.Write(b); err != nil {
		return err
	}
	if err := f.flush(); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
