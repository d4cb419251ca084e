package c2pa

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
)

func sum(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "")))
	return string(h[:])
}

// rows returns the rows of a tree, its leaves first.
func rows(leaves []string) [][]string {
	all := [][]string{leaves}
	for len(leaves) > 1 {
		var up []string
		for i := 0; i < len(leaves); i += 2 {
			if i+1 == len(leaves) {
				up = append(up, leaves[i])
			} else {
				up = append(up, sum(leaves[i], leaves[i+1]))
			}
		}
		all, leaves = append(all, up), up
	}
	return all
}

func inBytes(list []string) (out [][]byte) {
	for _, s := range list {
		out = append(out, []byte(s))
	}
	return out
}

// merkleBox returns the box that proves a leaf to the row of a level.
func merkleBox(t testing.TB, leaves []string, level, i, track int) string {
	var proof []string
	for l, at := 0, i; l < level; l, at = l+1, at/2 {
		if row := rows(leaves)[l]; at^1 < len(row) {
			proof = append(proof, row[at^1])
		}
	}
	p := cborMap{"uniqueId": 7, "localId": track, "location": i}
	if len(proof) > 0 {
		p["hashes"] = inBytes(proof)
	}
	return bmffBox("uuid", string(c2paBox[:]), "\x00\x00\x00\x00merkle\x00", string(assertionOf(t, p)))
}

// bmffAssertion returns an assertion with the mandatory exclusions.
func bmffAssertion(t testing.TB, fields cborMap) []byte {
	fields["exclusions"] = append(mandatoryExclusions(), &boxExclusion{XPath: "/mdat", Subset: []boxSubset{{mdatHead, 0}}})
	if fields["hash"] == nil { // of fragments
		fields["exclusions"] = mandatoryExclusions()
	}
	fields["alg"] = "sha256"
	return assertionOf(t, fields)
}

// cut cuts s in pieces of n bytes.
func cut(s string, n int) (out []string) {
	for ; len(s) > n; s = s[n:] {
		out = append(out, s[:n])
	}
	return append(out, s)
}

func sums(parts []string) (out []string) {
	for _, p := range parts {
		out = append(out, sum(p))
	}
	return out
}

// film is a file with two mdat boxes, the second of more than its head by five leaves
// of four bytes and a short one.
var film = bmffBox("ftyp") + bmffBox("moov", "x") + bmffBox("mdat", "12345678first") + bmffBox("mdat", "12345678"+"aaaabbbbccccddddeeeef")

func filmHash() []byte {
	head, first := bmffBox("ftyp"), bmffBox("moov", "x")
	m1, m2 := len(head)+len(first), len(head)+len(first)+8+13
	return []byte(sum(offsetOf(8), first, offsetOf(m1), film[m1:m1+16], offsetOf(m2), film[m2:m2+16]))
}

func TestMerkleBlocks(t *testing.T) {
	first := cborMap{"uniqueId": 7, "localId": 0, "count": 1, "hashes": inBytes([]string{sum("first")})}
	leaves := sums(cut("aaaabbbbccccddddeeeef", 4))
	body := sums(cut("12345678aaaabbbbccccddddeeeef", 4))
	tree := func(level int, fields cborMap) cborMap {
		t := cborMap{"uniqueId": 7, "localId": 1, "count": 6, "hashes": inBytes(rows(leaves)[level]), "fixedBlockSize": 4}
		for k, v := range fields {
			t[k] = v
			if v == nil {
				delete(t, k)
			}
		}
		return t
	}
	boxes := func(level int, which ...int) string {
		var b strings.Builder
		for _, i := range which {
			b.WriteString(merkleBox(t, leaves, level, i, 1))
		}
		return b.String()
	}
	var padded string
	for i := range leaves {
		padded += bmffBox("uuid", boxes(1, i)[8:], "\x00\x00")
	}
	damaged := []byte(boxes(2, 0, 1, 2, 3, 4, 5))
	damaged[60] ^= 1 // of the first hash
	for name, test := range map[string]struct {
		trees []cborMap
		boxes string
		want  Code
	}{
		"leaves":               {[]cborMap{first, tree(0, nil)}, "", BMFFHashMatch},
		"in any order":         {[]cborMap{tree(0, nil), first}, "", BMFFHashMatch},
		"a row":                {[]cborMap{first, tree(1, nil)}, boxes(1, 0, 1, 2, 3, 4, 5), BMFFHashMatch},
		"the next":             {[]cborMap{first, tree(2, nil)}, boxes(2, 0, 1, 2, 3, 4, 5), BMFFHashMatch},
		"the root":             {[]cborMap{first, tree(3, nil)}, boxes(3, 0, 1, 2, 3, 4, 5), BMFFHashMatch},
		"of the whole body":    {[]cborMap{first, tree(0, cborMap{"count": 8, "hashes": inBytes(body)})}, "", BMFFHashMatch},
		"sizes":                {[]cborMap{first, tree(0, cborMap{"fixedBlockSize": nil, "variableBlockSizes": []int{4, 4, 4, 4, 4, 1}})}, "", BMFFHashMatch},
		"one leaf":             {[]cborMap{first, tree(0, cborMap{"fixedBlockSize": nil, "count": 1, "hashes": inBytes([]string{sum("aaaabbbbccccddddeeeef")})})}, "", BMFFHashMatch},
		"other leaves":         {[]cborMap{first, tree(0, cborMap{"hashes": inBytes(leaves[:5]), "count": 5})}, "", BMFFHashMalformed},
		"another hash":         {[]cborMap{first, tree(0, cborMap{"hashes": inBytes(append(sums([]string{"aaab"}), leaves[1:]...))})}, "", BMFFHashMismatch},
		"another last hash":    {[]cborMap{first, tree(0, cborMap{"hashes": inBytes(append(leaves[:5:5], sum("g")))})}, "", BMFFHashMismatch},
		"no boxes":             {[]cborMap{first, tree(1, nil)}, "", BMFFHashMalformed},
		"too few boxes":        {[]cborMap{first, tree(1, nil)}, boxes(1, 0, 1, 2, 3, 4), BMFFHashMalformed},
		"padded boxes":         {[]cborMap{first, tree(1, nil)}, padded, BMFFHashMatch},
		"boxes out of order":   {[]cborMap{first, tree(1, nil)}, boxes(1, 0, 2, 1, 3, 4, 5), BMFFHashMismatch},
		"boxes of another row": {[]cborMap{first, tree(2, nil)}, boxes(1, 0, 1, 2, 3, 4, 5), BMFFHashMismatch},
		"a damaged box":        {[]cborMap{first, tree(2, nil)}, string(damaged), BMFFHashMismatch},
		"no tree for a box":    {[]cborMap{first}, "", BMFFHashMismatch},
		"two for one":          {[]cborMap{first, first}, "", BMFFHashMalformed},
		"for no box":           {[]cborMap{first, tree(0, cborMap{"localId": 2})}, "", BMFFHashMalformed},
		"sizes of both kinds":  {[]cborMap{first, tree(0, cborMap{"variableBlockSizes": []int{4, 4, 4, 4, 4, 1}})}, "", BMFFHashMalformed},
		"sizes that miss":      {[]cborMap{first, tree(0, cborMap{"fixedBlockSize": nil, "variableBlockSizes": []int{4, 4, 4, 4, 4, 2}})}, "", BMFFHashMalformed},
		"negative sizes":       {[]cborMap{first, tree(0, cborMap{"fixedBlockSize": nil, "variableBlockSizes": []int{4, 4, 4, 4, -4, 9}})}, "", BMFFHashMalformed},
		"no size":              {[]cborMap{first, tree(0, cborMap{"fixedBlockSize": 0})}, "", BMFFHashMalformed},
		"negative size":        {[]cborMap{first, tree(0, cborMap{"fixedBlockSize": -4})}, "", BMFFHashMalformed},
		"no leaf":              {[]cborMap{first, tree(0, cborMap{"count": 0})}, "", BMFFHashMalformed},
		"no row":               {[]cborMap{first, tree(0, cborMap{"count": 9})}, "", BMFFHashMalformed},
		"no hashes":            {[]cborMap{first, tree(0, cborMap{"hashes": [][]byte{}})}, "", BMFFHashMalformed},
		"countless leaves":     {[]cborMap{first, tree(3, cborMap{"count": int64(1) << 62})}, "", BMFFHashMalformed},
		"a fragment's":         {[]cborMap{first, tree(0, cborMap{"initHash": []byte{1}})}, "", BMFFHashMalformed},
		"algorithm":            {[]cborMap{first, tree(0, cborMap{"alg": "md5"})}, "", AlgorithmUnsupported},
	} {
		a := bare([]byte(film+test.boxes), container.Range{})
		assertion := bmffAssertion(t, cborMap{"hash": filmHash(), "merkle": test.trees})
		got := a.check("c2pa.hash.bmff.v3", assertion, "")
		require.Equal(t, []Code{test.want}, codes(got), "%s: %v", name, got)
	}

	// Without a hash of the file nobody has signed its other boxes.
	a := bare([]byte(film), container.Range{})
	got := a.check("c2pa.hash.bmff.v3", bmffAssertion(t, cborMap{"merkle": []cborMap{first, tree(0, nil)}}), "")
	require.Equal(t, []Code{BMFFHashMalformed}, codes(got), "%v", got)
}

// A fragmentedFilm is one file of an init segment and fragments of two tracks.
type fragmentedFilm struct {
	init      string
	fragments [2][]string // with the boxes that they start with, but the Merkle boxes
}

// build returns the file with the fragments in turn, and the trees of its assertion.
func (f *fragmentedFilm) build(t testing.TB, level int, order []int) (file string, trees []cborMap) {
	var seen [2]int
	var leaves [2][]string
	initHash := []byte(sum(offsetOf(8), f.init[8:]))
	for pass := range 2 { // boxes keep their sizes: the second knows the leaves
		file, seen = f.init, [2]int{}
		for _, track := range order {
			body := f.fragments[track][seen[track]]
			known := leaves[track]
			if pass == 0 {
				known = make([]string, len(f.fragments[track]))
				for i := range known {
					known[i] = sum()
				}
			}
			file += merkleBox(t, known, level, seen[track], track+1)
			if pass == 0 {
				moof := 8 + 4
				leaves[track] = append(leaves[track], sum(offsetOf(len(file)), body[:moof], offsetOf(len(file)+moof), body[moof:]))
			}
			file += body
			seen[track]++
		}
	}
	for track, l := range leaves {
		trees = append(trees, cborMap{"uniqueId": 7, "localId": track + 1, "count": len(l), "initHash": initHash, "hashes": inBytes(rows(l)[level])})
	}
	return file, trees
}

func TestMerkleFragments(t *testing.T) {
	f := fragmentedFilm{init: bmffBox("ftyp") + bmffBox("moov", "init")}
	for i := range 5 {
		for track := range 2 {
			f.fragments[track] = append(f.fragments[track], bmffBox("moof", "head")+bmffBox("mdat", strings.Repeat("x", 10*i+track)))
		}
	}
	order := []int{0, 1, 0, 0, 1, 1, 1, 0, 1, 0}
	checked := func(file string, trees []cborMap) []Code {
		a := bare([]byte(file), container.Range{})
		return codes(a.check("c2pa.hash.bmff.v3", bmffAssertion(t, cborMap{"merkle": trees}), ""))
	}
	for level := range 4 {
		file, trees := f.build(t, level, order)
		require.Equal(t, []Code{BMFFHashMatch}, checked(file, trees), "level %d", level)
		for i := len("....ftyp"); i < len(file); i += 3 {
			b := []byte(file)
			b[i] ^= 1
			got := checked(string(b), trees)
			require.NotContains(t, got, BMFFHashMatch, "level %d, byte %d", level, i)
		}
		last := strings.LastIndex(file, "uuid") - 4
		require.Equal(t, []Code{BMFFHashMismatch}, checked(file[:last], trees), "a fragment is missing")
		require.Equal(t, []Code{BMFFHashMismatch}, checked(file+file[last:], trees), "a fragment comes twice")
		require.Equal(t, []Code{BMFFHashMismatch}, checked(f.init, trees), "no fragment")
		require.Equal(t, []Code{BMFFHashMalformed}, checked(file+bmffBox("moof"), trees), "a fragment without a Merkle box")
		require.Equal(t, []Code{BMFFHashMalformed}, checked(file, append(trees, trees[0])), "two trees of one name")
		trees[1]["alg"] = "sha512"
		require.Equal(t, []Code{BMFFHashMalformed}, checked(file, trees), "trees of two algorithms")
	}
}

// TestCostOfMerkle: leaves of one byte, a proof for each, cost no more than the file
// is worth.
func TestCostOfMerkle(t *testing.T) {
	const size = 1 << 20
	file := bmffBox("mdat", strings.Repeat("x", size+8))
	start := time.Now()
	for _, count := range []int64{size, size + 8} {
		tree := cborMap{"uniqueId": 0, "localId": 0, "count": count, "hashes": [][]byte{make([]byte, 32)}, "fixedBlockSize": 1}
		tree["count"], tree["hashes"] = count, inBytes(make([]string, 1<<15))
		assertion := assertionOf(t, cborMap{"exclusions": []cborMap{{"xpath": "/mdat"}}, "alg": "sha256", "merkle": []cborMap{tree}})
		a := bare([]byte(file), container.Range{})
		require.NotContains(t, codes(a.check("c2pa.hash.bmff.v3", assertion, "")), BMFFHashMatch)
	}
	a := bare([]byte(file), container.Range{})
	tree := &merkleTree{Count: size, FixedSize: pointer(int64(1)), Hashes: make([][]byte, size), alg: hashAlgorithms["sha256"]}
	leaf := sha256.Sum256([]byte("x"))
	for i := range tree.Hashes {
		tree.Hashes[i] = leaf[:]
	}
	c := check{asset: a, hardBinding: hardBindings["c2pa.hash.bmff.v3"]}
	require.NoError(t, c.mdat(tree, container.BMFFBox{Range: container.Range{Length: int64(len(file))}, HeaderSize: 8}, nil))
	require.Less(t, time.Since(start), hang)
}

func FuzzMerkleBox(f *testing.F) {
	file := readSigned(f, "mp4-merkle.mp4")
	for i := range 3 {
		f.Add([]byte(merkleBox(f, sums(cut("abcdefgh", 1)), 3, i, 0)))
	}
	f.Fuzz(func(t *testing.T, box []byte) {
		c := check{asset: bare(box, container.Range{}), hardBinding: hardBindings[file.label]}
		if p, err := c.readProof(container.Range{Length: int64(len(box))}); err == nil {
			tree := merkleTree{Count: *p.Location + 1, level: 5, Hashes: make([][]byte, 1), alg: hashAlgorithms["sha256"]}
			if tree.Count > 0 && tree.Count < 32 {
				tree.climb(tree.alg.New(), nil, p)
			}
		}
	})
}
