package label

import (
	"errors"
	"fmt"
	"html"
	"image"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
	"github.com/aigclabel/aigclabel/metadata"
)

// maxSVG bounds an SVG document, which is read whole.
const maxSVG = 32 << 20

// svgFonts are the families that draw the notice: text in SVG has no font of its own.
const svgFonts = "Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, sans-serif"

// planSVGNotice returns the edits that set the notice on top of an SVG picture: a
// text on a dark plate, in a viewport of its own whose shorter side is 100 units
// whatever the picture measures. There are none where a text says it already, in the
// words of n or of any language. Of the looks, Plain has an outline here: nobody knows
// what will be below.
//
// Letters are 5 units high, 5 % of the shortest side (GB 45438-2025 clause 5.2), in
// the font of the viewer, which may have others than ours; how many pixels that is,
// the viewer decides as well.
func planSVGNotice(src metadata.Source, n Notice, state metadata.State) (*splice.Plan, error) {
	captions, err := n.captions(state)
	if err != nil {
		return nil, err
	}
	root, err := readSVG(src)
	if err != nil {
		return nil, err
	}
	switch said, err := n.saidIn(root, state); {
	case err != nil:
		return nil, err
	case said:
		return splice.New(src.R, src.Size, nil)
	}
	group, err := n.svgGroup(root, captions)
	if err != nil {
		return nil, err
	}
	edit := splice.Edit{Offset: int64(root.end), Insert: strings.NewReader(group)}
	if root.empty {
		edit.Delete = int64(len("/>"))
		edit.Insert = strings.NewReader(">" + group + "</" + root.name + ">")
	}
	return splice.New(src.R, src.Size, []splice.Edit{edit})
}

// readSVG reads a document, and finds its texts.
func readSVG(src metadata.Source) (*svgRoot, error) {
	b, err := readPicture("svg", src.R, src.Size, maxSVG)
	if err != nil {
		return nil, err
	}
	doc := string(b)
	if !utf8.ValidString(doc) || strings.ContainsRune(doc, 0) {
		return nil, ErrEncoding
	}
	root, err := scanSVG(doc)
	return root, codecError("svg", err)
}

// findInSVG returns the texts of a picture that are notices of ours.
func findInSVG(src metadata.Source, _ int64) (found []FoundNotice, err error) {
	root, err := readSVG(src)
	if err != nil {
		return nil, err
	}
	texts := map[string]bool{}
	for _, t := range root.texts {
		texts[strings.Join(strings.Fields(t), "")] = true
	}
	for _, words := range ourWords() {
		if texts[strings.Join(strings.Fields(strings.Join(words, "")), "")] {
			found = append(found, FoundNotice{Text: strings.Join(words, between), Place: "picture", Rule: "GB 45438-2025 5.2"})
		}
	}
	return found, nil
}

// An svgRoot is the outermost element of an SVG document.
type svgRoot struct {
	name    string // as written
	viewBox string
	empty   bool // <svg/>
	end     int  // where its end tag starts, or the end of its only tag
	texts   []string
}

// scanSVG finds the root of a document, and its texts.
func scanSVG(doc string) (*svgRoot, error) {
	sc := xmlscan.Scanner{Doc: doc, DTD: true, Pos: len(doc) - len(strings.TrimPrefix(doc, "\uFEFF"))}
	var root *svgRoot
	for depth, text := 0, 0; ; {
		t, err := sc.Next()
		switch {
		case err != nil:
			return nil, err
		case t.Kind == xmlscan.EndOfInput:
			return nil, fmt.Errorf("%w: end of document", errNoRoot)
		case t.Kind == xmlscan.StartTag && root == nil:
			root = &svgRoot{name: t.Name, empty: t.Empty, end: t.End - len("/>")}
			for _, a := range t.Attrs {
				if a.Name == "viewBox" {
					root.viewBox = xmlscan.AttributeValue(doc[a.Value.Start:a.Value.End])
				}
			}
		}
		switch {
		case t.Kind == xmlscan.StartTag && !t.Empty:
			depth++
			if strings.TrimPrefix(t.Name, root.prefix()) == "text" {
				text = t.End
			}
		case t.Kind == xmlscan.EndTag:
			depth--
			if text > 0 && strings.TrimPrefix(t.Name, root.prefix()) == "text" {
				root.texts = append(root.texts, svgText(doc[text:t.Start]))
				text = 0
			}
		}
		if root != nil && depth == 0 && (t.Kind == xmlscan.EndTag || root.empty) {
			if !root.empty {
				root.end = t.Start
			}
			return root, nil
		}
	}
}

var errNoRoot = errors.New("xml: no root element")

// svgText returns the text of an element without its tags.
func svgText(content string) string {
	var b strings.Builder
	for sc := (xmlscan.Scanner{Doc: content}); ; {
		switch t, err := sc.Next(); {
		case err != nil || t.Kind == xmlscan.EndOfInput:
			return b.String()
		case t.Kind == xmlscan.Text || t.Kind == xmlscan.CDATA:
			b.WriteString(xmlscan.Content(content[t.Start:t.End]))
		}
	}
}

// prefix returns the namespace prefix of the root, with its colon.
func (r *svgRoot) prefix() string { return r.name[:strings.IndexByte(r.name, ':')+1] }

// says reports whether a text of the picture is the notice.
func (r *svgRoot) says(notice string) bool {
	for _, t := range r.texts {
		if strings.Join(strings.Fields(t), "") == strings.Join(strings.Fields(notice), "") {
			return true
		}
	}
	return false
}

// saidIn reports whether a document says what n would.
func (n Notice) saidIn(root *svgRoot, state metadata.State) (bool, error) {
	texts, _, err := n.known(state)
	says := func(text []string) bool { return root.says(strings.Join(text, "")) }
	return slices.ContainsFunc(texts, says), err
}

// svgUnits is the shorter side of the notice's own viewport.
const svgUnits = 1000

// svgGroup returns the notice as elements.
func (n Notice) svgGroup(root *svgRoot, captions [][]string) (string, error) {
	typeface, err := n.typeface()
	if err != nil {
		return "", err
	}
	c, err := typeset(typeface, captions, svgSize)
	if err != nil {
		return "", err
	}
	p := root.prefix()
	var b strings.Builder
	fmt.Fprintf(&b, `<%ssvg %s viewBox="0 0 %d %[3]d" preserveAspectRatio="%s meet" role="note">`, p, root.viewport(), svgUnits, n.svgAlign())
	if n.Style == Tiled {
		b.WriteString(n.svgTiles(p, c, c.em(typeface)))
	}
	styled := c.styled(n, svgSize)
	plate := styled.place(n.corner(), svgSize)
	text := plate.Min.X + plate.Dx()/2
	if n.Style == Banner { // from edge to edge, however wide the picture is
		plate.Min.X, plate.Max.X = -svgFar, svgFar
	}
	if n.Look == AutoLook || n.Look == Plate {
		fmt.Fprintf(&b, `<%srect x="%d" y="%d" width="%d" height="%d" rx="%.0f" fill="#000" fill-opacity="%.2f"/>`,
			p, plate.Min.X, plate.Min.Y, plate.Dx(), plate.Dy(), styled.radius, n.svgOpacity())
	}
	b.WriteString(styled.svgText(p, image.Pt(text, plate.Min.Y), c.em(typeface), n.Look != AutoLook && n.Look != Plate, ""))
	fmt.Fprintf(&b, "</%ssvg>\n", p)
	return b.String(), nil
}

// svgSize is the notice's own viewport, svgFar beyond the edges of any picture that it is in.
var svgSize = image.Pt(svgUnits, svgUnits)

const svgFar = 100 * svgUnits

// svgOpacity returns the opacity of the plate.
func (n Notice) svgOpacity() float64 {
	if n.Style != Tiled && n.Opacity > 0 && n.Opacity <= 1 {
		return max(n.Opacity, leastPlate)
	}
	return dark.opacity
}

// svgText returns the lines of a caption, centred at x, as an element.
func (c *caption) svgText(prefix string, at image.Point, em float64, outline bool, attributes string) string {
	if outline {
		attributes += fmt.Sprintf(` stroke="#000" stroke-width="%.0f" stroke-linejoin="round" paint-order="stroke"`, 2*c.stroke())
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<%stext fill="#fff" font-family="%s" font-size="%.0f" text-anchor="middle"%s>`, prefix, svgFonts, em, attributes)
	for _, l := range c.lines {
		fmt.Fprintf(&b, `<%stspan x="%d" y="%d" textLength="%d" lengthAdjust="spacingAndGlyphs">%s</%[1]stspan>`,
			prefix, at.X, at.Y+l.baseline, inkWidth(l.ink), html.EscapeString(l.text))
	}
	fmt.Fprintf(&b, "</%stext>", prefix)
	return b.String()
}

// svgTiles returns faint copies of a caption as a pattern.
func (n Notice) svgTiles(prefix string, c *caption, em float64) string {
	opacity := copies
	if n.Opacity > 0 && n.Opacity <= 1 {
		opacity = max(n.Opacity, leastCopies)
	}
	step := c.size.Add(image.Pt(c.size.X/2, 2*c.letter))
	text := c.svgText(prefix, image.Pt(c.size.X/2, 0), em, true, fmt.Sprintf(` opacity="%.2f"`, opacity))
	return fmt.Sprintf(`<%sdefs><%[1]spattern id="%s" patternUnits="userSpaceOnUse" width="%d" height="%d">%s</%[1]spattern></%[1]sdefs>`+
		`<%[1]srect x="%[6]d" y="%[6]d" width="%[7]d" height="%[7]d" fill="url(#%[2]s)"/>`,
		prefix, "aigclabel-copies", step.X, step.Y, text, -svgFar, 2*svgFar)
}

// svgAlign lets the viewport of the notice lie in its corner.
func (n Notice) svgAlign() string {
	x, y := n.corner().share()
	part := map[float64]string{0: "Min", 0.5: "Mid", 1: "Max"}
	return "x" + part[x] + "Y" + part[y]
}

// viewport returns the attributes of an element that covers the picture.
func (r *svgRoot) viewport() string {
	v := strings.FieldsFunc(r.viewBox, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
	number := func(s string) bool {
		f, err := strconv.ParseFloat(s, 64)
		return err != nil || math.IsInf(f, 0) || math.IsNaN(f)
	}
	if len(v) != 4 || slices.ContainsFunc(v, number) {
		return `width="100%" height="100%"`
	}
	return fmt.Sprintf(`x="%s" y="%s" width="%s" height="%s"`, v[0], v[1], v[2], v[3])
}
