package c2pa

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A bmffHash is c2pa.hash.bmff.v2 and v3: a hash over the file but for some boxes
// (C2PA 2.4, 18.6).
type bmffHash struct {
	Exclusions []*boxExclusion `cbor:"exclusions"`
	Alg        string          `cbor:"alg,omitempty"`
	Hash       []byte          `cbor:"hash,omitempty"`
	Merkle     []merkleTree    `cbor:"merkle,omitempty"`
}

// A boxExclusion leaves out the boxes that are at a path and meet conditions.
type boxExclusion struct {
	XPath   string      `cbor:"xpath"`
	Length  *int64      `cbor:"length,omitempty"` // of the box
	Data    []boxData   `cbor:"data,omitempty"`
	Subset  []boxSubset `cbor:"subset,omitempty"` // only these parts of the box
	Version *int        `cbor:"version,omitempty"`
	Flags   []byte      `cbor:"flags,omitempty"` // three bytes
	Exact   *bool       `cbor:"exact,omitempty"` // nil: yes

	path []boxStep
}

// A boxData is what a box has at an offset from its start.
type boxData struct {
	Offset int64  `cbor:"offset"`
	Value  []byte `cbor:"value"`
}

// A boxSubset is a part of a box, from its start. The length 0 is all that follows.
type boxSubset struct {
	Offset int64 `cbor:"offset"`
	Length int64 `cbor:"length"`
}

// A boxStep is a part of a path: a type, and which box of that type among those of
// its parent, 0 for all.
type boxStep struct {
	kind  string
	index int
}

// The limits of exclusions: real ones are a handful. They bound the work for each
// box of a file.
const (
	maxBoxExclusions = 32
	maxBoxData       = 64  // of all exclusions
	maxBoxSubsets    = 256 // of all exclusions
	maxBoxDepth      = 16  // of a path
)

// c2paBox is the user type of the boxes of C2PA (C2PA 2.4, A.5.1.1).
var c2paBox = [16]byte{0xd8, 0xfe, 0xc3, 0xd6, 0x1b, 0x0e, 0x48, 0x3c, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7e, 0xc4, 0x81}

// mandatoryExclusions are those that every assertion has (C2PA 2.4, A.5.6).
func mandatoryExclusions() []*boxExclusion {
	return []*boxExclusion{{XPath: "/uuid", Data: []boxData{{8, c2paBox[:]}}}, {XPath: "/ftyp"}, {XPath: "/mfra"}}
}

// bmff verifies c2pa.hash.bmff.v2 and v3 (C2PA 2.4, 15.12.2).
func (c *check) bmff(assertion []byte) error {
	var b bmffHash
	if err := c.decode(assertion, &b); err != nil {
		return err
	}
	alg, err := c.hash(b.Alg)
	if err != nil {
		return err
	}
	if err := b.prepare(); err != nil {
		return faultf(c.malformed, "%v", err)
	}
	c.others = slices.ContainsFunc(b.Exclusions, func(e *boxExclusion) bool { return !e.expected(len(b.Merkle) > 0) })
	if b.Hash == nil && len(b.Merkle) == 0 {
		return faultf(c.mismatch, "no hash")
	}
	if b.Hash != nil {
		h := c.newHasher(alg)
		defer h.release()
		if err := c.hashBoxes(h, b.Exclusions); err != nil {
			return err
		}
		if err := c.compare(h, b.Hash, "the file"); err != nil {
			return err
		}
	}
	if len(b.Merkle) > 0 {
		return c.merkle(&b)
	}
	return nil
}

// prepare checks the exclusions.
func (b *bmffHash) prepare() error {
	if len(b.Exclusions) == 0 || len(b.Exclusions) > maxBoxExclusions {
		return errors.New("no exclusions, or too many")
	}
	var data, subsets int
	for _, e := range b.Exclusions {
		if e == nil {
			return errors.New("empty exclusion")
		}
		data, subsets = data+len(e.Data), subsets+len(e.Subset)
		if err := e.prepare(); err != nil {
			return err
		}
	}
	if data > maxBoxData || subsets > maxBoxSubsets {
		return errors.New("too many conditions in exclusions")
	}
	return nil
}

func (e *boxExclusion) prepare() error {
	var ok bool
	if e.path, ok = parseBoxPath(e.XPath); !ok {
		return errors.New("exclusion of the path " + strconv.Quote(e.XPath))
	}
	if len(e.Flags) > 0 && len(e.Flags) != 3 {
		return errors.New("flags of an exclusion that are not three bytes")
	}
	for _, d := range e.Data {
		if d.Offset < 0 {
			return errors.New("negative offset in an exclusion")
		}
	}
	var end int64
	for _, s := range e.Subset {
		if s.Offset < end || s.Length < 0 {
			return errors.New("parts of a box that are not in order")
		}
		end = s.Offset + min(s.Length, 1<<62-min(s.Offset, 1<<62))
	}
	return nil
}

// parseBoxPath parses a path such as /moov/trak[2]/mdia (C2PA 2.4, 18.6.2).
func parseBoxPath(path string) ([]boxStep, bool) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil, false
	}
	var steps []boxStep
	for node := range strings.SplitSeq(rest, "/") {
		s := boxStep{kind: node}
		if name, index, ok := strings.Cut(node, "["); ok {
			index, ok = strings.CutSuffix(index, "]")
			n, err := strconv.ParseUint(index, 10, 31)
			if !ok || err != nil || n == 0 || index[0] == '0' {
				return nil, false
			}
			s = boxStep{name, int(n)}
		}
		if len(s.kind) != 4 || len(steps) >= maxBoxDepth {
			return nil, false
		}
		steps = append(steps, s)
	}
	return steps, true
}

// expected reports whether an exclusion is one that every file has, or of free space.
func (e *boxExclusion) expected(merkle bool) bool {
	switch e.XPath {
	case "/ftyp", "/mfra", "/free", "/skip":
		return true
	case "/uuid":
		return slices.ContainsFunc(e.Data, func(d boxData) bool { return d.Offset == 8 && bytes.Equal(d.Value, c2paBox[:]) })
	case "/mdat":
		return merkle && len(e.Subset) == 1 && e.Subset[0] == boxSubset{mdatHead, 0}
	}
	return false
}

// hashBoxes hashes the boxes of the file but for exclusions.
func (a *asset) hashBoxes(h *hasher, exclusions []*boxExclusion) error {
	for b, err := range a.rootBoxes(exclusions) {
		if err == nil {
			err = b.hash(h)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A rootBox is a box at the root of a file, and what exclusions leave of it.
type rootBox struct {
	container.BMFFBox
	included []container.Range
}

// hash hashes the position of a box that is not wholly left out, and the box (C2PA
// 2.4, 18.6.2).
func (b rootBox) hash(h *hasher) error {
	if len(b.included) > 0 && b.Length >= minBox {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(b.Offset)))
	}
	return h.add(b.included...)
}

// minBox is the size of a box that is empty.
const minBox = 8

// rootBoxes yields the boxes at the root. A box that is cut is the last. What is of no
// box, as zeros at the end, comes as one, as the reference implementation has it.
func (a *asset) rootBoxes(exclusions []*boxExclusion) iter.Seq2[rootBox, error] {
	return func(yield func(rootBox, error) bool) {
		w := &boxWalk{src: a.source()}
		defer w.src.Release()
		var end int64
		stopped := false
		err := w.level(container.BMFFBoxes(w.src), exclusions, 0, func(b container.BMFFBox) bool {
			slices.SortFunc(w.holes, func(a, b container.Range) int { return cmp.Compare(a.Offset, b.Offset) })
			parts := rest(b.Range, joined(w.holes))
			w.holes, end = w.holes[:0], b.Offset+b.Length
			stopped = !yield(rootBox{b, parts}, nil)
			return !stopped
		})
		if stopped {
			return
		}
		tail := container.Range{Offset: end, Length: a.src.Size() - end}
		if err != nil || tail.Length > 0 {
			yield(rootBox{container.BMFFBox{Range: tail}, []container.Range{tail}}, err)
		}
	}
}

// bindBoxes returns c2pa.hash.bmff.v3 over the file of a. One file of fragments is
// hashed whole, as the reference implementation does it and takes it, where the
// specification has trees for them. The length depends on the algorithm alone; where a
// is nil, nothing else of it counts.
func bindBoxes(a *asset) ([]byte, error) {
	alg := hashAlgorithms[defaultHash]
	b := bmffHash{Exclusions: mandatoryExclusions(), Alg: defaultHash, Hash: make([]byte, alg.Size())}
	if a != nil {
		if err := b.prepare(); err != nil {
			return nil, err
		}
		h := a.newHasher(alg)
		defer h.release()
		if err := a.hashBoxes(h, b.Exclusions); err != nil {
			return nil, err
		}
		b.Hash = h.Sum(nil)
	}
	return coseEncoder.Marshal(b)
}
