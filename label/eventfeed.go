package label

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// A framing is how a stream is cut into events.
type framing int

const (
	serverSent framing = iota // an empty line ends an event (WHATWG HTML, section 9.2)
	lines                     // a line feed does: JSON Lines
	document                  // the stream is one event: a JSON text on several lines
)

// maxEvent is the largest event that is labelled. Those of models have some
// hundred bytes; pictures in a final event make it megabytes.
const maxEvent = 8 << 20

// An eventFeed cuts a stream into events and has them labelled.
type eventFeed struct {
	labels  *streamLabels
	framing framing
	limit   int // of an event, in bytes

	inLine  bool   // the line has begun
	cr      bool   // the last byte was a carriage return, and ended a line
	json    bool   // a line was JSON: the stream is no document
	pending []byte // of the event
	over    bool   // the event is larger than the limit: it goes through
	waiting []byte // events that wait for the labels to know how a text begins
	late    int    // where in them its notice goes
	held    []byte // events that wait for the next one
	ready   []byte // to be returned
}

func (f *eventFeed) add(p []byte) []byte {
	f.ready = nil
	for len(p) > 0 {
		n, whole := f.cut(p)
		f.collect(p[:n], whole)
		p = p[n:]
	}
	return f.ready
}

func (f *eventFeed) end() []byte {
	f.ready = nil
	if len(f.pending) > 0 {
		f.event(f.pending)
	} else if !f.over {
		f.labels.end()
		f.send(nil, 0, f.extras(eventStyle{eol: "\n", space: " "}))
	}
	f.labels.settle(nil)
	f.flush()
	return f.ready
}

func (f *eventFeed) rest() []byte { return append(append(f.waiting, f.held...), f.pending...) }

// flush sends what waits and what is held.
func (f *eventFeed) flush() {
	f.release()
	f.ready = append(f.ready, f.held...)
	f.held = nil
}

// release sends what waited for the labels.
func (f *eventFeed) release() {
	if len(f.waiting) > 0 {
		f.ready = append(append(append(f.ready, f.waiting[:f.late]...), f.labels.takeLate()...), f.waiting[f.late:]...)
		f.waiting = f.waiting[:0]
	}
}

// cut returns how much of p belongs to the event, and whether that ends it.
func (f *eventFeed) cut(p []byte) (n int, whole bool) {
	switch f.framing {
	case serverSent:
		return f.cutServerSent(p)
	case lines:
		if i := bytes.IndexByte(p, '\n'); i >= 0 {
			return i + 1, true
		}
	}
	return len(p), false
}

// cutServerSent is cut for lines that end in CR, LF or both. The LF of a pair may
// come late: it counts for nothing then.
func (f *eventFeed) cutServerSent(p []byte) (n int, whole bool) {
	for n < len(p) {
		if c := p[n]; c != '\r' && c != '\n' {
			f.inLine, f.cr = true, false
			if i := bytes.IndexAny(p[n:], "\r\n"); i >= 0 {
				n += i
				continue
			}
			return len(p), false
		}
		n++
		if p[n-1] == '\n' && f.cr {
			f.cr = false
			if len(f.pending) == 0 && n == 1 {
				return n, true
			}
			continue
		}
		f.cr = p[n-1] == '\r'
		if f.inLine {
			f.inLine = false
			continue
		}
		if f.cr && n < len(p) && p[n] == '\n' {
			f.cr = false
			n++
		}
		return n, true
	}
	return n, false
}

// collect takes bytes of one event.
func (f *eventFeed) collect(b []byte, whole bool) {
	switch {
	case f.over:
		f.ready = append(f.ready, b...)
	case len(b) > f.limit-len(f.pending):
		f.over = true
		f.labels.settle(nil)
		f.flush()
		f.ready = append(append(f.ready, f.pending...), b...)
		f.pending = nil
	case len(f.pending) > 0 || !whole:
		f.pending = append(f.pending, b...)
		b = f.pending
		fallthrough
	default:
		if whole && f.isEvent(b) {
			f.event(b)
			f.pending = f.pending[:0]
		}
	}
	if whole {
		f.over = false
	}
}

// isEvent reports whether a line is an event: where the first that is not blank is
// not JSON, the stream is a document.
func (f *eventFeed) isEvent(b []byte) bool {
	if f.framing != lines || f.json || len(bytes.TrimSpace(b)) == 0 {
		return true
	}
	if f.json = json.Valid(bytes.TrimPrefix(b, []byte(bom))); !f.json {
		f.framing = document
		if len(f.pending) == 0 {
			f.pending = bytes.Clone(b)
		}
	}
	return f.json
}

// event has an event labelled, and sends or holds it.
func (f *eventFeed) event(raw []byte) {
	e := f.read(raw)
	out, late := raw, 0
	if j, ok := parseObject(e.text); ok {
		f.labels.label(j)
		out, late = j.apply(raw, e.position)
	} else if strings.TrimSpace(e.text) == "[DONE]" {
		f.labels.end()
	}
	f.send(out, late, f.extras(e.style))
}

// send sends an event behind the extra ones, or lets it wait: late is where a notice
// may come.
func (f *eventFeed) send(out []byte, late int, extra []byte) {
	to := &f.waiting
	if len(f.waiting)+len(f.held)+len(out) > f.limit {
		f.labels.settle(nil)
		f.labels.hold = false
	}
	if f.labels.waiting == nil {
		f.release()
		to = &f.ready
		if late > 0 {
			out, late = slices.Insert(out, late, []byte(f.labels.takeLate())...), 0
		}
	}
	if *to = append(*to, extra...); f.labels.hold {
		f.held = append(f.held, out...)
		return
	}
	*to = append(*to, f.held...)
	f.held = f.held[:0]
	if late > 0 {
		f.late = len(*to) + late
	}
	*to = append(*to, out...)
}

// extras returns the events that the labels add.
func (f *eventFeed) extras(style eventStyle) (out []byte) {
	for _, x := range f.labels.takeExtras() {
		switch {
		case f.framing != serverSent:
			out = append(out, x.json+"\n"...)
			continue
		case x.name != "" && style.named:
			out = append(out, "event:"+style.space+x.name+style.eol...)
		}
		out = append(out, "data:"+style.space+x.json+style.eol+style.eol...)
	}
	return out
}

// A rawEvent is an event as it came.
type rawEvent struct {
	text  string // its data
	lines []span // where that lies, line by line
	style eventStyle
}

// An eventStyle is how a stream writes its events.
type eventStyle struct {
	eol, space string
	named      bool // events have a name
}

// read finds the data of an event. In server-sent events it is what stands behind
// "data:" and one space; that of more lines is joined with line feeds.
func (f *eventFeed) read(raw []byte) rawEvent {
	e := rawEvent{style: eventStyle{eol: "\n", space: " "}}
	if f.framing != serverSent {
		skip := len(raw) - len(bytes.TrimPrefix(raw, []byte(bom)))
		e.lines = []span{{skip, len(raw)}}
		e.text = string(raw[skip:])
		return e
	}
	for at := 0; at < len(raw); {
		end := at + len(raw[at:])
		if i := bytes.IndexAny(raw[at:], "\r\n"); i >= 0 {
			end = at + i
		}
		e.line(raw, at, end)
		if at = end + 1; at < len(raw) && raw[end] == '\r' && raw[at] == '\n' {
			e.style.eol = "\r\n"
			at++
		}
	}
	var text strings.Builder
	for i, l := range e.lines {
		if i > 0 {
			text.WriteByte('\n')
		}
		text.Write(raw[l.at:l.end])
	}
	e.text = text.String()
	return e
}

// line reads one line of an event.
func (e *rawEvent) line(raw []byte, at, end int) {
	field, value, found := bytes.Cut(bytes.TrimPrefix(raw[at:end], []byte(bom)), []byte(":"))
	switch string(field) {
	case "event":
		e.style.named = true
	case "data":
		if e.style.space = ""; bytes.HasPrefix(value, []byte(" ")) {
			e.style.space, value = " ", value[1:]
		}
		if found {
			e.lines = append(e.lines, span{end - len(value), end})
		} else {
			e.lines = append(e.lines, span{end, end})
		}
	}
}

// position returns where byte p of the data is in the event.
func (e *rawEvent) position(p int) int {
	for _, l := range e.lines {
		if p <= l.end-l.at {
			return l.at + p
		}
		p -= l.end - l.at + 1
	}
	return 0
}
