package label

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/metadata"
)

// A Notice says what people are told about the content, and where: the explicit
// label of GB 45438-2025 clause 5. The zero value is a good notice in Chinese.
//
// Content that has the same notice in the same place gets no other. A picture that shows
// one of our notices for the same state gets none, in whatever language, style or corner
// that is, at this margin or the usual one; others stay beside the new one.
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

	// Position of the notice in text and sound: at its start, its end, or both. In PDF
	// these are the first page and the last one, of slides the first and the last that
	// are shown, and elsewhere on pages their headers and footers.
	Position Position

	// Sound is what is heard in sound: the rhythm of a [Cue], which knows no language,
	// or words, in the Language and for the state; see [Speech]. Where sound has it
	// already, at the side asked for, it is found again: at any level, behind up to
	// 1.9 s of other sound, and after other programs compressed or resampled it.
	Sound Sound

	// Clip, where set, is heard in place of that.
	Clip *Clip

	// Mix lays the notice over the start or the end of sound, which becomes quieter
	// there by 15 dB or more, instead of before or behind it: the sound does not get
	// longer, and samples more than 0.2 s away from the notice do not change, but in
	// lossy codings, of which all is encoded again.
	Mix bool

	// Corner or edge of pictures, of video, of pages of PDF, and of slides that holds
	// the notice.
	Corner Corner

	// Style is how a picture carries the notice: once, across an edge, or all over. In
	// video [Tiled] is a [Mark].
	Style Style

	// Look is what sets the letters off from a picture. The zero value chooses from
	// the pixels below. In video, which moves, it is always a plate.
	Look Look

	// Margin between the notice and the edges of the picture, as a part of its shortest
	// side: 0.05 is 5 %. Zero stands for half the height of a letter, which is 2.5 %;
	// less than zero is none. In a picture without room for it, it is what room there is.
	// A [Banner] has none.
	Margin float64

	// Opacity of the plate, or with [Tiled] of the copies, from 0 to 1; zero stands for
	// our choice, as do values outside. Plates are never fainter than letters need for a
	// contrast of 4.5:1, copies than is seen (0.15). The letters of the one notice that is
	// to be read are opaque.
	Opacity float64

	// Duration of the notice in video, at its opening and, where Position is End or
	// Both, at its end too. Less than 2 s are 2 s (GB 45438-2025 clause 5.4);
	// [WholeLength] is all the time. Of several video tracks the first has it.
	Duration time.Duration

	// EachPage puts it on every page or slide, not only the first.
	EachPage bool
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

// A Sound is a notice to be heard.
type Sound int

// The sounds.
const (
	Rhythm Sound = iota // short, long, short, short
	Spoken
)

// said returns the clip that is heard in sound, nil for the rhythm.
func (n *Notice) said(state metadata.State) (*Clip, error) {
	switch {
	case n.Clip != nil:
		return n.Clip, n.Clip.check()
	case n.Sound == Spoken:
		return Speech(n.Language, state)
	}
	return nil, nil
}

// A Corner is a place in a picture as it is shown: a corner, or the middle of an edge.
type Corner int

// The corners and edges.
const (
	BottomRight Corner = iota
	BottomLeft
	TopRight
	TopLeft
	Bottom
	Top
	Left
	Right
)

// String returns the name of the corner: "bottom right"...
func (c Corner) String() string {
	return [...]string{"bottom right", "bottom left", "top right", "top left", "bottom", "top", "left", "right"}[min(max(c, 0), Right)]
}

// share returns which parts of the room beside a notice are left of it and above it.
func (c Corner) share() (x, y float64) {
	shares := [...][2]float64{{1, 1}, {0, 1}, {1, 0}, {0, 0}, {0.5, 1}, {0.5, 0}, {0, 0.5}, {1, 0.5}}
	s := shares[min(max(c, 0), Right)]
	return s[0], s[1]
}

// corner returns where the style puts the notice.
func (n Notice) corner() Corner {
	switch {
	case n.Style != Banner:
		return n.Corner
	case n.Corner == Top || n.Corner == TopLeft || n.Corner == TopRight:
		return Top
	}
	return Bottom
}

// A Style is how a picture carries a notice. GB 45438-2025 clause 5.2 asks for letters
// of 5 % of the shortest side in a suitable place, which all styles have; the styles
// are our choice.
type Style int

// The styles.
const (
	// Mark is one notice in a corner or at an edge.
	Mark Style = iota

	// Banner is one in the middle of a bar from edge to edge, at the top of the picture for
	// [Top], [TopLeft] and [TopRight], else at its bottom.
	Banner

	// Tiled is a mark, and faint copies of it all over the picture, with letters
	// as high: who cuts out a part takes the notice along.
	Tiled
)

// String returns the name of the style: "mark", "banner" or "tiled".
func (s Style) String() string {
	return [...]string{"mark", "banner", "tiled"}[min(max(s, 0), Tiled)]
}

// A Look is what sets letters off from the picture below.
type Look int

// The looks. Letters are black on light pixels and white on dark ones.
const (
	// AutoLook is [Plain] on an even background that has a contrast of at least 4.5:1 to the
	// letters everywhere, and [Plate] on all others. In formats whose pixels are not
	// looked at, as in SVG, it is a plate.
	AutoLook Look = iota

	// Plate is a plate of the opposite tone below the letters.
	Plate

	// Outline is a line of the opposite tone round each letter.
	Outline

	// Plain is letters alone, where they have a contrast of 4.5:1 over each pixel
	// below; elsewhere they get an outline.
	Plain
)

// String returns the name of the look: "auto", "plate", "outline" or "plain".
func (l Look) String() string {
	return [...]string{"auto", "plate", "outline", "plain"}[min(max(l, 0), Plain)]
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
