package c2pa

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
)

// bmffBox returns a box of the ISO base media file format.
func bmffBox(kind string, body ...string) string {
	b := strings.Join(body, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(b)))) + kind + b
}

// largeBox returns a box with a size of 64 bits.
func largeBox(kind, body string) string {
	return "\x00\x00\x00\x01" + kind + string(binary.BigEndian.AppendUint64(nil, uint64(16+len(body)))) + body
}

// offsetOf returns a position as it is hashed.
func offsetOf(offset int) string { return string(binary.BigEndian.AppendUint64(nil, uint64(offset))) }

// A tape keeps what is hashed.
type tape struct {
	hash.Hash
	heard bytes.Buffer
}

func (t *tape) Write(b []byte) (int, error) { return t.heard.Write(b) }

// heard returns what of a file is hashed but for exclusions.
func heard(t testing.TB, file string, exclusions ...*boxExclusion) string {
	t.Helper()
	a := bare([]byte(file), container.Range{})
	b := bmffHash{Exclusions: exclusions}
	require.NoError(t, b.prepare())
	rec := &tape{}
	h := a.newHasher(hashAlgorithms[defaultHash])
	defer h.release()
	h.Hash, h.to = rec, rec
	require.NoError(t, a.hashBoxes(h, exclusions))
	return rec.heard.String()
}

func pointer[T any](v T) *T { return &v }

func TestBoxExclusions(t *testing.T) {
	user := bmffBox("uuid", string(c2paBox[:]), "x")
	trak := bmffBox("trak", bmffBox("tkhd", "\x01\x00\x00\x07one"), bmffBox("mdia", "media"))
	trak2 := bmffBox("trak", bmffBox("tkhd", "\x00\x00\x00\x03two"), bmffBox("mdia", "other"))
	moov := bmffBox("moov", trak, trak2)
	const headless = 8 // of the file: an ftyp box
	at1 := func(parts ...string) string { return offsetOf(headless) + strings.Join(parts, "") }
	one := func(e boxExclusion) []*boxExclusion { return []*boxExclusion{{XPath: "/ftyp"}, &e} }
	for name, test := range map[string]struct {
		file       string
		exclusions []*boxExclusion
		want       string
	}{
		"none of it":          {bmffBox("free", "x"), one(boxExclusion{XPath: "/free"}), ""},
		"another type":        {moov, one(boxExclusion{XPath: "/free"}), at1(moov)},
		"a child of each":     {moov, one(boxExclusion{XPath: "/moov/trak/mdia"}), at1(moov[:16], trak[8:23], moov[8+len(trak):8+len(trak)+23])},
		"a child of one":      {moov, one(boxExclusion{XPath: "/moov/trak[2]/mdia"}), at1(moov[:8+len(trak)+23])},
		"of the first":        {moov, one(boxExclusion{XPath: "/moov[1]/trak[1]"}), at1(moov[:8], trak2)},
		"of none":             {moov, one(boxExclusion{XPath: "/moov/trak[3]"}), at1(moov)},
		"version":             {moov, one(boxExclusion{XPath: "/moov/trak/tkhd", Version: pointer(1)}), at1(moov[:16], trak[23:], trak2)},
		"flags":               {moov, one(boxExclusion{XPath: "/moov/trak/tkhd", Flags: []byte{0, 0, 3}}), at1(moov[:8], trak, trak2[:8], trak2[23:])},
		"some flags":          {moov, one(boxExclusion{XPath: "/moov/trak/tkhd", Flags: []byte{0, 0, 3}, Exact: pointer(false)}), at1(moov[:16], trak[23:], trak2[:8], trak2[23:])},
		"length":              {moov, one(boxExclusion{XPath: "/moov", Length: pointer(int64(len(moov)))}), ""},
		"another length":      {moov, one(boxExclusion{XPath: "/moov", Length: pointer(int64(len(moov) - 1))}), at1(moov)},
		"data":                {user, one(boxExclusion{XPath: "/uuid", Data: []boxData{{8, c2paBox[:]}}}), ""},
		"other data":          {bmffBox("uuid", strings.Repeat("x", 16)), one(boxExclusion{XPath: "/uuid", Data: []boxData{{8, c2paBox[:]}}}), at1(bmffBox("uuid", strings.Repeat("x", 16)))},
		"data past the box":   {bmffBox("uuid", "x"), one(boxExclusion{XPath: "/uuid", Data: []boxData{{8, c2paBox[:]}}}), at1(bmffBox("uuid", "x"))},
		"much data":           {bmffBox("free", strings.Repeat("y", 99)), one(boxExclusion{XPath: "/free", Data: []boxData{{8, []byte(strings.Repeat("y", 99))}}}), ""},
		"a part":              {bmffBox("mdat", "01234567"), one(boxExclusion{XPath: "/mdat", Subset: []boxSubset{{9, 2}, {13, 1}}}), at1("\x00\x00\x00\x10mdat03467")},
		"to the end":          {bmffBox("mdat", "01234567"), one(boxExclusion{XPath: "/mdat", Subset: []boxSubset{{9, 2}, {13, 0}}}), at1("\x00\x00\x00\x10mdat034")},
		"past the end":        {bmffBox("mdat", "01234567"), one(boxExclusion{XPath: "/mdat", Subset: []boxSubset{{14, 99}, {1 << 62, 1 << 62}}}), at1("\x00\x00\x00\x10mdat012345")},
		"behind the end":      {bmffBox("mdat"), one(boxExclusion{XPath: "/mdat", Subset: []boxSubset{{16, 0}}}), at1(bmffBox("mdat"))},
		"all parts":           {bmffBox("mdat", "x"), one(boxExclusion{XPath: "/mdat", Subset: []boxSubset{{0, 0}}}), ""},
		"64-bit sizes":        {largeBox("mdat", "data"), one(boxExclusion{XPath: "/mdat", Subset: []boxSubset{{16, 0}}}), at1(largeBox("mdat", "data")[:16])},
		"children of 64 bits": {largeBox("moov", trak), one(boxExclusion{XPath: "/moov/trak"}), at1(largeBox("moov", trak)[:16])},
		"of a full box":       {bmffBox("meta", "\x00\x00\x00\x00", bmffBox("hdlr"), bmffBox("iloc", "x")), one(boxExclusion{XPath: "/meta/iloc"}), at1("\x00\x00\x00\x1dmeta\x00\x00\x00\x00", bmffBox("hdlr"))},
		"of QuickTime":        {bmffBox("meta", bmffBox("hdlr"), bmffBox("iloc", "x")), one(boxExclusion{XPath: "/meta/iloc"}), at1("\x00\x00\x00\x19meta", bmffBox("hdlr"))},
		"two that overlap":    {moov, []*boxExclusion{{XPath: "/ftyp"}, {XPath: "/moov/trak[1]"}, {XPath: "/moov", Subset: []boxSubset{{4, 30}}}}, at1(moov[:4], trak2)},
		"a box that is cut":   {bmffBox("mdat", "01234567")[:12], one(boxExclusion{XPath: "/free"}), at1(bmffBox("mdat", "01234567")[:12])},
		"to the end of file":  {"\x00\x00\x00\x00mdat01234567", one(boxExclusion{XPath: "/free"}), at1("\x00\x00\x00\x00mdat01234567")},
		"some zeros":          {bmffBox("mdat") + "\x00\x00\x00", one(boxExclusion{XPath: "/free"}), at1(bmffBox("mdat")) + "\x00\x00\x00"},
		"many zeros":          {bmffBox("mdat") + strings.Repeat("\x00", 20), one(boxExclusion{XPath: "/free"}), at1(bmffBox("mdat")) + offsetOf(16) + strings.Repeat("\x00", 20)},
	} {
		require.Equal(t, test.want, heard(t, bmffBox("ftyp")+test.file, test.exclusions...), name)
	}
}

// TestBoxPositions: a box at the root that is hashed cannot move.
func TestBoxPositions(t *testing.T) {
	a, b := bmffBox("mdat", "a"), bmffBox("mdat", "b")
	require.Equal(t, offsetOf(0)+a+offsetOf(len(a)+8)+b, heard(t, a+bmffBox("free")+b, &boxExclusion{XPath: "/free"}))
	require.Equal(t, offsetOf(0)+a+offsetOf(len(a)+9)+b, heard(t, a+bmffBox("free", "x")+b, &boxExclusion{XPath: "/free"}))
}

func TestMalformedBMFFHash(t *testing.T) {
	data, subsets := make([]cborMap, maxBoxData+1), make([]cborMap, maxBoxSubsets+1)
	for i := range data {
		data[i] = cborMap{"offset": 0, "value": []byte{}}
	}
	for i := range subsets {
		subsets[i] = cborMap{"offset": i, "length": 1}
	}
	many := make([]cborMap, maxBoxExclusions+1)
	for i := range many {
		many[i] = cborMap{"xpath": "/ftyp"}
	}
	a := bare([]byte(bmffBox("ftyp")), container.Range{})
	for name, exclusions := range map[string]any{
		"none": nil, "empty": []cborMap{}, "too many": many, "no path": []cborMap{{}}, "null": []any{nil},
		"relative": []cborMap{{"xpath": "ftyp"}}, "descendants": []cborMap{{"xpath": "//ftyp"}}, "no name": []cborMap{{"xpath": "/"}}, "short name": []cborMap{{"xpath": "/abc"}},
		"index 0": []cborMap{{"xpath": "/ftyp[0]"}}, "index 01": []cborMap{{"xpath": "/ftyp[01]"}}, "open index": []cborMap{{"xpath": "/ftyp[1"}}, "no index": []cborMap{{"xpath": "/ftyp[]"}},
		"great index": []cborMap{{"xpath": "/ftyp[99999999999999999999]"}}, "deep": []cborMap{{"xpath": strings.Repeat("/moov", maxBoxDepth+1)}},
		"flags": []cborMap{{"xpath": "/ftyp", "flags": []byte{1}}}, "length": []cborMap{{"xpath": "/ftyp", "length": "x"}},
		"parts overlap":  []cborMap{{"xpath": "/ftyp", "subset": []cborMap{{"offset": 0, "length": 9}, {"offset": 8, "length": 1}}}},
		"negative part":  []cborMap{{"xpath": "/ftyp", "subset": []cborMap{{"offset": 0, "length": -1}}}},
		"part before":    []cborMap{{"xpath": "/ftyp", "subset": []cborMap{{"offset": -1, "length": 1}}}},
		"data before":    []cborMap{{"xpath": "/ftyp", "data": []cborMap{{"offset": -1, "value": []byte{}}}}},
		"too much data":  []cborMap{{"xpath": "/ftyp", "data": data}},
		"too many parts": []cborMap{{"xpath": "/ftyp", "subset": subsets}},
	} {
		assertion := assertionOf(t, cborMap{"exclusions": exclusions, "alg": "sha256", "hash": make([]byte, 32)})
		require.Equal(t, []Code{BMFFHashMalformed}, codes(a.check("c2pa.hash.bmff.v3", assertion, "")), name)
	}
}

// TestBMFFHashCodes: what else an assertion can say.
func TestBMFFHashCodes(t *testing.T) {
	file := bmffBox("ftyp") + bmffBox("free") + bmffBox("moov", "x")
	hash := sha256.Sum256([]byte(offsetOf(16) + file[16:]))
	a := bare([]byte(file), container.Range{})
	ftyp, free := cborMap{"xpath": "/ftyp"}, cborMap{"xpath": "/free"}
	for name, test := range map[string]struct {
		assertion cborMap
		want      []Code
	}{
		"match":         {cborMap{"exclusions": []cborMap{ftyp, free}, "hash": hash[:], "pad": []byte{0}}, []Code{BMFFHashMatch}},
		"absent fields": {cborMap{"exclusions": []cborMap{{"xpath": "/ftyp", "length": nil, "data": nil, "subset": nil, "version": nil, "flags": nil, "exact": nil}, free}, "hash": hash[:]}, []Code{BMFFHashMatch}},
		"more":          {cborMap{"exclusions": []cborMap{ftyp, free, {"xpath": "/emsg"}}, "hash": hash[:]}, []Code{BMFFHashAdditionalExclusions, BMFFHashMatch}},
		"every uuid":    {cborMap{"exclusions": []cborMap{ftyp, free, {"xpath": "/uuid"}}, "hash": hash[:]}, []Code{BMFFHashAdditionalExclusions, BMFFHashMatch}},
		"no media":      {cborMap{"exclusions": []cborMap{ftyp, free, {"xpath": "/mdat", "subset": []cborMap{{"offset": 16, "length": 0}}}}, "hash": hash[:]}, []Code{BMFFHashAdditionalExclusions, BMFFHashMatch}},
		"other bytes":   {cborMap{"exclusions": []cborMap{ftyp}, "hash": hash[:]}, []Code{BMFFHashMismatch}},
		"no hash":       {cborMap{"exclusions": []cborMap{ftyp}}, []Code{BMFFHashMismatch}},
		"algorithm":     {cborMap{"exclusions": []cborMap{ftyp}, "alg": "sha1", "hash": hash[:]}, []Code{AlgorithmUnsupported}},
	} {
		for _, label := range []string{"c2pa.hash.bmff.v2", "c2pa.hash.bmff.v3"} {
			require.Equal(t, test.want, codes(a.check(label, assertionOf(t, test.assertion), "sha256")), name)
		}
	}
}

// TestCostOfBMFFHash: a megabyte of boxes and all the conditions that there may be
// cost no second.
func TestCostOfBMFFHash(t *testing.T) {
	var conditions, deep []cborMap
	for i := range maxBoxExclusions {
		data := []cborMap{{"offset": 0, "value": []byte("\x00\x00\x00\x08free")}, {"offset": 8 - i%2, "value": []byte("x")}}
		conditions = append(conditions, cborMap{"xpath": "/free", "data": data})
		deep = append(deep, cborMap{"xpath": strings.Repeat("/moov", maxBoxDepth-1) + fmt.Sprintf("/free[%d]", i+1)})
	}
	var subsets []cborMap
	for i := range maxBoxSubsets {
		subsets = append(subsets, cborMap{"offset": i / 50, "length": 0})
	}
	nested := bmffBox("free")
	for range maxBoxDepth - 1 {
		nested = bmffBox("moov", strings.Repeat(nested, 2))
	}
	for name, test := range map[string]struct {
		file       string
		exclusions []cborMap
	}{
		"data":    {strings.Repeat(bmffBox("free"), 1<<17), conditions},
		"subsets": {strings.Repeat(bmffBox("free"), 1<<17), []cborMap{{"xpath": "/free", "subset": subsets}}},
		"nested":  {nested, deep},
	} {
		a := bare([]byte(test.file), container.Range{})
		assertion := assertionOf(t, cborMap{"exclusions": test.exclusions, "alg": "sha256", "hash": []byte{0}})
		start := time.Now()
		require.Contains(t, codes(a.check("c2pa.hash.bmff.v3", assertion, "")), BMFFHashMismatch, name)
		require.Less(t, time.Since(start), hang, name)
	}
}

func FuzzBMFFHash(f *testing.F) {
	file := bmffBox("ftyp", "isom") + bmffBox("free") + bmffBox("moov", bmffBox("trak", bmffBox("tkhd", "\x00\x00\x00\x01"))) + bmffBox("mdat", strings.Repeat("media", 9)) + bmffBox("moof") + bmffBox("mdat", "x")
	for _, name := range []string{"mp4-faststart.mp4", "mp4-merkle.mp4", "mp4-merkle-row.mp4", "mp4-merkle-leaves.mp4"} {
		f.Add(readSigned(f, name).cbor)
	}
	f.Fuzz(func(t *testing.T, assertion []byte) {
		a := bare([]byte(file), container.Range{})
		require.NotEmpty(t, a.check("c2pa.hash.bmff.v3", assertion, "sha256"))
		require.NoError(t, a.err)
	})
}
