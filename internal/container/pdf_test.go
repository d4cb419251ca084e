package container

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A pdfDraft is a PDF file made by hand.
type pdfDraft struct {
	bytes.Buffer
	shift   int // junk before the header, which offsets do not count
	offsets [16]int
	prev    string
}

func newPDFDraft(junk string) *pdfDraft {
	d := &pdfDraft{shift: len(junk)}
	d.WriteString(junk + "%PDF-1.7\n")
	return d
}

// object adds an object.
func (d *pdfDraft) object(num int, text string) {
	d.offsets[num] = d.Len() - d.shift
	fmt.Fprintf(d, "%d 0 obj\n%s\nendobj\n", num, text)
}

// stream adds a stream that is not filtered.
func (d *pdfDraft) stream(num int, entries, data string) {
	d.object(num, fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", entries, len(data), data))
}

// pages adds a catalog, 1, and a page without content, 2 and 3.
func (d *pdfDraft) pages(catalog string) {
	d.object(1, "<</Type/Catalog/Pages 2 0 R"+catalog+">>")
	d.object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
	d.object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>")
}

// table ends a revision with a table, a subsection for each object. Those in
// hidden are free, those whose negative is there are not listed.
func (d *pdfDraft) table(trailer, lineEnd string, hidden ...int) {
	at := d.Len() - d.shift
	fmt.Fprintf(d, "xref\n0 1\n0000000000 65535 f%s", lineEnd)
	for num, offset := range d.offsets {
		if slices.Contains(hidden, num) {
			fmt.Fprintf(d, "%d 1\n%010d 00000 f%s", num, 0, lineEnd)
		} else if offset > 0 && !slices.Contains(hidden, -num) {
			fmt.Fprintf(d, "%d 1\n%010d 00000 n%s", num, offset, lineEnd)
		}
	}
	fmt.Fprintf(d, "trailer\n<</Size %d/Root 1 0 R%s%s>>\n", len(d.offsets), trailer, d.prev)
	d.end(at)
}

// end writes the end of a revision whose section starts at the offset at.
func (d *pdfDraft) end(at int) {
	fmt.Fprintf(d, "startxref\n%d\n%%%%EOF\n", at)
	d.prev = fmt.Sprintf("/Prev %d", at)
}

// pdfDrafts are files that no tool at hand makes.
func pdfDrafts() map[string][]byte {
	plain := func(junk, trailer, lineEnd string) []byte {
		d := newPDFDraft(junk)
		d.pages("")
		d.object(4, "<</Title(a)>>")
		d.table(trailer, lineEnd)
		return d.Bytes()
	}
	return map[string][]byte{
		"no-info":         plain("", "", " \n"),
		"info-of-nothing": plain("", "/Info 9 0 R", " \n"),
		"direct-info":     plain("", "/Info<</Title(direct)>>", " \n"),
		"junk-before":     plain("junk\n", "/Info 4 0 R", " \n"),
		"short-entries":   plain("", "/Info 4 0 R", "\n"),
		"no-last-newline": bytes.TrimSpace(plain("", "/Info 4 0 R", "\r\n")),
		"junk-after":      append(plain("", "/Info 4 0 R", "\r\n"), "\x00\x00<html>"...),
		"hybrid":          pdfHybrid(-1),
		"hybrid-free":     pdfHybrid(1),
		"spaced-prev":     pdfRevisions(),
	}
}

// pdfHybrid returns a file whose Info dictionary only a cross-reference stream
// shows, packed in an object stream. The table lists it as free if sign is 1.
func pdfHybrid(sign int) []byte {
	d := newPDFDraft("")
	d.pages("")
	d.stream(5, "/Type/ObjStm/N 1/First 4", "4 0 <</Title(hidden)>>")
	at := d.Len()
	d.stream(6, "/Type/XRef/Size 7/W[1 1 1]/Index[4 1]", "\x02\x05\x00")
	d.table(fmt.Sprintf("/Info 4 0 R/XRefStm %d", at), " \n", 4*sign, 6*sign)
	return d.Bytes()
}

// pdfRevisions returns a file with a second revision, of its Info dictionary.
func pdfRevisions() []byte {
	d := newPDFDraft("")
	d.pages("")
	d.object(4, "<</AIGC(history)>>")
	d.table("/Info 4 0 R", " \n")
	d.object(4, "<</Title(new)>>")
	d.table("/Info 4 0 R", " \n")
	return d.Bytes()
}

// unencrypted returns the fixtures that can be written, and the drafts.
func unencrypted(t testing.TB) map[string][]byte {
	files := pdfDrafts()
	for name, b := range fixtures(t, "pdf") {
		if !walk(t, PDF, b).Summary().Encrypted {
			files[name] = b
		}
	}
	return files
}

func TestPDFRoundTrip(t *testing.T) {
	values := [][]byte{someRecord, []byte(`(")\` + "\r\n\t" + `作者 é`), []byte("{}"), {}, someRecord}
	for name, b := range unencrypted(t) {
		t.Run(name, func(t *testing.T) {
			before := walk(t, PDF, b).Summary()
			require.NoError(t, before.Damage)
			require.Empty(t, before.Limits)
			out := rewrite(t, PDF, b, Record, values...)
			out = rewrite(t, PDF, out, XMP, somePacket, []byte("<x/>"))
			require.True(t, bytes.HasPrefix(out, b), "the original is a prefix")
			require.Equal(t, string(someRecord), string(guide(walk(t, PDF, out), Record).Value))
			require.Equal(t, texts(before), texts(walk(t, PDF, out).Summary()))
			remove(t, PDF, remove(t, PDF, out, XMP), Record)
		})
	}
}

// texts returns the texts by their places.
func texts(l *Layout) map[string]string {
	all := map[string]string{}
	for _, s := range l.Slots {
		if s.Kind == Text {
			all[s.Place] = string(s.Value)
		}
	}
	return all
}

// TestPDFOneUpdate makes two changes and gets one revision, at the end.
func TestPDFOneUpdate(t *testing.T) {
	for name, b := range unencrypted(t) {
		f := walk(t, PDF, b)
		plan, err := f.Plan([]Change{{Kind: Record, Value: someRecord}, {Slot: guide(f, XMP), Kind: XMP, Value: somePacket}})
		require.NoError(t, err, name)
		require.Len(t, plan.Edits(), 1)
		require.EqualValues(t, len(b), plan.Edits()[0].Offset)
		require.Equal(t, 1, bytes.Count(output(t, plan, b)[len(b):], []byte("%%EOF")))
	}
}

func TestPDFInfoIsKeptByteForByte(t *testing.T) {
	const odd = "<<%comment )>>\n/Tit#6ce <FEFF0041> /Nested<</A[(\\))2 0 R]>>/Trapped/False"
	d := newPDFDraft("")
	d.pages("")
	d.object(4, odd+">>")
	d.table("/Info 4 0 R", " \n")
	out := put(t, PDF, d.Bytes(), Record, []byte("new"))
	require.Contains(t, string(out[d.Len():]), "4 0 obj\n"+odd+"/AIGC(new)>>\nendobj")
	require.Equal(t, "A", texts(walk(t, PDF, out).Summary())["PDF Info Title"])
}

func TestPDFRecords(t *testing.T) {
	for name, test := range map[string]struct {
		info, want, encoding string
	}{
		"literal": {"/AIGC({x})", "{x}", ""},
		"escaped": {`/AIGC(\(\
\101\0632\r\))`, "(A32\r)", "pdf-literal"},
		"hexadecimal":       {"/AIGC<7b 2 2 7>", "{\"p", "pdf-hex"},
		"UTF-16":            {"/AIGC<FEFF4F5C8005>", "作者", "pdf-hex"},
		"little endian":     {"/AIGC<FFFE5C4F>", "作", "pdf-hex"},
		"UTF-8":             {"/AIGC(\xef\xbb\xbf作)", "作", "pdf-literal"},
		"UTF-8, unmarked":   {"/AIGC(作)", "作", ""},
		"PDFDocEncoding":    {"/AIGC(\xa0\x18M\xfcller\x80)", "€˘Müller•", "pdf-literal"},
		"name with escapes": {"/#41IGC(x)", "x", ""},
		"reference":         {"/AIGC 5 0 R", "referred", ""},
		"not a string":      {"/AIGC<</Label(1)>>", "<</Label(1)>>", ""},
		"first of two":      {"/AIGC(x)/AIGC(y)", "x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newPDFDraft("")
			d.pages("")
			d.object(4, "<<"+test.info+">>")
			d.object(5, "(referred)")
			d.table("/Info 4 0 R", " \n")
			f := walk(t, PDF, d.Bytes())
			require.NoError(t, f.Summary().Damage)
			require.Equal(t, test.want, string(guide(f, Record).Value))
			require.Equal(t, test.encoding, guide(f, Record).Encoding)
			require.Equal(t, "new", string(guide(walk(t, PDF, put(t, PDF, d.Bytes(), Record, []byte("new"))), Record).Value))
		})
	}
}

func TestPDFAlternatePlaces(t *testing.T) {
	d := newPDFDraft("")
	d.pages("/AIGC(catalog)/AF[6 0 R]/Metadata 5 0 R")
	d.object(4, "<</AIGC_Label(other)/AIGC(info)>>")
	d.object(5, "<</Filter[]/Length 8 0 R>>stream\r\n<x/>\r\nendstream")
	d.object(8, "4")
	d.object(6, "<</Type/Filespec/AFRelationship/C2PA_Manifest/EF<</F 7 0 R>>>>")
	d.stream(7, "", "jumbf")
	d.table("/Info 4 0 R", " \n")
	f := walk(t, PDF, d.Bytes())
	var got []string
	for _, s := range f.Summary().Slots {
		r := s.Ranges[0]
		got = append(got, fmt.Sprintf("%s %t %s", s.Place, s.Guide, d.Bytes()[r.Offset:r.Offset+r.Length]))
	}
	require.Equal(t, []string{
		"PDF Info AIGC_Label false other", "PDF Info AIGC true info", "PDF Catalog AIGC false catalog",
		"PDF Metadata true <x/>", "PDF C2PA_Manifest true jumbf",
	}, got)

	plan, err := f.Plan([]Change{{Slot: &f.Summary().Slots[0]}, {Slot: &f.Summary().Slots[2]}, {Slot: guide(f, Record), Value: []byte("one")}})
	require.NoError(t, err)
	out := walk(t, PDF, output(t, plan, d.Bytes()))
	require.Equal(t, 1, countKind(out, Record))
	require.Equal(t, "one", string(guide(out, Record).Value))
	require.NotNil(t, guide(out, C2PA))

	require.Zero(t, countKind(walk(t, PDF, remove(t, PDF, d.Bytes(), C2PA)), C2PA))
	_, err = f.Plan([]Change{{Kind: EXIF, Value: []byte("x")}})
	require.ErrorIs(t, err, ErrNoPlace)
	_, err = f.Plan([]Change{{Kind: Record, Value: []byte("\xff")}})
	require.ErrorIs(t, err, errNotUTF8)
}

func TestPDFHybrid(t *testing.T) {
	for _, sign := range []int{-1, 1} {
		require.Equal(t, "hidden", texts(walk(t, PDF, pdfHybrid(sign)).Summary())["PDF Info Title"])
	}
}

func TestPDFSuperseded(t *testing.T) {
	require.Zero(t, countKind(walk(t, PDF, pdfRevisions()), Record))
}

func TestPDFEncrypted(t *testing.T) {
	files := fixtures(t, "pdf")
	for _, name := range []string{"aes256.pdf", "cleartext-xmp.pdf"} {
		f := walk(t, PDF, files[name])
		require.True(t, f.Summary().Encrypted)
		require.NoError(t, f.Summary().Damage)
		_, err := f.Plan(nil)
		require.ErrorIs(t, err, ErrEncrypted)
	}
	require.Nil(t, guide(walk(t, PDF, files["aes256.pdf"]), XMP))
	require.Contains(t, string(guide(walk(t, PDF, files["cleartext-xmp.pdf"]), XMP).Value), "<x:xmpmeta")

	d := newPDFDraft("")
	d.pages("")
	d.object(4, "<</Title(\x01\x02)/AIGC(\x03\x04)>>")
	d.table("/Info 4 0 R/Encrypt<</V 5>>", " \n")
	slots := walk(t, PDF, d.Bytes()).Summary().Slots
	require.Len(t, slots, 1, "a label is there, whatever it says")
	require.Equal(t, "encrypted", slots[0].Encoding)
	require.Nil(t, slots[0].Value)
}

func TestPDFLongTail(t *testing.T) {
	b := append(pdfRevisions(), make([]byte, 20<<10)...)
	require.Equal(t, "x", string(guide(walk(t, PDF, put(t, PDF, b, Record, []byte("x"))), Record).Value))
}

func TestPDFReadError(t *testing.T) {
	b := pdfRevisions()
	_, err := PDF(NewSource(bytes.NewReader(b), 100<<10, Limits{}))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// TestPDFSigned writes into signed files: the bytes under the signature stay.
func TestPDFSigned(t *testing.T) {
	files := fixtures(t, "pdf")
	for name, want := range map[string]string{
		"signed.pdf":      "PDF signature",
		"certified.pdf":   "PDF certification signature, DocMDP P=1",
		"ghostscript.pdf": "",
	} {
		b := files[name]
		require.Equal(t, want, walk(t, PDF, b).Summary().Signed)
		out := put(t, PDF, b, Record, someRecord)
		require.Equal(t, want, walk(t, PDF, out).Summary().Signed)
		require.Equal(t, signedDigest(t, b), signedDigest(t, out))
	}
	d := newPDFDraft("")
	d.pages("/AcroForm<</Fields[4 0 R]>>")
	d.object(4, "<</T(form)/Kids[5 0 R 6 0 R]>>")
	d.object(5, "<</FT/Tx/V(x)>>")
	d.object(6, "<</FT/Sig/V<</Type/Sig>>>>")
	d.table("", " \n")
	require.Equal(t, "PDF signature", walk(t, PDF, d.Bytes()).Summary().Signed)
	unsigned := bytes.ReplaceAll(d.Bytes(), []byte("/V<<"), []byte("/W<<"))
	require.Empty(t, walk(t, PDF, unsigned).Summary().Signed)
}

// signedDigest returns the digest of what the first ByteRange covers.
func signedDigest(t *testing.T, b []byte) (digest [32]byte) {
	const key = "/ByteRange["
	i := bytes.Index(b, []byte(key))
	if i < 0 {
		return digest
	}
	var r [4]int
	_, err := fmt.Sscan(string(b[i+len(key):]), &r[0], &r[1], &r[2], &r[3])
	require.NoError(t, err)
	return sha256.Sum256(append(bytes.Clone(b[r[0]:r[0]+r[1]]), b[r[2]:r[2]+r[3]]...))
}

func TestPDFPredictors(t *testing.T) {
	f := &pdfFile{src: NewSource(bytes.NewReader(nil), 0, Limits{})}
	for name, test := range map[string]struct {
		params, in, want string
	}{
		"none":              {"<<>>", "abc", "abc"},
		"PNG, all filters":  {"<</Predictor 15/Columns 3>>", "\x00\x01\x02\x03\x01\x01\x01\x01\x02\x01\x01\x01\x03\x01\x01\x01\x04\x01\x01\x01", "\x01\x02\x03\x01\x02\x03\x02\x03\x04\x02\x03\x04\x03\x04\x05"},
		"PNG, wide pixels":  {"<</Predictor 11/Columns 2/Colors 2>>", "\x01\x01\x02\x01\x01", "\x01\x02\x02\x03"},
		"PNG, last row cut": {"<</Predictor 12/Columns 2>>", "\x02\x01\x02\x02\x01", "\x01\x02\x02"},
		"TIFF":              {"<</Predictor 2/Columns 2/Colors 2>>", "\x01\x02\x01\x01\x05\x05\x01\x01", "\x01\x02\x02\x03\x05\x05\x06\x06"},
		"unknown filter":    {"<</Predictor 12/Columns 2>>", "\x09\x01\x02", ""},
		"unknown predictor": {"<</Predictor 3>>", "abc", ""},
		"great columns":     {"<</Predictor 12/Columns 2147483648>>", "abc", ""},
		"great product":     {"<</Predictor 12/Columns 3/Colors 3/BitsPerComponent 99>>", "abc", ""},
	} {
		got, err := f.unpredict([]byte(test.in), pdfValue(test.params))
		require.Equal(t, test.want, string(got), name)
		require.Equal(t, test.want == "", err != nil, name)
	}
}

func TestPDFTruncated(t *testing.T) {
	for name, b := range unencrypted(t) {
		if name == "junk-after" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			intact := bytes.LastIndex(b, []byte("%%EOF")) + len("%%EOF")
			first := 0 // a cut that leaves a whole older revision is none
			if i := bytes.Index(b, []byte("%%EOF\n4 0 obj")); i >= 0 || name == "signed.pdf" || name == "certified.pdf" {
				first = max(i, bytes.Index(b, []byte("%%EOF"))) + len("%%EOF\n1 0 obj")
			}
			for n := range intact {
				if n >= first || n < first-len("%%EOF\n1 0 obj") {
					require.Error(t, walk(t, PDF, b[:n:n]).Summary().Damage, "cut at %d", n)
				}
			}
		})
	}
}

// TestPDFChopped takes one byte out of labelled files: where it is none of the
// label or of the section that leads to it, the label is still listed.
func TestPDFChopped(t *testing.T) {
	for name, b := range unencrypted(t) {
		t.Run(name, func(t *testing.T) {
			b := put(t, PDF, b, Record, someRecord)
			entry, end := bytes.LastIndex(b, []byte("/AIGC(")), bytes.LastIndex(b, []byte("startxref"))
			step := 1 + len(b)/1000 // of the long ones, a sample
			for i := 0; i < len(b); i += step {
				if i >= entry && i < end || i < len("junk\n%PDF-") {
					continue
				}
				chopped := append(bytes.Clone(b[:i]), b[i+1:]...)
				slots := walk(t, PDF, chopped).Summary().Slots
				found := false
				for _, s := range slots {
					found = found || s.Kind == Record && bytes.Equal(s.Value, someRecord)
				}
				require.True(t, found, "without byte %d of %d", i, len(b))
			}
		})
	}
}

// TestPDFDamagedObjectStream loses the cross-reference stream of a file whose
// label is packed.
func TestPDFDamagedObjectStream(t *testing.T) {
	d := newPDFDraft("")
	d.pages("")
	packed := "3 0 4 5 <<>> <</AIGC(packed)>>"
	d.stream(5, "/Type/ObjStm/N 2/First 8", packed)
	f := walk(t, PDF, d.Bytes())
	require.Error(t, f.Summary().Damage)
	require.Equal(t, "packed", string(guide(f, Record).Value))
	d.object(4, "<</AIGC(newer)>>")
	require.Equal(t, "newer", string(guide(walk(t, PDF, d.Bytes()), Record).Value))
}

func TestPDFLostStartxref(t *testing.T) {
	for name, b := range unencrypted(t) {
		b = bytes.ReplaceAll(put(t, PDF, b, XMP, somePacket), []byte("startxref"), []byte("startxxxx"))
		f := walk(t, PDF, b)
		require.Error(t, f.Summary().Damage, name)
		if name != "junk-before" { // whose offsets need the junk's length
			require.NotNil(t, guide(f, XMP), name)
		}
	}
}

func TestPDFHostile(t *testing.T) {
	for name, b := range hostilePDFs() {
		t.Run(name, func(t *testing.T) {
			cheapWalk(t, PDF, b)
			l := walk(t, PDF, b).Summary()
			require.True(t, l.Damage != nil || len(l.Limits) > 0, "%+v", l)
		})
	}
}

func hostilePDFs() map[string][]byte {
	files := map[string][]byte{}
	add := func(name string, make func(d *pdfDraft)) {
		d := newPDFDraft("")
		d.pages("/Metadata 8 0 R")
		make(d)
		files[name] = d.Bytes()
	}
	table := func(trailer string) func(d *pdfDraft) {
		return func(d *pdfDraft) { d.table(trailer, " \n") }
	}
	// section ends the file with a cross-reference stream over objects 1 to 5.
	section := func(entries, rows string) func(d *pdfDraft) {
		return func(d *pdfDraft) {
			at := d.Len()
			d.stream(9, "/Type/XRef/Root 1 0 R"+entries, rows)
			d.end(at)
		}
	}
	object := func(num int, text string) func(d *pdfDraft) {
		return func(d *pdfDraft) {
			d.object(num, text)
			d.table("/Info 4 0 R", " \n")
		}
	}
	add("Prev to itself", func(d *pdfDraft) {
		d.prev = fmt.Sprintf("/Prev %d", d.Len())
		d.table("", " \n")
	})
	add("mutual Prev", func(d *pdfDraft) {
		second := d.Len() + 1000
		d.prev = fmt.Sprintf("/Prev %d", second)
		d.table("", " \n")
		d.WriteString(strings.Repeat(" ", second-d.Len()))
		d.table("", " \n")
	})
	add("negative Prev", table("/Prev -5"))
	add("Prev past the end", table("/Prev 99999999999999999999"))
	add("XRefStm is a table", func(d *pdfDraft) { d.table(fmt.Sprintf("/XRefStm %d", d.Len()), " \n") })
	add("no widths", section("/Size 6/W[0 0 0]", "xxxxxx"))
	add("wide widths", section("/Size 6/W[1 9 1]", "xxxxxx"))
	add("negative widths", section("/Size 6/W[1 -1 1]", "xxxxxx"))
	add("huge Index", section("/Size 6/W[1 1 1]/Index[0 4294967296]", "xxxxxx"))
	add("many subsections", section("/Size 6/W[1 1 1]/Index["+strings.Repeat("0 1 ", 1<<18)+"]", "xxxxxx"))
	add("rows are missing", section("/Size 2147483648/W[1 1 1]", "\x00\x00\x00"))
	add("offsets of 64 bits", section("/Size 2/W[1 8 0]", strings.Repeat("\x01\xff\xff\xff\xff\xff\xff\xff\xff", 2)))
	add("object stream in itself", func(d *pdfDraft) {
		at := d.Len()
		d.stream(9, "/Type/XRef/Root 1 0 R/Size 3/W[1 1 1]", "\x00\x00\x00\x02\x02\x00\x02\x02\x00")
		d.end(at)
	})
	add("Length in its own object stream", func(d *pdfDraft) {
		stream := d.Len()
		d.object(7, "<</Type/ObjStm/N 1/First 4/Length 1 0 R>>stream\n1 0 22\nendstream")
		at := d.Len()
		d.stream(9, "/Type/XRef/Root 1 0 R/W[1 2 1]/Index[1 1 7 1]", fmt.Sprintf("\x02\x00\x07\x00\x01%c%c\x00", stream>>8, stream&255))
		d.end(at)
	})
	add("nesting", object(4, strings.Repeat("[", 10000)))
	add("nesting, closed", object(4, strings.Repeat("[", 500000)+strings.Repeat("]", 500000)))
	add("unbalanced", object(4, "<</A[>>"))
	add("open string", object(4, "<</AIGC("+strings.Repeat("(", 1<<20)))
	add("many open strings", object(4, "<<"+strings.Repeat("/AIGC(", 1<<17)))
	add("many open UTF-16 strings", object(4, "<<"+strings.Repeat("/AIGC(\xfe\xff\\0", 1<<16)))
	add("keys without values", object(4, "<<"+strings.Repeat("/A", 1<<18)+">"))
	add("Length lies", func(d *pdfDraft) {
		d.object(8, "<</Length 2147483648>>stream\n<x/>\nendstream")
		d.table("", " \n")
	})
	add("Length is short", func(d *pdfDraft) {
		d.object(8, "<</Length 1>>stream\n<x/>\nendstream")
		d.table("", " \n")
	})
	add("bomb", func(d *pdfDraft) {
		d.stream(8, "/Filter/FlateDecode", string(deflate(make([]byte, 64<<20))))
		d.table("", " \n")
	})
	add("great columns", func(d *pdfDraft) {
		d.stream(8, "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 2147483648>>", string(deflate([]byte("x"))))
		d.table("", " \n")
	})
	add("another filter", func(d *pdfDraft) {
		d.stream(8, "/Filter[/ASCIIHexDecode/FlateDecode]", "00")
		d.table("", " \n")
	})
	add("overlapping objects", func(d *pdfDraft) {
		var info strings.Builder
		for i := range 4000 {
			fmt.Fprintf(&info, "/K%d %d 0 R", i, i+20)
		}
		d.object(4, "<<"+info.String()+">>")
		first := d.Len()
		for i := range 4000 {
			fmt.Fprintf(d, "%04d 0 obj(\xfe\xff\n", i+20)
		}
		d.WriteString(strings.Repeat("x", 1<<20) + strings.Repeat(")", 4000) + "\n")
		at := d.Len()
		fmt.Fprintf(d, "xref\n1 1\n%010d 00000 n \n4 1\n%010d 00000 n \n20 4000\n", d.offsets[1], d.offsets[4])
		for i := range 4000 {
			fmt.Fprintf(d, "%010d 00000 n \n", first+14*i)
		}
		d.WriteString("trailer<</Root 1 0 R/Info 4 0 R>>\n")
		d.end(at)
	})
	add("many subsections for many references", func(d *pdfDraft) {
		d.object(1, "<</AF["+strings.Repeat("50 0 R ", 1<<17)+"]>>")
		at := d.Len()
		d.table("", " \n")
		index := strings.Repeat("99 1 ", maxPDFRuns-1)
		for range 6 {
			prev := at
			at = d.Len()
			d.stream(9, fmt.Sprintf("/Type/XRef/Root 1 0 R/W[1 1 1]/Index[%s]/Prev %d", index, prev), "")
		}
		d.end(at)
	})
	return files
}

func TestPDFImpossibleSize(t *testing.T) {
	d := newPDFDraft("")
	d.pages("")
	d.table("", " \n")
	b := bytes.Replace(d.Bytes(), []byte("/Size 16"), []byte("/Size 2147483648"), 1)
	_, err := walk(t, PDF, b).Plan([]Change{{Kind: Record, Value: someRecord}})
	require.ErrorAs(t, err, new(*LimitError))
	b = bytes.Replace(d.Bytes(), []byte("/Size 16"), []byte("/Size 2"), 1)
	out := put(t, PDF, b, Record, someRecord)
	require.Contains(t, string(out), "\n4 0 obj", "numbers that Size does not count are not taken again")
}

// TestPDFFewReads walks a long file, of which it needs the head and the tail.
func TestPDFFewReads(t *testing.T) {
	d := newPDFDraft("")
	d.stream(9, "", strings.Repeat("media ", 1<<20))
	d.pages("")
	d.object(4, "<</AIGC(x)>>")
	d.table("/Info 4 0 R", " \n")
	r := &countingReader{r: bytes.NewReader(d.Bytes())}
	f, err := PDF(NewSource(r, int64(d.Len()), Limits{}))
	require.NoError(t, err)
	require.NotNil(t, guide(f, Record))
	require.LessOrEqual(t, r.bytes, 48<<10)
	require.LessOrEqual(t, r.calls, 3)
}

func FuzzPDF(f *testing.F) {
	for _, b := range pdfDrafts() {
		f.Add(b)
	}
	for _, b := range hostilePDFs() {
		if len(b) < 64<<10 {
			f.Add(b)
		}
	}
	fuzz(f, "pdf", PDF, Record, someRecord)
}

// FuzzPDFText puts arbitrary text where offsets still lead to it.
func FuzzPDFText(f *testing.F) {
	f.Add("/AIGC({x})/A<</B[1 0 R]>>", "/Metadata 5 0 R", "<x/>", "/ID[<00>(\\1)]/Prev 9", "4 0 6 12")
	f.Add("/AIGC 6 0 R", "/AcroForm<</Fields[6 0 R]>>/AF[5 0 R]", "/Filter/FlateDecode", "/Info<<>>", "(x) <</Kids[6 0 R]>>")
	f.Add("/#41IGC<FEFF0041>", "/Perms<</DocMDP 6 0 R>>", "endstream", "/XRefStm 9 /Encrypt null", "<</Reference[<<>>]>>")
	f.Fuzz(func(t *testing.T, info, catalog, packet, trailer, packed string) {
		d := newPDFDraft("")
		d.pages(catalog)
		d.object(4, "<<"+info+">>")
		d.stream(5, "/Type/Metadata", packet)
		d.stream(7, "/Type/ObjStm/N 1/First 4", "6 0 "+packed)
		at := d.Len()
		d.stream(8, "/Type/XRef/W[1 1 1]/Size 7/Index[6 1]", "\x02\x07\x00")
		d.table(fmt.Sprintf("/Info 4 0 R/XRefStm %d", at)+trailer, " \n")
		withstand(t, PDF, d.Bytes(), Record, someRecord)
	})
}

func BenchmarkPDFWalk(b *testing.B) {
	for name, data := range fixtures(b, "pdf") {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				walk(b, PDF, data)
			}
		})
	}
}
