package label

import (
	"cmp"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/internal/jsonscan"
	"github.com/aigclabel/aigclabel/metadata"
)

// A Stream is what is to be said of one answer of a model.
type Stream struct {
	// Artifact is the content. An ID that is empty is the one that the stream gives
	// itself (OpenAI, Anthropic), else a new UUID (version 7).
	Artifact

	// ContentType is the media type of the stream, if known.
	ContentType string

	// JSON says that the text is data for programs, which a notice would break: it
	// gets the record alone. It need not be set for OpenAI's responses, which say
	// so, nor for a text that begins with the brace of an object, or with a bracket and
	// in the same event the start of its first element.
	JSON bool
}

// An EventStream labels the answer of a model while it is written: see
// [Labeler.EventStream]. It is for one goroutine.
type EventStream struct {
	out    flushWriter
	labels *streamLabels
	head   []byte // what came while the kind of stream is not known
	feed   feed   // nil until then
	size   int64
	err    error
	closed bool
}

// A feed takes a stream in pieces of any size, and returns what can be sent.
type feed interface {
	add(p []byte) []byte
	end() []byte  // behind the last piece
	rest() []byte // what was taken and not returned, as it came
}

// EventStream returns a writer that labels the answer of a language model while it
// is written to w. It tells by the first event what it gets:
//
//   - OpenAI chat completions, legacy completions and responses, and what speaks
//     like them, as server-sent events or as one JSON object;
//   - Anthropic messages, the same;
//   - Ollama chat and generate, as JSON lines or as one object;
//   - plain text, see [Labeler.TextWriter].
//
// The notice becomes part of the text. At the start it goes into the first event
// of the text that is not white space; at the end into the event that finishes the
// text or, for Anthropic's messages and OpenAI's responses, into one more event of the
// same shape. Each choice and each text of a response has its own. The texts
// that OpenAI's responses repeat when they are done get the same notices; the
// positions in annotations and the sequence numbers follow. Tool calls, reasoning and
// refusals are left alone, and an answer of nothing else gets no notice. One that begins
// with a notice, or ends with one, gets no second there.
//
// The record is a member AIGC, the last one, of each object that says that the answer or
// one of its choices is finished: finish_reason of chats, response.completed,
// message_stop, done of Ollama. Where a chat ends without one, an object is added.
// The guides name no place for streams; this is our choice.
//
// Every other byte goes through as it is. Events are sent and flushed as soon as
// they are complete, with these exceptions. The first ones wait while the text could
// begin with a notice: mostly not at all or for one more word, at most for 80
// events. With a notice at the end, the stop of an Anthropic text block waits for the
// next event. What is one JSON object waits for its end.
//
// Errors, unknown events, events of more than 8 MiB, and streams of no known kind go
// through unlabelled; see [EventStream.Receipt].
//
// Close ends the texts; it does not close w. A configuration that is wrong fails the
// first write, before any byte, with the errors of [Labeler.Label].
func (l *Labeler) EventStream(w io.Writer, s Stream) *EventStream {
	s.Created = cmp.Or(s.Created, time.Now())
	s.State = cmp.Or(s.State, metadata.Generated)
	labels, err := l.newStreamLabels(s)
	return &EventStream{out: flushTo(w), labels: labels, err: err}
}

// Write labels the events that p completes and sends them on.
func (e *EventStream) Write(p []byte) (int, error) {
	if e.err == nil && e.closed {
		e.err = errClosed
	}
	if e.err == nil {
		e.send(e.add(p))
	}
	if e.err != nil {
		return 0, e.err
	}
	return len(p), nil
}

// add returns what can be sent once p has come.
func (e *EventStream) add(p []byte) []byte {
	if e.feed != nil {
		return e.feed.add(p)
	}
	e.head = append(e.head, p...)
	if e.feed = e.labels.feed(e.head); e.feed == nil {
		return nil
	}
	p, e.head = e.head, nil
	return e.feed.add(p)
}

func (e *EventStream) send(b []byte) {
	if err := e.out.send(b); err != nil {
		e.err = fmt.Errorf("label: %w", err)
	}
	e.size += int64(len(b))
}

// Close ends the texts, sends what is left, and writes the receipt to the log.
func (e *EventStream) Close() error {
	if e.closed || e.err != nil {
		return e.err
	}
	e.closed = true
	if e.feed == nil {
		e.send(e.head)
	} else {
		e.send(e.feed.end())
	}
	if e.err == nil {
		e.labels.log(e.Receipt())
	}
	return e.err
}

// abort sends what is left as it is, for a stream that broke off.
func (e *EventStream) abort() {
	if e.closed || e.err != nil {
		return
	}
	e.closed = true
	e.send(e.head)
	if e.feed != nil {
		e.send(e.feed.rest())
	}
}

// Receipt says what was done so far; behind Close, all of it. Its format is
// "openai-chat", "openai-responses", "anthropic-messages", "ollama", "text", or ""
// for a stream of no known kind.
func (e *EventStream) Receipt() Receipt {
	r := e.labels.receipt()
	if _, ok := e.feed.(*textLabels); ok {
		r.Format = "text"
	}
	r.Size = e.size
	return r
}

// starts are what server-sent events begin with.
var starts = []string{"data:", "event:", "id:", "retry:", ": "}

// feed returns what takes the stream that begins with head, nil if that does not
// show yet.
func (s *streamLabels) feed(head []byte) feed {
	kind, _, _ := mime.ParseMediaType(s.stream.ContentType)
	switch {
	case kind == "text/event-stream":
		return &eventFeed{labels: s, limit: maxEvent, framing: serverSent}
	case strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "jsonl"):
		return &eventFeed{labels: s, limit: maxEvent, framing: lines}
	}
	text := strings.TrimLeft(strings.TrimPrefix(string(head[:min(len(head), longLine)]), bom), jsonscan.Space)
	switch {
	case strings.HasPrefix(text, "{"):
		return &eventFeed{labels: s, limit: maxEvent, framing: lines}
	case slices.ContainsFunc(starts, func(start string) bool { return strings.HasPrefix(text, start) }):
		return &eventFeed{labels: s, limit: maxEvent, framing: serverSent}
	case len(head) < longLine && slices.ContainsFunc(append(starts, bom), func(start string) bool { return strings.HasPrefix(start, text) }):
		return nil
	}
	return s.textFeed()
}
