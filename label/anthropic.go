package label

import "strconv"

// messages is Anthropic's protocol of messages. The text blocks of a message are
// one text: citations cut sentences into blocks. Where the last text block ends is
// known when the next event shows that no more text comes: until then the event
// that stops a block waits.
type messages struct {
	text  bool // the block that is open is a text
	index int  // of the last text block
}

func (m *messages) name() string { return "anthropic-messages" }

func (m *messages) end(*streamLabels) {}

func (m *messages) label(s *streamLabels, j *jsonText, root span) {
	t := s.text(textKey{})
	switch j.str(j.member(root, "type")) {
	case "message":
		s.identify(j.str(j.member(root, "id")))
		parts := textParts(j, j.member(root, "content"))
		for _, v := range parts {
			s.pass(j, v, t)
		}
		s.finishParts(j, parts, t)
		s.mark(j, root)
	case "message_start":
		s.identify(j.str(j.member(root, "message", "id")))
	case "content_block_start":
		m.start(s, j, root, t)
	case "content_block_delta":
		if delta := j.member(root, "delta"); j.str(j.member(delta, "type")) == "text_delta" {
			s.pass(j, j.member(delta, "text"), t)
		}
	case "content_block_stop":
		s.settleText(j, t)
		s.hold = m.text && t.begun && !t.ended && t.notice != "" && t.pos != Start
		m.text = false
	case "message_delta":
		m.finish(s, j, t)
	case "message_stop":
		s.hold = false
		s.mark(j, root)
	case "error":
		s.hold = false
	}
}

// start looks at the start of a block. A call of a tool of the client comes behind
// the text and ends it.
func (m *messages) start(s *streamLabels, j *jsonText, root span, t *liveText) {
	block := j.member(root, "content_block")
	kind := j.str(j.member(block, "type"))
	if kind == "tool_use" {
		m.finish(s, j, t)
	}
	s.hold = false
	if m.text = kind == "text"; m.text {
		m.index = index(j, root, "index")
		s.pass(j, j.member(block, "text"), t)
	}
}

// finish ends the text, if the stop of its last block waits.
func (m *messages) finish(s *streamLabels, j *jsonText, t *liveText) {
	if !s.hold {
		return
	}
	s.hold = false
	if suffix := s.suffix(j, t); suffix != "" {
		s.extra = append(s.extra, extraEvent{"content_block_delta", `{"type":"content_block_delta","index":` + strconv.Itoa(m.index) +
			`,"delta":{"type":"text_delta","text":` + quoteJSON(suffix) + `}}`})
	}
}
