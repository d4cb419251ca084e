package label

// ollama is Ollama's protocol: objects with a piece of the text in message.content
// (chat) or response (generate), the last of which says that it is done.
type ollama struct{}

func (ollama) name() string { return "ollama" }

func (ollama) end(*streamLabels) {}

func (ollama) label(s *streamLabels, j *jsonText, root span) {
	t := s.text(textKey{})
	in, name := root, "response"
	if v := j.member(root, "message"); j.is(v, '{') {
		in, name = v, "content"
	}
	if v := j.member(in, name); j.is(v, '"') {
		s.pass(j, v, t)
	}
	if j.is(j.member(root, "done"), 't') {
		s.finish(j, in, name, t)
		s.mark(j, root)
	}
}
