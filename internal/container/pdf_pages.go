package container

import (
	"errors"
	"iter"
	"math"
	"slices"
	"strconv"
)

// Pages, ISO 32000-2 clause 7.7.3: what is seen of them, and where.

// A PDFDocument is a PDF file as pages.
type PDFDocument struct {
	file    *pdfFile
	fonts   map[int64]*pdfFont // by object number
	ranges  int                // of the fonts
	content int64              // bytes that may still be run
}

// OpenPDF opens a PDF file. The error is an I/O error: what is wrong with the file
// is in its Layout.
func OpenPDF(src *Source) (*PDFDocument, error) {
	f := walkedPDF(src)
	return &PDFDocument{file: f, fonts: map[int64]*pdfFont{}, content: maxPDFContent + 4*src.Size()}, f.err
}

// Layout returns what the walk of the file found.
func (d *PDFDocument) Layout() *Layout { return &d.file.Layout }

// A PDFPage is a page as it is seen: turned upright, cut to its crop box.
type PDFPage struct {
	Width, Height float64 // in points, of 1/72 inch

	doc       *PDFDocument
	object    *pdfObject
	resources pdfValue  // a dictionary or a reference to one, nil if there is none
	toUser    pdfMatrix // from points as seen, y up, to the page's own space
	end       PDFText   // without lines, once it is read
}

// A pdfMatrix maps x, y to ax+cy+e, bx+dy+f.
type pdfMatrix struct{ a, b, c, d, e, f float64 }

var pdfIdentity = pdfMatrix{a: 1, d: 1}

// then returns the matrix that maps by m first and by n second.
func (m pdfMatrix) then(n pdfMatrix) pdfMatrix {
	return pdfMatrix{
		m.a*n.a + m.b*n.c, m.a*n.b + m.b*n.d,
		m.c*n.a + m.d*n.c, m.c*n.b + m.d*n.d,
		m.e*n.a + m.f*n.c + n.e, m.e*n.b + m.f*n.d + n.f,
	}
}

func (m pdfMatrix) apply(x, y float64) (float64, float64) {
	return m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f
}

// inverse returns the identity for a matrix that has no inverse.
func (m pdfMatrix) inverse() pdfMatrix {
	det := m.a*m.d - m.b*m.c
	if det == 0 || math.IsNaN(det) || math.IsInf(det, 0) {
		return pdfIdentity
	}
	return pdfMatrix{
		m.d / det, -m.b / det, -m.c / det, m.a / det,
		(m.c*m.f - m.d*m.e) / det, (m.b*m.e - m.a*m.f) / det,
	}
}

// number returns the value of a number.
func (v pdfValue) number() (float64, bool) {
	for _, c := range v {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' {
			return 0, false // what else ParseFloat knows is none in PDF
		}
	}
	x, err := strconv.ParseFloat(string(v), 64)
	return x, err == nil
}

// appendPDFNumber appends a number, rounded to six decimals.
func appendPDFNumber(b []byte, x float64) []byte {
	return strconv.AppendFloat(b, math.Round(x*1e6)/1e6, 'f', -1, 64)
}

// numbers returns the elements of an array of numbers.
func (f *pdfFile) numbers(v pdfValue, limit int) (all []float64) {
	if v = f.direct(v); !v.isArray() {
		return nil
	}
	for e := range v.elements() {
		x, ok := f.direct(e).number()
		if !ok || len(all) == limit {
			return nil
		}
		all = append(all, x)
	}
	return all
}

// A pdfNode is a node of the page tree with what its kids inherit.
type pdfNode struct {
	kids                                  func() (pdfValue, bool)
	resources, mediaBox, cropBox, rotated pdfValue
}

// inherit adds what the dictionary of a node or page says.
func (n pdfNode) inherit(dict pdfValue) pdfNode {
	var own pdfNode
	for e, err := range dict.entries() {
		switch {
		case err != nil:
		case own.resources == nil && e.is("Resources"):
			own.resources = e.value
		case own.mediaBox == nil && e.is("MediaBox"):
			own.mediaBox = e.value
		case own.cropBox == nil && e.is("CropBox"):
			own.cropBox = e.value
		case own.rotated == nil && e.is("Rotate"):
			own.rotated = e.value
		}
	}
	replace := func(v *pdfValue, own pdfValue) {
		if own != nil && string(own) != "null" {
			*v = own
		}
	}
	replace(&n.resources, own.resources)
	replace(&n.mediaBox, own.mediaBox)
	replace(&n.cropBox, own.cropBox)
	replace(&n.rotated, own.rotated)
	return n
}

// pdfPageBudget is how much more of the objects may be read for each further page.
const pdfPageBudget = 8 * pdfBlock

// Pages yields the pages in order, or from the last one: a page is found without a
// look at those behind it. The last value is an error where the tree is broken.
func (d *PDFDocument) Pages(fromLast bool) iter.Seq2[*PDFPage, error] {
	return func(yield func(*PDFPage, error) bool) {
		f := d.file
		if f.root == nil {
			yield(nil, &FormatError{Offset: f.src.Size(), Err: errors.New("no catalog")})
			return
		}
		root := f.root.value.lookup("Pages")
		open := []pdfNode{{kids: pdfKids(root, false)}}
		seen := map[int64]bool{}
		for len(open) > 0 {
			node := open[len(open)-1]
			kid, ok := node.kids()
			if !ok {
				open = open[:len(open)-1]
				continue
			}
			page, below, err := d.node(kid, node, seen, fromLast)
			if err == nil && below != nil && int64(len(open)) > f.src.Depth {
				err = &LimitError{What: "depth of the page tree", Limit: f.src.Depth}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if below != nil {
				open = append(open, *below)
			}
			if page == nil {
				continue
			}
			if !yield(page, nil) {
				return
			}
			f.budget += pdfPageBudget
		}
	}
}

// Page returns the first page or the last one. A document without a page is a
// *[FormatError].
func (d *PDFDocument) Page(last bool) (*PDFPage, error) {
	for page, err := range d.Pages(last) {
		return page, err
	}
	return nil, &FormatError{Offset: d.file.src.Size(), Err: errors.New("no page")}
}

// Same reports whether p and q are one page.
func (p *PDFPage) Same(q *PDFPage) bool { return p.object.num == q.object.num }

// node reads a node of the page tree: it is a page, has kids, or is neither.
func (d *PDFDocument) node(kid pdfValue, parent pdfNode, seen map[int64]bool, fromLast bool) (*PDFPage, *pdfNode, error) {
	f := d.file
	if err := f.src.Element(); err != nil {
		return nil, nil, err
	}
	refused := f.refused
	o := f.resolve(kid)
	if o == nil || o.num == 0 || seen[o.num] || !o.value.isDict() {
		return nil, nil, f.unknown(refused)
	}
	seen[o.num] = true
	node := parent.inherit(o.value)
	if kids := f.direct(o.value.lookup("Kids")); kids != nil || f.direct(o.value.lookup("Type")).name() == "Pages" {
		node.kids = pdfKids(kids, fromLast)
		return nil, &node, f.unknown(refused)
	}
	page := d.page(o, node)
	return page, nil, f.unknown(refused)
}

// unknown returns the limit that has kept values from being read since there were as
// many as refused, or an I/O error: what is not known cannot be kept.
func (f *pdfFile) unknown(refused int) error {
	if f.refused > refused {
		return f.Limits[len(f.Limits)-1]
	}
	return f.err
}

// pdfLastKids is how many kids of a node are looked at from its end.
const pdfLastKids = 256

// pdfKids returns the elements of an array one by one.
func pdfKids(array pdfValue, fromLast bool) func() (pdfValue, bool) {
	if fromLast {
		return lastPDFKids(array)
	}
	l, once := pdfLexer{text: array, pos: 1}, !array.isArray()
	return func() (pdfValue, bool) {
		if once {
			v := array
			array = nil
			return v, v != nil
		}
		v, err := l.value()
		return v, err == nil
	}
}

func lastPDFKids(array pdfValue) func() (pdfValue, bool) {
	var ring []pdfValue
	n := 0
	for v := range array.elements() {
		if n < pdfLastKids {
			ring = append(ring, v)
		} else {
			ring[n%pdfLastKids] = v
		}
		n++
	}
	end := max(0, n-pdfLastKids)
	return func() (pdfValue, bool) {
		if n == end {
			return nil, false
		}
		n--
		return ring[n%pdfLastKids], true
	}
}

// A pdfBox is a rectangle in a page's own space.
type pdfBox struct{ left, bottom, right, top float64 }

// letter is the page of those that do not say how large they are.
var letter = pdfBox{right: 612, top: 792}

// maxPDFSide bounds the sides of a page, in its units. Readers stop at 14,400.
const maxPDFSide = 1e6

// box returns the rectangle v, and whether it is one that can be seen.
func (f *pdfFile) box(v pdfValue) (pdfBox, bool) {
	n := f.numbers(v, 4)
	if len(n) != 4 || slices.ContainsFunc(n, func(x float64) bool { return math.Abs(x) > maxPDFSide }) {
		return pdfBox{}, false
	}
	b := pdfBox{min(n[0], n[2]), min(n[1], n[3]), max(n[0], n[2]), max(n[1], n[3])}
	return b, b.left < b.right && b.bottom < b.top
}

// page returns the page of o, whose node has all that it inherits.
func (d *PDFDocument) page(o *pdfObject, node pdfNode) *PDFPage {
	f := d.file
	media, ok := f.box(node.mediaBox)
	if !ok {
		media = letter
	}
	seen := media
	if crop, ok := f.box(node.cropBox); ok {
		crop = pdfBox{max(crop.left, media.left), max(crop.bottom, media.bottom), min(crop.right, media.right), min(crop.top, media.top)}
		if crop.left < crop.right && crop.bottom < crop.top {
			seen = crop
		}
	}
	unit, ok := f.direct(o.value.lookup("UserUnit")).number()
	if !ok || unit <= 0 || unit > maxPDFSide {
		unit = 1
	}
	turn, _ := f.direct(node.rotated).number()
	p := &PDFPage{doc: d, object: o, resources: node.resources}
	p.orient(seen, int(math.Mod(turn, 360)), unit)
	return p
}

// orient sets the size of the page and its matrix. Rotate turns pages clockwise.
func (p *PDFPage) orient(b pdfBox, rotate int, unit float64) {
	p.Width, p.Height = (b.right-b.left)*unit, (b.top-b.bottom)*unit
	s := 1 / unit
	switch (rotate + 360) % 360 {
	case 90:
		p.toUser = pdfMatrix{0, s, -s, 0, b.right, b.bottom}
	case 180:
		p.toUser = pdfMatrix{-s, 0, 0, -s, b.right, b.top}
	case 270:
		p.toUser = pdfMatrix{0, -s, s, 0, b.left, b.top}
	default:
		p.toUser = pdfMatrix{s, 0, 0, s, b.left, b.bottom}
		return
	}
	if rotate%180 != 0 {
		p.Width, p.Height = p.Height, p.Width
	}
}
