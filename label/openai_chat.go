package label

import (
	"slices"
	"strconv"
	"strings"
)

// chat is OpenAI's protocol of chat completions and of the completions before
// them: objects with choices, each with a piece of its text in delta.content, in
// message.content where the object is the whole answer, or in text.
type chat struct {
	head string // the members that the objects of a stream have in common
	open []int  // choices with text that are not finished
}

func (c *chat) name() string { return "openai-chat" }

func (c *chat) label(s *streamLabels, j *jsonText, root span) {
	s.identify(j.str(j.member(root, "id")))
	if c.head == "" {
		c.head = chatHead(j, root)
	}
	finished := false
	for i, choice := range j.elements(j.member(root, "choices")) {
		if index, ok := j.integer(j.member(choice, "index")); ok {
			i = index
		}
		finished = c.choice(s, j, choice, i) || finished
	}
	if finished {
		s.mark(j, root)
	}
	if j.member(root, "error").end > 0 || j.member(root, recordMember).end > 0 {
		c.open = nil // clients stop at errors; a record says that no more is to come
	}
}

// choice labels one choice, and reports whether it is finished now.
func (c *chat) choice(s *streamLabels, j *jsonText, choice span, index int) bool {
	t := s.text(textKey{item: index})
	in, name := choice, "text"
	for _, holder := range []string{"delta", "message"} {
		if v := j.member(choice, holder); j.is(v, '{') {
			in, name = v, "content"
		}
	}
	content := j.member(in, name)
	pieces := textParts(j, content)
	for _, v := range pieces {
		s.pass(j, v, t)
	}
	if len(pieces) == 0 {
		s.settleText(j, t)
	}
	s.shiftAnnotations(j, j.member(in, "annotations"), t)
	if t.begun && !t.ended && !slices.Contains(c.open, index) && len(c.open) < maxTexts {
		c.open = append(c.open, index)
	}
	if j.str(j.member(choice, "finish_reason")) == "" || t.ended {
		return false
	}
	c.open = slices.DeleteFunc(c.open, func(i int) bool { return i == index })
	switch {
	case j.is(content, '['):
		s.finishParts(j, pieces, t)
	case name == "content" || content.end > 0:
		s.finish(j, in, name, t)
	default:
		if suffix := s.suffix(j, t); suffix != "" {
			j.put(choice, "delta", chatDelta(suffix))
		}
	}
	t.ended = true
	return true
}

// end writes an object of the same shape where none said that the choices are
// finished: some servers just stop.
func (c *chat) end(s *streamLabels) {
	if len(c.open) == 0 {
		return
	}
	var choices []string
	for _, i := range c.open {
		delta := chatDelta(s.suffix(nil, s.text(textKey{item: i})))
		choices = append(choices, `{"index":`+strconv.Itoa(i)+`,"delta":`+delta+`,"finish_reason":null}`)
	}
	c.open = nil
	end := &jsonText{text: "{" + c.head + `"choices":[` + strings.Join(choices, ",") + "]}"}
	s.mark(end, end.root())
	out, _ := end.apply([]byte(end.text), func(p int) int { return p })
	s.extra = append(s.extra, extraEvent{json: string(out)})
}

// textParts returns the strings of a content: itself, or the texts of its parts.
func textParts(j *jsonText, content span) (parts []span) {
	if j.is(content, '"') {
		return []span{content}
	}
	for _, part := range j.elements(content) {
		if kind := j.str(j.member(part, "type")); kind == "text" || kind == "output_text" {
			if v := j.member(part, "text"); j.is(v, '"') {
				parts = append(parts, v)
			}
		}
	}
	return parts
}

// maxChatHead is how much of an object is kept for one of the same shape.
const maxChatHead = 4 << 10

// chatHead returns the members that an object has in common with the others of its
// stream, as they are written.
func chatHead(j *jsonText, root span) string {
	var head []string
	for _, name := range []string{"id", "object", "created", "model"} {
		if v := j.member(root, name); v.end > 0 && v.end-v.at < maxChatHead {
			head = append(head, quoteJSON(name)+":"+j.text[v.at:v.end]+",")
		}
	}
	return strings.Join(head, "")
}

// chatDelta returns the delta that a text is.
func chatDelta(text string) string {
	if text == "" {
		return "{}"
	}
	return `{"content":` + quoteJSON(text) + `}`
}
