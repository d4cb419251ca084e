package label

import (
	"cmp"
	"context"
	"strings"

	"github.com/aigclabel/aigclabel/metadata"
)

// maxTexts bounds the texts of one stream that are told apart.
const maxTexts = 1024

// streamLabels are the labels of one stream: what the protocols need to put them into
// their events.
type streamLabels struct {
	labeler  *Labeler
	stream   Stream
	protocol protocol // nil before the first event that shows it
	fresh    liveText // how each text begins
	texts    map[textKey]*liveText
	plain    *textLabels // of a stream that is one plain text
	id       string      // that the stream gives itself
	record   metadata.Record
	recorded string // where the record is
	extra    []extraEvent
	hold     bool // the event waits for the next one
	waiting  *waitingText
	late     string // JSON for where the event with the edit of waiting has its mark
}

// A waitingText is a text that may have begun with a notice: all events wait until
// that is known.
type waitingText struct {
	*liveText
	opening
	first  string    // piece of the text
	event  *jsonText // that has it
	edit   int       // of event: where the notice would go
	events int       // since
}

// A textKey tells the texts of a stream apart: the index of a choice, or of an item
// and of a part in it.
type textKey struct{ item, part int }

// A protocol is what a stream speaks.
type protocol interface {
	name() string
	// label labels one object.
	label(s *streamLabels, j *jsonText, root span)
	// end writes what is missing where the stream ends.
	end(s *streamLabels)
}

// An extraEvent is one that the labels add to a stream.
type extraEvent struct{ name, json string }

func (l *Labeler) newStreamLabels(s Stream) (*streamLabels, error) {
	labels := &streamLabels{labeler: l, stream: s, texts: map[textKey]*liveText{}}
	var err error
	if labels.fresh, err = l.liveText(s.State); err == nil {
		labels.record, err = l.streamRecord(s.Artifact)
	}
	return labels, err
}

// streamRecord returns a record, completed and checked as for a file.
func (l *Labeler) streamRecord(a Artifact) (metadata.Record, error) {
	rec := metadata.Record{Label: a.State, ContentProducer: l.Producer, ProduceID: a.ID}
	opts := l.Write
	_, receipt, err := metadata.PlanWrite(metadata.Bytes([]byte("{}"), "stream.json"), rec, &opts)
	return receipt.Record, err
}

// label labels one object of the stream.
func (s *streamLabels) label(j *jsonText) {
	root := j.root()
	if s.protocol == nil {
		s.protocol = protocolOf(j, root)
	}
	if s.protocol != nil {
		s.protocol.label(s, j, root)
	}
	if w := s.waiting; w != nil {
		if w.events++; w.events > longNotice {
			s.settle(j)
		}
	}
}

// protocolOf returns the protocol that an object shows, nil for none.
func protocolOf(j *jsonText, root span) protocol {
	kind, object := j.str(j.member(root, "type")), j.str(j.member(root, "object"))
	done := j.member(root, "done")
	switch {
	case j.is(j.member(root, "choices"), '['):
		return new(chat)
	case strings.HasPrefix(kind, "response.") || object == "response":
		return new(responses)
	case kind == "message_start" || kind == "message" && j.is(j.member(root, "content"), '['):
		return new(messages)
	case (j.is(done, 't') || j.is(done, 'f')) && (j.is(j.member(root, "message"), '{') || j.is(j.member(root, "response"), '"')):
		return ollama{}
	}
	return nil
}

// end writes what the protocol misses at the end of the stream.
func (s *streamLabels) end() {
	if s.protocol != nil {
		s.protocol.end(s)
	}
	s.settle(nil)
}

func (s *streamLabels) takeExtras() []extraEvent {
	extra := s.extra
	s.extra = nil
	return extra
}

// takeLate returns the notice that came too late for its event.
func (s *streamLabels) takeLate() string {
	late := s.late
	s.late = ""
	return late
}

// text returns one of the texts.
func (s *streamLabels) text(key textKey) *liveText {
	t := s.texts[key]
	if t == nil {
		fresh := s.fresh
		if t = &fresh; len(s.texts) == maxTexts {
			t.notice = ""
			return t
		}
		s.texts[key] = t
	}
	return t
}

// identify notes the identifier that the stream gives itself.
func (s *streamLabels) identify(id string) { s.id = cmp.Or(s.id, id) }

// pass puts the notice before the first piece of a text.
func (s *streamLabels) pass(j *jsonText, v span, t *liveText) {
	piece := j.str(v)
	switch w := s.waiting; {
	case w != nil && w.liveText == t:
		if w.held = append(w.held, piece...); w.settled() {
			s.settle(j)
		}
	case !t.begun && strings.TrimSpace(piece) != "":
		s.begin(j, v, piece, t)
	}
	t.pass(piece)
}

// begin puts the notice before a piece, or has it wait until it is known whether
// the text has one.
func (s *streamLabels) begin(j *jsonText, v span, piece string, t *liveText) {
	if s.stream.JSON || isData(strings.TrimSpace(piece)) {
		t.notice = ""
	}
	if t.begin(); !t.wantsStart() {
		return
	}
	o := opening{own: t.notice, held: []byte(piece)}
	j.insert(v, 0, "")
	w := &waitingText{liveText: t, opening: o, first: piece, event: j, edit: len(j.edits) - 1}
	other := s.waiting
	if s.waiting = w; w.settled() || other != nil {
		s.settle(j)
		s.waiting = other
		return
	}
	j.edits[w.edit].late = true
}

// settle gives the text that waits its notice; j is the event at hand.
func (s *streamLabels) settle(j *jsonText) {
	w := s.waiting
	if w == nil {
		return
	}
	s.waiting = nil
	there := w.is || w.seen == len(w.held) && opensWithNotice(string(w.held), w.own)
	prefix := inString(w.start(w.first, there))
	if w.event == j {
		j.edits[w.edit] = jsonEdit{j.edits[w.edit].span, prefix, false}
	} else {
		s.late = prefix
	}
}

// settleText is settle for one text.
func (s *streamLabels) settleText(j *jsonText, t *liveText) {
	if s.waiting != nil && s.waiting.liveText == t {
		s.settle(j)
	}
}

// suffix returns what goes behind a text that ends in the event at hand.
func (s *streamLabels) suffix(j *jsonText, t *liveText) string {
	s.settleText(j, t)
	return t.end()
}

// isData reports whether a text begins as JSON does and prose does not.
func isData(text string) bool {
	if text[0] != '[' {
		return text[0] == '{'
	}
	text = strings.TrimSpace(text[1:])
	return text != "" && strings.IndexByte(`{["`, text[0]) >= 0
}

// finish puts the notice behind a text whose last piece is a member of an object:
// a string, null, or absent.
func (s *streamLabels) finish(j *jsonText, in span, name string, t *liveText) {
	suffix := s.suffix(j, t)
	if suffix == "" {
		return
	}
	switch v := j.member(in, name); {
	case j.is(v, '"'):
		j.insert(v, len(j.text), suffix)
	case v.end > 0:
		j.replace(v, quoteJSON(suffix))
	default:
		j.put(in, name, quoteJSON(suffix))
	}
}

// finishParts puts the notice behind the last part of a text.
func (s *streamLabels) finishParts(j *jsonText, parts []span, t *liveText) {
	if suffix := s.suffix(j, t); suffix != "" && len(parts) > 0 {
		j.insert(parts[len(parts)-1], len(j.text), suffix)
	}
}

// mark puts the record into an object that ends the answer, unless it has one.
func (s *streamLabels) mark(j *jsonText, root span) {
	s.settle(j)
	if j.member(root, recordMember).end == 0 {
		j.put(root, recordMember, s.recordJSON())
	}
	s.recorded = "member AIGC of the final object"
}

// recordMember is the name of the member that holds the record.
const recordMember = "AIGC"

// recordJSON returns the record, with the identifier of the stream if the caller
// gave none.
func (s *streamLabels) recordJSON() string {
	if s.stream.ID == "" && s.id != "" && len(s.id) <= maxStreamID {
		a := s.stream.Artifact
		a.ID = s.id
		if rec, err := s.labeler.streamRecord(a); err == nil {
			s.record = rec
		}
	}
	s.stream.ID = s.record.ProduceID
	b, _ := s.record.MarshalJSON() // cannot fail
	return string(b)
}

// maxStreamID is the longest identifier that is taken from a stream, in bytes.
const maxStreamID = 128

// shiftAnnotations moves the positions that annotations have in a text behind its
// notice.
func (s *streamLabels) shiftAnnotations(j *jsonText, list span, t *liveText) {
	for _, a := range j.elements(list) {
		s.shiftAnnotation(j, a, t)
	}
}

// shiftAnnotation moves the positions of one annotation: in chats they are in an
// object that has the name of its type.
func (s *streamLabels) shiftAnnotation(j *jsonText, a span, t *liveText) {
	s.settleText(j, t)
	if inner := j.member(a, j.str(j.member(a, "type"))); inner.end > 0 {
		a = inner
	}
	for _, name := range []string{"start_index", "end_index"} {
		j.increase(j.member(a, name), t.shift())
	}
}

// textFeed makes the stream one plain text.
func (s *streamLabels) textFeed() feed {
	if s.stream.JSON {
		s.fresh.notice = ""
	}
	s.plain = newTextLabels(s.fresh)
	return s.plain
}

// receipt says what was done so far.
func (s *streamLabels) receipt() Receipt {
	r := Receipt{Time: s.stream.Created.UTC(), Profile: s.labeler.Profile.orDefault()}
	if s.protocol != nil {
		r.Format = s.protocol.name()
	}
	r.Record, r.Place = s.record, s.recorded
	notice, record := s.noticeLayer(), Layer{Name: "record", Done: s.recorded != "", Place: s.recorded}
	switch {
	case s.plain != nil:
		record.Reason = "a plain text has no place for a record"
	case !record.Done:
		record.Reason = "no object said that the answer is finished"
	}
	r.Layers = []Layer{notice, record}
	r.Changed = notice.Done || record.Done
	return r
}

// noticeLayer says where notices are.
func (s *streamLabels) noticeLayer() Layer {
	var start, end bool
	for _, t := range s.texts {
		start, end = start || t.prefix != "", end || t.suffix != ""
	}
	if s.plain != nil {
		start, end = s.plain.live.prefix != "", s.plain.live.suffix != ""
	}
	layer := Layer{Name: "notice", Done: start || end}
	switch {
	case start && end:
		layer.Place = "text " + Both.String()
	case start:
		layer.Place = "text " + Start.String()
	case end:
		layer.Place = "text " + End.String()
	case s.fresh.notice == "":
		layer.Reason = "not asked for"
	default:
		layer.Reason = "no text that takes one"
	}
	return layer
}

func (s *streamLabels) log(r Receipt) {
	switch {
	case s.labeler.Log == nil:
	case r.Changed:
		s.labeler.log(context.Background(), r)
	default:
		s.labeler.Log.Warn("stream not labelled", "format", r.Format, "size", r.Size)
	}
}
