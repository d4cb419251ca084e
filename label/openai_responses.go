package label

import (
	"strconv"
	"strings"
)

// responses is OpenAI's protocol of responses: each text of the output comes in
// deltas and is repeated when it is done, when its part and its item are, and in
// the response at the end.
type responses struct{ added int } // events, by which the sequence is ahead

func (r *responses) name() string { return "openai-responses" }

func (r *responses) end(*streamLabels) {}

func (r *responses) label(s *streamLabels, j *jsonText, root span) {
	if j.str(j.member(root, "object")) == "response" {
		r.response(s, j, root)
		s.mark(j, root)
		return
	}
	defer func() { j.increase(j.member(root, "sequence_number"), r.added) }()
	t := func() *liveText {
		return s.text(textKey{index(j, root, "output_index"), index(j, root, "content_index")})
	}
	switch kind := j.str(j.member(root, "type")); kind {
	case "response.output_text.delta":
		s.pass(j, j.member(root, "delta"), t())
	case "response.output_text.annotation.added":
		s.shiftAnnotation(j, j.member(root, "annotation"), t())
	case "response.output_text.done":
		r.done(s, j, root, t())
	case "response.content_part.done":
		s.part(j, j.member(root, "part"), t())
	case "response.output_item.done":
		r.item(s, j, j.member(root, "item"), index(j, root, "output_index"))
	default:
		r.response(s, j, j.member(root, "response"))
		if kind == "response.completed" || kind == "response.incomplete" || kind == "response.failed" {
			s.mark(j, root)
		}
	}
}

// index returns the number that a member is, 0 for none.
func index(j *jsonText, in span, name string) int {
	n, _ := j.integer(j.member(in, name))
	return n
}

// response labels the texts of a response, as far as it has them.
func (r *responses) response(s *streamLabels, j *jsonText, response span) {
	s.identify(j.str(j.member(response, "id")))
	if strings.HasPrefix(j.str(j.member(response, "text", "format", "type")), "json") {
		s.stream.JSON = true
	}
	for i, item := range j.elements(j.member(response, "output")) {
		r.item(s, j, item, i)
	}
}

// item labels the texts of one item of the output.
func (r *responses) item(s *streamLabels, j *jsonText, item span, i int) {
	for k, part := range j.elements(j.member(item, "content")) {
		s.part(j, part, s.text(textKey{i, k}))
	}
}

// part labels a text that is whole.
func (s *streamLabels) part(j *jsonText, part span, t *liveText) {
	if j.str(j.member(part, "type")) == "output_text" {
		s.whole(j, j.member(part, "text"), t)
		s.shiftAnnotations(j, j.member(part, "annotations"), t)
	}
}

// whole puts the notices into a text that is whole, where they went when it came
// in pieces.
func (s *streamLabels) whole(j *jsonText, v span, t *liveText) {
	if !j.is(v, '"') {
		return
	}
	switch s.settleText(j, t); {
	case !t.begun:
		s.pass(j, v, t)
	case t.prefix != "":
		j.insert(v, t.at, t.prefix)
	}
	s.suffix(j, t)
	if t.suffix != "" {
		j.insert(v, len(j.text), t.suffix)
	}
}

// done labels the event that repeats a text. The notice at the end becomes one more
// delta before it, and takes its number in the sequence.
func (r *responses) done(s *streamLabels, j *jsonText, root span, t *liveText) {
	streamed := t.begun && !t.ended
	s.whole(j, j.member(root, "text"), t)
	if !streamed || t.suffix == "" {
		return
	}
	extra := `{"type":"response.output_text.delta"`
	for _, name := range []string{"sequence_number", "item_id", "output_index", "content_index"} {
		v := j.member(root, name)
		switch n, ok := j.integer(v); {
		case name == "sequence_number" && ok:
			extra += `,"sequence_number":` + strconv.Itoa(n+r.added)
		case v.end > 0:
			extra += "," + quoteJSON(name) + ":" + j.text[v.at:v.end]
		}
	}
	extra += `,"delta":` + quoteJSON(t.suffix) + `,"logprobs":[]}`
	s.extra = append(s.extra, extraEvent{"response.output_text.delta", extra})
	r.added++
}
