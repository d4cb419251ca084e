package label

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/metadata"
)

// A Notice says what people are told about the content, and where: the explicit
// label of GB 45438-2025 clause 5. The zero value is a good notice in Chinese.
type Notice struct {
	// Language of the wording: "zh-Hans" (the default), "en", or both in this
	// order with "zh-Hans+en". Other tags of Chinese count as zh-Hans, other
	// languages as en.
	Language string

	// Text replaces the wording, for instance to name the product: "豆包AI生成".
	// It is one line of at most 200 characters that names AI (人工智能, AI) and
	// the generation (生成, 合成; in English "generated", "synthetic"...), as
	// clause 5 asks. In a picture where it does not fit, even on several
	// lines, the standard wording stands instead.
	Text string

	// Font is a TrueType or OpenType file that has the characters of Text, for
	// pictures. Nil is the font of package font, which has those of the
	// standard wordings, ASCII and Latin-1.
	Font []byte

	// Position of the notice in text: at its start, its end, or both.
	Position Position

	// Corner of pictures that holds the notice.
	Corner Corner
}

// A Position is a place in content that has a start and an end.
type Position int

// The positions.
const (
	Start Position = iota
	End
	Both
)

// String returns the name of the position: "start", "end" or "start and end".
func (p Position) String() string {
	return [...]string{"start", "end", "start and end"}[min(max(p, 0), Both)]
}

// A Corner is a place in a picture as it is shown.
type Corner int

// The corners.
const (
	BottomRight Corner = iota
	BottomLeft
	TopRight
	TopLeft
)

// ErrWording reports a notice that does not say what GB 45438-2025 clause 5
// asks for, or that cannot be written as asked.
var ErrWording = errors.New("label: unfit wording of the notice")

// wordings in one language: the sentence for text (clause 5.1), and for pictures
// (clause 5.2) the shortest words with both elements, because the clause asks for
// letters of 5 % of the shortest side. English is in capitals there: at that
// height they take a third less room than lower-case letters.
type wordings struct {
	text, picture map[metadata.State]string
	generation    *regexp.Regexp // the second element in the language
}

var chinese = wordings{
	text: map[metadata.State]string{
		metadata.Generated: "本内容由AI生成",
		metadata.Possible:  "本内容可能由AI生成",
		metadata.Suspected: "本内容疑似由AI生成",
	},
	picture: map[metadata.State]string{
		metadata.Generated: "AI生成",
		metadata.Possible:  "可能由AI生成",
		metadata.Suspected: "疑似AI生成",
	},
	generation: regexp.MustCompile(`生成|合成`),
}

var english = wordings{
	text: map[metadata.State]string{
		metadata.Generated: "This content is AI-generated",
		metadata.Possible:  "This content may be AI-generated",
		metadata.Suspected: "This content is suspected to be AI-generated",
	},
	picture: map[metadata.State]string{
		metadata.Generated: "AI-GENERATED",
		metadata.Possible:  "MAY BE AI-GENERATED",
		metadata.Suspected: "SUSPECTED AI-GENERATED",
	},
	generation: regexp.MustCompile(`(?i)generated|synthe(?:tic|si[sz]ed)|生成|合成`),
}

// languages returns the wordings of the notice, in order.
func (n Notice) languages() []wordings {
	switch tag := strings.ToLower(n.Language); {
	case tag == "zh-hans+en":
		return []wordings{chinese, english}
	case tag == "" || tag == "zh" || strings.HasPrefix(tag, "zh-"):
		return []wordings{chinese}
	}
	return []wordings{english}
}

// wording returns the line that stands in text. The error is an [ErrWording].
func (n Notice) wording(state metadata.State) (string, error) {
	lines, err := n.lines(state, func(w wordings) string { return w.text[state] })
	return strings.Join(lines, " · "), err
}

// captions returns what may stand in a picture, the best first, each in lines.
func (n Notice) captions(state metadata.State) ([][]string, error) {
	caption := func(w wordings) string { return w.picture[state] }
	lines, err := n.lines(state, caption)
	if err != nil {
		return nil, err
	}
	captions := [][]string{lines}
	if n.Text != "" {
		n.Text = ""
		more, err := n.captions(state)
		return append(captions, more...), err
	}
	if len(lines) > 1 {
		captions = append(captions, lines[:1])
	}
	return captions, nil
}

// lines returns Text, or what word chooses in each language.
func (n Notice) lines(state metadata.State, word func(wordings) string) ([]string, error) {
	if chinese.text[state] == "" {
		return nil, fmt.Errorf("%w: no words for state %q", ErrWording, state)
	}
	if n.Text != "" {
		return []string{n.Text}, n.check()
	}
	var lines []string
	for _, w := range n.languages() {
		lines = append(lines, word(w))
	}
	return lines, nil
}

// maxNotice is the longest Text, in characters.
const maxNotice = 200

// namesAI matches the first element of a notice.
var namesAI = regexp.MustCompile(`人工智能|(?:^|[^A-Za-z])(?:AI|ＡＩ)(?:[^A-Za-z]|$)|(?i:artificial intelligence)`)

// check reports what Text lacks.
func (n Notice) check() error {
	switch {
	case !utf8.ValidString(n.Text) || strings.ContainsFunc(n.Text, unicode.IsControl):
		return fmt.Errorf("%w: control characters in %q", ErrWording, n.Text)
	case utf8.RuneCountInString(n.Text) > maxNotice:
		return fmt.Errorf("%w: more than %d characters", ErrWording, maxNotice)
	case !namesAI.MatchString(n.Text):
		return fmt.Errorf("%w: %q does not name AI", ErrWording, n.Text)
	case !n.languages()[0].generation.MatchString(n.Text):
		return fmt.Errorf("%w: %q does not name the generation", ErrWording, n.Text)
	}
	return nil
}
