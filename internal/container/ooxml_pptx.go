package container

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// PresentationML, ISO/IEC 29500-1 clause 19. The part of the presentation lists its
// slides in order, each a part with a tree of shapes, the last of them on top.

const (
	drawingTransitional = "http://schemas.openxmlformats.org/drawingml/2006/main"
	drawingStrict       = ooxmlStrict + "drawingml/main"
	slideWidth          = 9144000 // without a size
	slideHeight         = 6858000
)

// A pptxDeck is what the presentation says of its slides.
type pptxDeck struct {
	width, height int64
	ids           []string // of relationships
}

func (k *pptxDeck) visit(_ *zipPart, path []xmlElement) {
	x := &path[len(path)-1]
	switch {
	case within(path, "presentation", "sldIdLst", "sldId"):
		k.ids = append(k.ids, x.reference())
	case within(path, "presentation", "sldSz"):
		k.width, _ = strconv.ParseInt(x.attribute("cx"), 10, 64)
		k.height, _ = strconv.ParseInt(x.attribute("cy"), 10, 64)
	}
}

func planPPTXNotice(src *Source, n *Notice) (*splice.Plan, error) {
	d, err := openOOXMLText(src)
	if err != nil {
		return nil, err
	}
	_, relations, err := d.relations(d.file.main)
	if err != nil {
		return nil, err
	}
	deck := pptxDeck{width: slideWidth, height: slideHeight}
	if _, err := d.part(d.file.main, deck.visit); err != nil {
		return nil, err
	}
	box, err := n.box(deck.width, deck.height)
	if err != nil {
		return nil, err
	}
	var slides []*pptxSlide
	parts, seen := partsByID(relations), map[string]bool{}
	for _, id := range deck.ids {
		if seen[parts[id]] {
			continue
		}
		seen[parts[id]] = true
		s := &pptxSlide{}
		if s.part, err = d.part(parts[id], s.visit); err != nil {
			return nil, err
		}
		if s.tree == nil {
			return nil, &FormatError{Offset: s.part.entry.data, Err: fmt.Errorf("no shapes in %.99q", s.part.entry.name)}
		}
		slides = append(slides, s)
	}
	chosen, err := chosenSlides(n, len(slides), func(i int) bool {
		return slides[i].part.root.attr("show") != "0" && slides[i].part.root.attr("show") != "false"
	})
	if err != nil {
		return nil, err
	}
	for _, i := range chosen {
		if s := slides[i]; !n.stands(xmlLines(s.part.doc, "t"), false) {
			d.edit(s.part, s.add(s.shape(box)))
		}
	}
	return d.plan(d.file.front())
}

// chosenSlides returns which of the slides get the notice: all, or of those that are
// shown the first, the last, or both.
func chosenSlides(n *Notice, count int, shown func(i int) bool) (chosen []int, err error) {
	if count == 0 {
		return nil, fmt.Errorf("%w: no slides", ErrNoRoom)
	}
	var visible []int
	for i := range count {
		if n.EachPage {
			chosen = append(chosen, i)
		} else if shown(i) {
			visible = append(visible, i)
		}
	}
	if n.EachPage {
		return chosen, nil
	}
	if len(visible) == 0 {
		visible = []int{0, count - 1}
	}
	if n.Start {
		chosen = append(chosen, visible[0])
	}
	if n.End {
		chosen = append(chosen, visible[len(visible)-1])
	}
	return slices.Compact(chosen), nil
}

// A pptxSlide is the tree of shapes of a slide.
type pptxSlide struct {
	part *zipPart
	tree *xmlElement
	end  int // where the topmost shape goes, 0 for the end of the tree
	ids  []int64
}

func (s *pptxSlide) visit(_ *zipPart, path []xmlElement) {
	x := &path[len(path)-1]
	switch {
	case within(path, "sld", "cSld", "spTree"):
		s.tree = x.kept()
	case within(path, "sld", "cSld", "spTree", "extLst"):
		s.end = x.start
	case x.local() == "cNvPr":
		if id, err := strconv.ParseInt(x.attribute("id"), 10, 64); err == nil {
			s.ids = append(s.ids, id)
		}
	}
}

// add returns the edit that adds a shape on top.
func (s *pptxSlide) add(shape string) splice.Edit {
	if s.end > 0 {
		return insert(s.end, shape)
	}
	return s.tree.append(s.part.doc, shape)
}

// freeID returns an id that no shape of the slide has.
func (s *pptxSlide) freeID() int64 {
	slices.Sort(s.ids)
	free := int64(1)
	for _, id := range s.ids {
		if id == free {
			free++
		}
	}
	if n := len(s.ids); n > 0 && s.ids[n-1] < 1<<30 {
		return max(free, s.ids[n-1]+1)
	}
	return free
}

// shape returns the notice as a text box: white on a dark plate, to be read over
// anything.
func (s *pptxSlide) shape(b slideBox) string {
	root := s.part.root
	drawing := drawingTransitional
	if strings.HasPrefix(root.space(), ooxmlStrict) {
		drawing = drawingStrict
	}
	p, declareP := root.bound(root.space(), "p")
	a, declareA := root.bound(drawing, "a")
	var t strings.Builder
	fmt.Fprintf(&t, `<%[1]ssp%[2]s%[3]s><%[1]snvSpPr><%[1]scNvPr id="%[4]d" name="AIGC notice"/><%[1]scNvSpPr txBox="1"/><%[1]snvPr/></%[1]snvSpPr>`, p, declareP, declareA, s.freeID())
	fmt.Fprintf(&t, `<%[1]sspPr><%[2]sxfrm><%[2]soff x="%[3]d" y="%[4]d"/><%[2]sext cx="%[5]d" cy="%[6]d"/></%[2]sxfrm><%[2]sprstGeom prst="rect"><%[2]savLst/></%[2]sprstGeom>`, p, a, b.x, b.y, b.w, b.h)
	fmt.Fprintf(&t, `<%[1]ssolidFill><%[1]ssrgbClr val="000000"><%[1]salpha val="%[2]d"/></%[1]ssrgbClr></%[1]ssolidFill><%[1]sln><%[1]snoFill/></%[1]sln></%[3]sspPr>`, a, plateOpacity*1000, p)
	fmt.Fprintf(&t, `<%[1]stxBody><%[2]sbodyPr wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" anchor="ctr"><%[2]snoAutofit/></%[2]sbodyPr><%[2]slstStyle/>`, p, a)
	for _, line := range b.lines {
		tag, _ := line.locale()
		fmt.Fprintf(&t, `<%[1]sp><%[1]spPr algn="ctr"/><%[1]sr><%[1]srPr lang=%[2]q sz="%[3]d" b="0" i="0"><%[1]ssolidFill><%[1]ssrgbClr val="FFFFFF"/></%[1]ssolidFill></%[1]srPr><%[1]st>%[4]s</%[1]st></%[1]sr></%[1]sp>`,
			a, tag, b.em*100/emuPoint, xmlEscapes.Replace(line.Text))
	}
	fmt.Fprintf(&t, `</%[1]stxBody></%[1]ssp>`, p)
	return t.String()
}

// plateOpacity is that of the plate, in percent: white letters on it have a contrast of
// 6.2:1 over white.
const plateOpacity = 62

// pptxLines returns the lines of the slides of a presentation.
func pptxLines(src *Source) (lineList, error) {
	l, err := lookOOXML(src, "ppt/presentation.xml")
	if err != nil {
		return l.lineList, err
	}
	relations, err := l.relations(l.main)
	if err != nil {
		return l.lineList, err
	}
	head, _, err := l.edgesOf(l.main)
	if err != nil {
		return l.lineList, err
	}
	var deck pptxDeck
	l.elements(head, func(path []xmlElement) { deck.visit(nil, path) })
	parts := partsByID(relations)
	for i, id := range deck.ids {
		if i >= noticeParts && i < len(deck.ids)-1 {
			continue
		}
		head, tail, err := l.edgesOf(parts[id])
		if err != nil {
			return l.lineList, err
		}
		l.addShapes(fmt.Sprint("slide ", i+1), head, tail, "t")
	}
	return l.lineList, nil
}
