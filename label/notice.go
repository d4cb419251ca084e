package label

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/metadata"
)

// A Notice says what people are told about the content, and where: the explicit
// label of GB 45438-2025 clause 5. The zero value is a good notice in Chinese.
//
// Content that has the same notice in the same place gets no other. In pictures, one
// with other words, or in another corner, is not seen, and stays beside the new one.
//
// In texts of Word and OpenDocument it is a paragraph, or, on each page, in the headers;
// in spreadsheets in the headers of pages, which show in print and page views; in
// presentations a text on a slide; in EPUB a paragraph of the first document of the spine
// that shows a text.
type Notice struct {
	// Language of the wording, a BCP 47 tag: "zh-Hans" (the default), "zh-Hant",
	// "en", "ja", "ko", "fr", "de", "es", "pt" or "it"; other languages get
	// English. "zh-Hans+en" is both, in this order.
	Language string

	// Text replaces the wording, for instance to name the product: "豆包AI生成".
	// It is one line of at most 200 characters that names AI (人工智能, AI) and
	// the generation (生成, 合成; in English "generated", "synthetic"...), as
	// clause 5 asks, in the first Language or in Chinese. In a picture where it does not fit, even on several
	// lines, the standard wording stands instead.
	Text string

	// Font is a TrueType or OpenType file that has the characters of Text, for
	// pictures and pages of PDF, in which it must be allowed to embed it. Nil is the font of package font, which has those of the
	// standard wordings, ASCII and Latin-1.
	Font []byte

	// Position of the notice in text and sound: at its start, its end, or both. In
	// sound it is a [Cue], which knows no language. In PDF these are the first page and
	// the last one, of slides the first and the last that are shown, and elsewhere on
	// pages their headers and footers.
	Position Position

	// Corner of pictures, of pages of PDF, and of slides that holds the notice.
	Corner Corner

	EachPage bool // on every page or slide, not only the first
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

// String returns the name of the corner: "bottom right"...
func (c Corner) String() string {
	return [...]string{"bottom right", "bottom left", "top right", "top left"}[min(max(c, 0), TopLeft)]
}

// ErrWording reports a notice that does not say what GB 45438-2025 clause 5
// asks for, or that cannot be written as asked.
var ErrWording = errors.New("label: unfit wording of the notice")

// languages returns the wordings of the notice, in order.
func (n Notice) languages() (all []wordings) {
	for tag := range strings.SplitSeq(cmp.Or(n.Language, "zh-Hans"), "+") {
		all = append(all, inLanguage(tag))
	}
	return all
}

// wording returns the line that stands in text. The error is an [ErrWording].
func (n Notice) wording(state metadata.State) (string, error) {
	lines, err := n.lines(state, func(w wordings) string { return w.text.of(state) })
	return strings.Join(lines, between), err
}

// captions returns what may stand in a picture, the best first, each in lines.
func (n Notice) captions(state metadata.State) ([][]string, error) {
	caption := func(w wordings) string { return w.picture.of(state) }
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
	if languages[0].text.of(state) == "" {
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

// check reports what Text lacks.
func (n Notice) check() error {
	switch {
	case !utf8.ValidString(n.Text) || strings.ContainsFunc(n.Text, unicode.IsControl):
		return fmt.Errorf("%w: control characters in %q", ErrWording, n.Text)
	case utf8.RuneCountInString(n.Text) > maxNotice:
		return fmt.Errorf("%w: more than %d characters", ErrWording, maxNotice)
	case !namesAI.MatchString(n.Text):
		return fmt.Errorf("%w: %q does not name AI", ErrWording, n.Text)
	case !n.languages()[0].namesGeneration(n.Text):
		return fmt.Errorf("%w: %q does not name the generation", ErrWording, n.Text)
	}
	return nil
}
