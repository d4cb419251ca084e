package container

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// A presentation is <office:presentation> (part 3, 3.6): slides, each a <draw:page> of
// shapes, the last of them on top, then animations and notes.

var behindShapes = strings.Fields("animations notes par seq iterate audio transitionFilter command")

// An odpSlide is a slide.
type odpSlide struct {
	xmlElement
	end           int // where the topmost shape goes, 0 for the end of the slide
	style, master string
}

// An odpDeck gathers the slides of content.xml.
type odpDeck struct {
	slides []odpSlide
	end    int
}

func (k *odpDeck) visit(path []xmlElement) {
	if len(path) < 4 || path[2].local() != "presentation" || path[3].local() != "page" {
		return
	}
	switch x := &path[len(path)-1]; {
	case len(path) == 4:
		k.slides = append(k.slides, odpSlide{*x.kept(), k.end, x.attribute("style-name"), x.attribute("master-page-name")})
		k.end = 0
	case len(path) == 5 && k.end == 0 && slices.Contains(behindShapes, x.local()):
		k.end = x.start
	}
}

func planODPNotice(src *Source, n *Notice) (*splice.Plan, error) {
	d, err := openODFText(src)
	if err != nil {
		return nil, err
	}
	var deck odpDeck
	s, err := d.stream(odfContent, deck.visit)
	if err != nil {
		return nil, err
	}
	chosen, err := chosenSlides(n, len(deck.slides), func(i int) bool { return !s.styles[deck.slides[i].style].hidden })
	if err != nil {
		return nil, err
	}
	sizes, err := d.slideSizes()
	if err != nil {
		return nil, err
	}
	if err := d.addFrames(s, &deck, chosen, sizes, n); err != nil {
		return nil, err
	}
	return d.plan("mimetype")
}

// addFrames adds the notice to the chosen slides.
func (d *odfTextEdit) addFrames(s *odfStream, deck *odpDeck, chosen []int, sizes map[string][2]int64, n *Notice) error {
	var styles strings.Builder
	frames := map[[2]int64]string{}
	name := s.styleName()
	for _, i := range chosen {
		slide := &deck.slides[i]
		if n.stands(xmlLines(s.part.doc[slide.content:slide.contentEnd], ""), false) {
			continue
		}
		size, ok := sizes[slide.master]
		if !ok {
			size = [2]int64{odpWidth, odpHeight}
		}
		if frames[size] == "" {
			box, err := n.box(size[0], size[1])
			if err != nil {
				return err
			}
			var looks string
			frames[size], looks = odpFrame(s.part.root, fmt.Sprintf("%sS%d", name, len(frames)), box)
			styles.WriteString(looks)
		}
		if slide.end > 0 {
			d.edit(s.part, insert(slide.end, frames[size]))
		} else {
			d.edit(s.part, slide.append(s.part.doc, frames[size]))
		}
	}
	if styles.Len() == 0 {
		return nil
	}
	return d.addStyles(s, styles.String())
}

// The size of slides that do not say theirs: 28 by 15.75 cm.
const odpWidth, odpHeight = 10080000, 5670000

// odpFrame returns the notice as a frame with text, and its styles: white on a dark
// plate, to be read over anything.
func odpFrame(root *xmlElement, name string, b slideBox) (frame, styles string) {
	points := fmt.Sprintf("%.1fpt", float64(b.em)/emuPoint)
	var lines [][]Words
	for _, line := range b.lines {
		lines = append(lines, []Words{line})
	}
	text := odfParagraphs(root, name, `fo:text-align="center" fo:margin-top="0cm" fo:margin-bottom="0cm" fo:text-indent="0cm"`,
		fmt.Sprintf(`fo:color="#ffffff" fo:font-size="%[1]s" style:font-size-asian="%[1]s"`, points), lines)
	styles = text.styles + fmt.Sprintf(`<style:style%s style:name="%sG" style:family="graphic"><style:graphic-properties draw:stroke="none" draw:fill="solid" draw:fill-color="#000000" `+
		`draw:opacity="%d%%" draw:textarea-horizontal-align="justify" draw:textarea-vertical-align="middle" draw:auto-grow-height="false" `+
		`fo:padding-top="0cm" fo:padding-bottom="0cm" fo:padding-left="0cm" fo:padding-right="0cm" fo:wrap-option="wrap"/></style:style>`,
		root.declare("style", "draw", "fo"), name, plateOpacity)
	cm := func(v int64) string { return strconv.FormatFloat(float64(v)/emuCentimetre, 'f', 3, 64) + "cm" }
	frame = fmt.Sprintf(`<draw:frame%s draw:name="AIGC notice" draw:style-name="%sG" draw:layer="layout" svg:width="%s" svg:height="%s" svg:x="%s" svg:y="%s"><draw:text-box>%s</draw:text-box></draw:frame>`,
		root.declare("draw", "svg"), name, cm(b.w), cm(b.h), cm(b.x), cm(b.y), text.paragraphs)
	return frame, styles
}

const emuCentimetre = 360000

// slideSizes returns the sizes of slides by their master pages.
func (d *odfTextEdit) slideSizes() (map[string][2]int64, error) {
	sizes, layouts := map[string][2]int64{}, map[string][2]int64{}
	if d.entries[odfStyles] == nil {
		return sizes, nil
	}
	var size [2]int64
	_, err := d.part(odfStyles, func(_ *zipPart, path []xmlElement) {
		switch x := &path[len(path)-1]; {
		case within(path, "*", "*", "page-layout", "page-layout-properties"):
			size = [2]int64{odfLength(x.attribute("page-width")), odfLength(x.attribute("page-height"))}
		case within(path, "*", "*", "page-layout"):
			layouts[x.attribute("name")], size = size, [2]int64{}
		case within(path, "*", "master-styles", "master-page"):
			if size := layouts[x.attribute("page-layout-name")]; size[0] > 0 && size[1] > 0 {
				sizes[x.attribute("name")] = size
			}
		}
	})
	return sizes, err
}

// odfUnits are the units of lengths.
var odfUnits = map[string]float64{"cm": emuCentimetre, "mm": emuCentimetre / 10, "in": emuInch, "pt": emuPoint, "pc": 12 * emuPoint, "px": emuInch / 96.0}

// odfLength returns a length, 0 for what is none.
func odfLength(s string) int64 {
	if len(s) < 2 {
		return 0
	}
	v, err := strconv.ParseFloat(s[:len(s)-2], 64)
	if v *= odfUnits[s[len(s)-2:]]; err != nil || !(v > 0 && v < 1<<31) {
		return 0
	}
	return int64(v)
}

// odpLines returns the lines of the slides of a presentation, the first ones and the last.
func odpLines(src *Source) (lineList, error) {
	l, err := lookODF(src)
	if err != nil {
		return l.lineList, err
	}
	head, tail, err := l.edgesOf(odfContent, "<office:presentation")
	if err != nil {
		return l.lineList, err
	}
	slide := 0
	_ = l.src.xmlElements(xmlscan.Scanner{Doc: head}, l.src.Depth, func(path []xmlElement) { // breaks off
		if x := &path[len(path)-1]; len(path) == 2 && x.local() == "page" && slide < noticeParts {
			slide++
			l.add(fmt.Sprint("slide ", slide), false, shapeLines, xmlLines(head[x.content:x.contentEnd], ""))
		}
	})
	if head != tail {
		l.add("last slide", false, shapeLines, xmlLines(tail[max(0, strings.LastIndex(tail, "<draw:page ")):], ""))
	}
	return l.lineList, nil
}
