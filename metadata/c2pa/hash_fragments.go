package c2pa

import (
	"bytes"
	"hash"

	"github.com/aigclabel/aigclabel/internal/container"
)

// fragments verifies the trees of one file of fragments: a leaf is a moof box and all
// up to the next (C2PA 2.4, A.5.4.1.2).
func (c *check) fragments(b *bmffHash) error {
	f := fragmentCheck{check: c, trees: map[merkleID]*merkleTree{}, seen: map[merkleID]int64{}}
	alg := b.Merkle[0].alg
	for i := range b.Merkle {
		t := &b.Merkle[i]
		if f.trees[t.id()] != nil || t.alg != alg {
			return faultf(c.malformed, "Merkle trees of one name or of several algorithms")
		}
		f.trees[t.id()] = t
	}
	f.hasher, f.hash = c.newHasher(alg), alg.New()
	defer f.hasher.release()
	if err := f.walk(b.Exclusions); err != nil {
		return err
	}
	for id, t := range f.trees {
		if f.seen[id] != t.Count {
			return faultf(c.mismatch, "%d fragments of %d", f.seen[id], t.Count)
		}
	}
	return nil
}

// A fragmentCheck verifies the fragments of a file.
type fragmentCheck struct {
	*check
	hasher   *hasher
	hash     hash.Hash // for the nodes
	trees    map[merkleID]*merkleTree
	seen     map[merkleID]int64 // fragments
	started  bool               // the first has
	box      container.Range    // the last Merkle box
	fragment container.Range    // the Merkle box of the fragment
}

func (f *fragmentCheck) walk(exclusions []*boxExclusion) error {
	for b, err := range f.rootBoxes(exclusions) {
		if err == nil && b.Type == "moof" {
			err = f.next()
		}
		if err == nil {
			err = b.hash(f.hasher)
		}
		if err != nil {
			return err
		}
		if b.UserType == c2paBox {
			f.box = b.Range
		}
	}
	return f.next()
}

// next ends what was hashed: what comes before the fragments, or one of them.
func (f *fragmentCheck) next() error {
	sum := f.hasher.Sum(nil)
	f.hasher.Reset()
	defer func() { f.started, f.fragment, f.box = true, f.box, container.Range{} }()
	if f.started {
		return f.leaf(sum)
	}
	for _, t := range f.trees {
		if !bytes.Equal(sum, t.InitHash) {
			return faultf(f.mismatch, "what comes before the fragments has the hash %x, not %x", sum, t.InitHash)
		}
	}
	return nil
}

func (f *fragmentCheck) leaf(sum []byte) error {
	if f.fragment.Length == 0 {
		return faultf(f.malformed, "a fragment without a Merkle box")
	}
	p, err := f.readProof(f.fragment)
	if err != nil {
		return err
	}
	t := f.trees[p.id()]
	if t == nil || *p.Location != f.seen[p.id()] || *p.Location >= t.Count {
		return faultf(f.mismatch, "fragment %d of the tree %d where %d is due", *p.Location, *p.LocalID, f.seen[p.id()])
	}
	f.seen[p.id()]++
	if !t.climb(f.hash, sum, p) {
		return faultf(f.mismatch, "fragment %d of the tree %d differs", *p.Location, *p.LocalID)
	}
	return nil
}
