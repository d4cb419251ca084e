package c2pa

import (
	"bytes"
	"crypto"
	"errors"
	"hash"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A merkleTree is one row of a tree of hashes over parts of a file (C2PA 2.4, 18.6.3).
// A node without a neighbour is its own parent.
type merkleTree struct {
	UniqueID   int64    `cbor:"uniqueId"`
	LocalID    int64    `cbor:"localId"` // which mdat box of the file, or which track
	Count      int64    `cbor:"count"`   // of leaves
	Alg        string   `cbor:"alg"`
	InitHash   []byte   `cbor:"initHash"` // of what comes before the first fragment
	Hashes     [][]byte `cbor:"hashes"`
	FixedSize  *int64   `cbor:"fixedBlockSize"`
	BlockSizes []int64  `cbor:"variableBlockSizes"`

	alg   crypto.Hash
	level int // of the row, 0 for the leaves
}

// A merkleProof is what a C2PA box says of a leaf (C2PA 2.4, A.5.4.2).
type merkleProof struct {
	UniqueID *int64   `cbor:"uniqueId"`
	LocalID  *int64   `cbor:"localId"`
	Location *int64   `cbor:"location"` // the index of the leaf
	Hashes   [][]byte `cbor:"hashes"`   // the neighbours on the way to the row
}

// The limits of trees.
const (
	maxMerkleTrees  = 1 << 10
	maxMerkleLeaves = 4 << 20 // of all trees
	maxMerkleProof  = 8 << 10 // bytes of a box
)

// mdatHead is how much of an mdat box is left to the hash of the file (C2PA 2.4,
// A.5.6).
const mdatHead = 16

// merkle verifies the trees of an assertion.
func (c *check) merkle(b *bmffHash) error {
	if len(b.Merkle) > maxMerkleTrees {
		return faultf(c.malformed, "%d Merkle trees", len(b.Merkle))
	}
	var leaves int64
	fragmented := b.Merkle[0].InitHash != nil
	for i := range b.Merkle {
		t := &b.Merkle[i]
		var err error
		if t.alg, err = c.hash(t.Alg, b.Alg); err != nil {
			return err
		}
		if leaves += t.Count; !t.row() || t.Count > maxMerkleLeaves || leaves > maxMerkleLeaves {
			return faultf(c.malformed, "%d hashes of %d leaves in a Merkle tree", len(t.Hashes), t.Count)
		}
		if fragmented != (t.InitHash != nil) {
			return faultf(c.malformed, "Merkle trees with an initHash beside some without")
		}
	}
	if fragmented {
		return c.fragments(b)
	}
	return c.blocks(b)
}

// row finds the level of the tree that has as many nodes as there are hashes.
func (t *merkleTree) row() bool {
	if t.Count < 1 {
		return false
	}
	n := t.Count
	for ; n > int64(len(t.Hashes)); n = (n + 1) / 2 {
		t.level++
		if n == 1 {
			return false
		}
	}
	return n == int64(len(t.Hashes))
}

// climb reports whether a proof leads from a leaf to its node in the row.
func (t *merkleTree) climb(h hash.Hash, leaf []byte, p merkleProof) bool {
	index, n, node, proof := *p.Location, t.Count, leaf, p.Hashes
	for range t.level {
		if index^1 < n {
			if len(proof) == 0 {
				return false
			}
			left, right := node, proof[0]
			if index&1 == 1 {
				left, right = right, left
			}
			node, proof = parent(h, left, right), proof[1:]
		}
		index, n = index/2, (n+1)/2
	}
	return bytes.Equal(node, t.Hashes[index])
}

// parent returns the hash of two nodes.
func parent(h hash.Hash, left, right []byte) []byte {
	h.Reset()
	h.Write(left)
	h.Write(right)
	return h.Sum(nil)
}

// A merkleRow builds a row from leaves that come in order. It keeps one node of each
// level below.
type merkleRow struct {
	hash  hash.Hash
	level int
	nodes [][]byte // by level, nil for none
	emit  func(node []byte) bool
}

// add adds a leaf and reports whether the row is as it should be so far.
func (r *merkleRow) add(node []byte) bool {
	for level := range r.level {
		if r.nodes[level] == nil {
			r.nodes[level] = node
			return true
		}
		node, r.nodes[level] = parent(r.hash, r.nodes[level], node), nil
	}
	return r.emit(node)
}

// end adds the nodes that have no neighbour.
func (r *merkleRow) end() bool {
	var node []byte
	for _, left := range r.nodes {
		switch {
		case left != nil && node != nil:
			node = parent(r.hash, left, node)
		case left != nil:
			node = left
		}
	}
	return node == nil || r.emit(node)
}

// blocks verifies the trees of a file that is not fragmented: one for each mdat box. All
// else is of the hash of the file, which is optional for fragments alone.
func (c *check) blocks(b *bmffHash) error {
	if b.Hash == nil {
		return faultf(c.malformed, "Merkle trees of mdat boxes without a hash of the file")
	}
	mdats, proofs, err := c.merkleBoxes(len(b.Merkle))
	if err != nil {
		return err
	}
	if len(mdats) != len(b.Merkle) {
		return faultf(c.mismatch, "%d Merkle trees for %d mdat boxes", len(b.Merkle), len(mdats))
	}
	groups, err := c.proofGroups(b.Merkle, proofs)
	if err != nil {
		return err
	}
	seen := make([]bool, len(mdats))
	for i := range b.Merkle {
		t := &b.Merkle[i]
		if t.LocalID < 0 || t.LocalID >= int64(len(mdats)) || seen[t.LocalID] {
			return faultf(c.malformed, "Merkle tree for the mdat box %d of %d", t.LocalID, len(mdats))
		}
		seen[t.LocalID] = true
		group := groups[t.id()]
		if t.level > 0 && int64(len(group)) < t.Count {
			return faultf(c.malformed, "%d Merkle boxes for %d leaves", len(group), t.Count)
		}
		if err := c.mdat(t, mdats[t.LocalID], group); err != nil {
			return err
		}
	}
	return nil
}

// A merkleID says which tree it is.
type merkleID struct{ unique, local int64 }

func (t *merkleTree) id() merkleID  { return merkleID{t.UniqueID, t.LocalID} }
func (p *merkleProof) id() merkleID { return merkleID{*p.UniqueID, *p.LocalID} }

// proofGroups returns the Merkle boxes from the first of each tree on: those of a
// tree follow each other.
func (c *check) proofGroups(trees []merkleTree, boxes []container.Range) (map[merkleID][]container.Range, error) {
	counts := map[merkleID]int64{}
	for i := range trees {
		if trees[i].level > 0 {
			counts[trees[i].id()] = trees[i].Count
		}
	}
	groups := map[merkleID][]container.Range{}
	for len(boxes) > 0 && len(groups) < len(counts) {
		p, err := c.readProof(boxes[0])
		if err != nil {
			return nil, err
		}
		groups[p.id()] = boxes
		boxes = boxes[min(max(counts[p.id()], 1), int64(len(boxes))):]
	}
	return groups, nil
}

// merkleBoxes returns the mdat boxes, up to one more than most, and the Merkle boxes.
func (c *check) merkleBoxes(most int) (mdats []container.BMFFBox, proofs []container.Range, err error) {
	for b, err := range c.rootBoxes(nil) {
		switch {
		case err != nil:
			return nil, nil, err
		case b.Type == "mdat" && len(mdats) <= most:
			mdats = append(mdats, b.BMFFBox)
		case b.UserType == c2paBox && len(mdats) > 0:
			proofs = append(proofs, b.Range)
		}
	}
	return mdats, proofs, nil
}

// mdat verifies the tree of an mdat box. Its leaves cover what the mandatory
// exclusion leaves out, or, as the words of the specification have it, the body.
func (c *check) mdat(t *merkleTree, box container.BMFFBox, proofs []container.Range) error {
	first := c.mdatFrom(t, box, mdatHead, proofs)
	if first == nil || box.HeaderSize == mdatHead {
		return first
	}
	if _, bad := errors.AsType[*fault](first); !bad {
		return first
	}
	if c.mdatFrom(t, box, box.HeaderSize, proofs) != nil {
		return first
	}
	return nil
}

// mdatFrom verifies a tree whose leaves start at an offset from the start of a box.
func (c *check) mdatFrom(t *merkleTree, box container.BMFFBox, head int64, proofs []container.Range) error {
	payload := container.Range{Offset: box.Offset + head, Length: max(box.Length-head, 0)}
	if !t.divides(payload.Length) {
		return faultf(c.malformed, "Merkle tree of %d leaves for %d bytes of mdat", t.Count, payload.Length)
	}
	h := c.newHasher(t.alg)
	defer h.release()
	at := 0
	row := merkleRow{hash: t.alg.New(), level: t.level, nodes: make([][]byte, t.level), emit: func(node []byte) bool {
		at++
		return bytes.Equal(node, t.Hashes[at-1])
	}}
	for i := range t.Count {
		leaf := payload
		leaf.Length = t.block(i, payload.Length)
		payload = container.Range{Offset: leaf.Offset + leaf.Length, Length: payload.Length - leaf.Length}
		h.Reset()
		if err := h.add(leaf); err != nil {
			return err
		}
		sum := h.Sum(nil)
		if !row.add(sum) {
			return faultf(c.mismatch, "mdat differs before %d", payload.Offset)
		}
		if t.level > 0 {
			if err := c.proof(t, row.hash, sum, i, proofs); err != nil {
				return err
			}
		}
	}
	if !row.end() {
		return faultf(c.mismatch, "mdat differs before %d", payload.Offset)
	}
	return nil
}

// divides reports whether the leaves of a tree cover size bytes.
func (t *merkleTree) divides(size int64) bool {
	switch {
	case t.FixedSize != nil && t.BlockSizes != nil:
		return false
	case t.FixedSize != nil:
		return *t.FixedSize > 0 && t.Count == max(1, (size-1) / *t.FixedSize + 1)
	case t.BlockSizes != nil:
		for _, n := range t.BlockSizes {
			if n < 0 || n > size {
				return false
			}
			size -= n
		}
		return size == 0 && t.Count == int64(len(t.BlockSizes))
	}
	return t.Count == 1
}

// block returns the size of a leaf when size bytes are left.
func (t *merkleTree) block(i, size int64) int64 {
	switch {
	case t.FixedSize != nil:
		return min(*t.FixedSize, size)
	case t.BlockSizes != nil:
		return t.BlockSizes[i]
	}
	return size
}

// proof verifies the Merkle box of a leaf.
func (c *check) proof(t *merkleTree, h hash.Hash, leaf []byte, i int64, boxes []container.Range) error {
	p, err := c.readProof(boxes[i])
	if err != nil {
		return err
	}
	if p.id() != t.id() || *p.Location != i {
		return faultf(c.mismatch, "the Merkle box at %d is not that of leaf %d", boxes[i].Offset, i)
	}
	if !t.climb(h, leaf, p) {
		return faultf(c.mismatch, "the Merkle box at %d does not prove leaf %d", boxes[i].Offset, i)
	}
	return nil
}

// readProof reads a Merkle box: version and flags, a purpose, CBOR, padding.
func (c *check) readProof(box container.Range) (p merkleProof, err error) {
	b := make([]byte, min(box.Length, maxMerkleProof))
	if n, err := c.src.ReaderAt().ReadAt(b, box.Offset); n < len(b) {
		return p, unexpected(err)
	}
	_, data, ok := bytes.Cut(b, append(c2paBox[:], "\x00\x00\x00\x00merkle\x00"...))
	if !ok {
		return p, faultf(c.malformed, "the box at %d is no Merkle box", box.Offset)
	}
	if _, err := decoder.UnmarshalFirst(data, &p); err != nil {
		return p, faultf(c.malformed, "Merkle box at %d: %v", box.Offset, err)
	}
	if p.UniqueID == nil || p.LocalID == nil || p.Location == nil {
		return p, faultf(c.malformed, "Merkle box at %d of no leaf", box.Offset)
	}
	return p, nil
}
