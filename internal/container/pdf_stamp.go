package container

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Stamps on pages, as part of their content: unlike annotations they are printed,
// shown and converted by all programs, and cannot be switched off.

// pdfStampName starts the names that pages have for our stamps.
const pdfStampName = "AIGCNotice"

// A PDFStamp is what a page gets on top of its content.
type PDFStamp struct {
	Page *PDFPage
	X, Y float64 // its lower left corner, from that of the page as seen, in points
	PDFForm
}

// A PDFForm is what stamps show. It may be the same on many pages.
type PDFForm struct {
	Width, Height float64 // in points
	Content       string  // operators; the font is /F
	Text          string  // what the content says
}

// A PDFFont is an embedded font of glyphs that are numbered from 0 on, by which
// texts name them: two bytes each, the high one first.
type PDFFont struct {
	Name       string   // PostScript name
	Program    []byte   // CIDFontType0C
	Widths     []int    // of the glyphs, in thousandths of the size of the type
	Characters []string // that the glyphs stand for
	Bounds     [4]int   // of all glyphs: left, bottom, right, top
}

// maxPDFRevision bounds what stamps add, besides the size of the file: pages may
// share what is copied for each.
const maxPDFRevision = 16 << 20

// A pdfStamper adds stamps to a revision.
type pdfStamper struct {
	*pdfUpdate
	font  int64            // object number
	known map[string]int64 // objects by what they say
	size  int64            // of them
}

// Stamp plans a revision with the stamps. The bytes of the file stay as they are
// before it. The text of a page should be read before the stamp: that tells what the
// content leaves open. Errors are [ErrEncrypted], a *[FormatError] or a *[LimitError].
func (d *PDFDocument) Stamp(font *PDFFont, stamps []PDFStamp) (*splice.Plan, error) {
	f := d.file
	u, err := f.update(int64(4*len(stamps) + 8))
	if err != nil {
		return nil, err
	}
	s := &pdfStamper{pdfUpdate: u, known: map[string]int64{}}
	if len(stamps) > 0 {
		s.font = s.embed(font)
	}
	for i := range stamps {
		refused := f.refused
		f.budget += pdfPageBudget
		if err := s.page(&stamps[i]); err != nil {
			return nil, err
		}
		if err := f.unknown(refused); err != nil {
			return nil, err
		}
	}
	return u.plan()
}

// object returns the number of an object, which is added when it is new.
func (s *pdfStamper) object(text string, stream []byte) int64 {
	key := text + string(stream)
	num, known := s.known[key]
	if !known {
		num = s.next
		s.next++
		s.known[key] = num
		s.size += int64(len(key))
		s.objects = append(s.objects, &pdfRevised{num: num, text: pdfValue(text), stream: stream})
	}
	return num
}

// stream adds a stream with the entries of its dictionary but for the length.
func (s *pdfStamper) stream(entries string, data []byte) int64 {
	return s.object(fmt.Sprintf("<<%s/Length %d>>", entries, len(data)), data)
}

// page revises a page: its content within q and Q, so that the stamp stands where it
// should whatever the content leaves behind, then the stamp. Content that has not
// been read, or cannot be, is taken for well made. Resources become an object of
// their own, since pages share them.
func (s *pdfStamper) page(stamp *PDFStamp) error {
	p := stamp.Page
	form := s.form(&stamp.PDFForm)
	name, resources := s.resources(p, form)

	contents := p.contents()
	var b strings.Builder
	b.WriteByte('[')
	if len(contents) > 0 && !p.end.restored {
		fmt.Fprintf(&b, "%d 0 R ", s.stream("", []byte("q")))
	}
	for _, c := range contents {
		b.Write(c)
		b.WriteByte(' ')
	}
	fmt.Fprintf(&b, "%d 0 R]", s.stream("", p.end.close(p.showing(stamp, name), len(contents) > 0)))

	page := s.revise(p.object, "")
	page.set("Contents", []byte(b.String()))
	page.set("Resources", fmt.Appendf(nil, " %d 0 R", resources))
	if s.size += int64(b.Len() + len(page.text)); s.size > maxPDFRevision+4*s.f.src.Size() {
		return &LimitError{What: "bytes of a PDF revision", Limit: maxPDFRevision}
	}
	return nil
}

// close returns the content that ends what a page's own content left open, and
// shows something then.
func (t *PDFText) close(show []byte, own bool) []byte {
	var b []byte
	b = append(b, strings.Repeat("EMC ", t.marked)...)
	b = append(b, strings.Repeat("Q ", t.saved)...)
	switch {
	case !own:
	case t.restored: // more than was saved: a q before would change the page
		b = append(t.ctm.inverse().appendTo(append(b, "q "...)), " cm "...)
	default:
		b = append(b, "Q "...)
	}
	b = append(b, show...)
	if own && t.restored {
		b = append(b, " Q"...)
	}
	return b
}

func (m pdfMatrix) appendTo(b []byte) []byte {
	for i, x := range []float64{m.a, m.b, m.c, m.d, m.e, m.f} {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendPDFNumber(b, x)
	}
	return b
}

// showing returns the content that shows a form of the page's resources. In a
// document with tags it is no part of the text: an artifact.
func (p *PDFPage) showing(s *PDFStamp, form string) []byte {
	b := []byte("/Artifact<</Type/Pagination/Subtype/Watermark>>BDC q ")
	b = pdfMatrix{a: 1, d: 1, e: s.X, f: s.Y}.then(p.toUser).appendTo(b)
	return fmt.Appendf(b, " cm /%s Do Q EMC", form)
}

// form adds the form of a stamp. Its text is also given as such: that finds it whole
// when it stands on several lines.
func (s *pdfStamper) form(form *PDFForm) int64 {
	box := appendPDFNumber(append(appendPDFNumber(nil, form.Width), ' '), form.Height)
	entries := fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 0 %s]/Resources<</Font<</F %d 0 R>>>>", box, s.font)
	return s.stream(entries, fmt.Appendf(nil, "/Span<</ActualText<FEFF%X>>>BDC %s EMC", appendUTF16(nil, form.Text, binary.BigEndian), form.Content))
}

// resources adds the resources of a page with one more form, and returns its name.
func (s *pdfStamper) resources(p *PDFPage, form int64) (name string, num int64) {
	all := s.f.direct(p.resources)
	if !all.isDict() {
		all = pdfValue("<<>>")
	}
	forms := s.f.direct(all.lookup("XObject"))
	if !forms.isDict() {
		forms = pdfValue("<<>>")
	}
	name = pdfStampName
	for n := 1; ; n++ {
		e, taken := forms.entry(name)
		if number, _, _ := e.value.reference(); !taken || number == form {
			break
		}
		name = pdfStampName + strconv.Itoa(n)
	}
	forms = forms.with(name, fmt.Appendf(nil, " %d 0 R", form))
	return name, s.object(string(all.with("XObject", forms)), nil)
}

// with returns a dictionary with another value of a key.
func (v pdfValue) with(key string, value []byte) pdfValue {
	r := pdfRevised{text: v}
	r.set(key, value)
	return r.body()
}

// embed adds a font, as PDF/A asks for it, and returns its number.
func (s *pdfStamper) embed(font *PDFFont) int64 {
	program := deflate(font.Program)
	box := strings.Trim(fmt.Sprint(font.Bounds), "[]")
	descriptor := s.object(fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%s]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight 733/StemV 80/FontFile3 %d 0 R/CIDSet %d 0 R>>",
		font.Name, box, font.Bounds[3], font.Bounds[1],
		s.stream("/Subtype/CIDFontType0C/Filter/FlateDecode", program), s.stream("", font.cidSet())), nil)
	descendant := s.object(fmt.Sprintf("<</Type/Font/Subtype/CIDFontType0/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor %d 0 R/DW 1000/W[0[%s]]>>",
		font.Name, descriptor, strings.Trim(fmt.Sprint(font.Widths), "[]")), nil)
	return s.object(fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/%s-Identity-H/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>",
		font.Name, descendant, s.stream("/Filter/FlateDecode", deflate(font.toUnicode()))), nil)
}

// cidSet has a bit for each glyph of the font: PDF/A-1 asks for it.
func (font *PDFFont) cidSet() []byte {
	set := make([]byte, (len(font.Widths)+7)/8)
	for i := range font.Widths {
		set[i/8] |= 0x80 >> (i % 8)
	}
	return set
}

// pdfMapLines is the most that a section of a character map may have.
const pdfMapLines = 100

// toUnicode returns the map from the glyphs to their characters.
func (font *PDFFont) toUnicode() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit/ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n/CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n")
	for from := 1; from < len(font.Characters); from += pdfMapLines {
		to := min(from+pdfMapLines, len(font.Characters))
		fmt.Fprintf(&b, "%d beginbfchar\n", to-from)
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, "<%04X><%s>\n", i, hex.EncodeToString(appendUTF16(nil, font.Characters[i], binary.BigEndian)))
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict/CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}
