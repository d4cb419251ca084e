package c2pa

import (
	"errors"
	"iter"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A boxesHash is c2pa.hash.boxes: hashes over runs of the boxes, chunks or segments of
// a file, all of them in order (C2PA 2.4, 18.7).
type boxesHash struct {
	Boxes []hashedBoxes `cbor:"boxes"`
	Alg   string        `cbor:"alg"`
}

// A hashedBoxes is a run of boxes.
type hashedBoxes struct {
	Names      []string         `cbor:"names"`
	Alg        string           `cbor:"alg"`
	Hash       []byte           `cbor:"hash"`
	Excluded   bool             `cbor:"excluded"`
	Exclusions []rangeExclusion `cbor:"exclusions"`
}

// A rangeExclusion leaves out bytes of a box of a run.
type rangeExclusion struct {
	Start  int64 `cbor:"start"` // from that of the box
	Length int64 `cbor:"length"`
	Box    *int  `cbor:"boxIndex"` // in the names; nil where there is one
}

// The names of boxes that are none.
const (
	storeBox = "C2PA"       // the manifest store
	afterBox = "c2pa.after" // what follows the last box
	pngHead  = "PNGh"       // the signature of PNG
)

// A namedBox is a box of a file.
type namedBox struct {
	name string
	container.Range
}

// boxScans say what the boxes of a format are (C2PA 2.4, 18.7.3).
var boxScans = map[string]func(w *window, yield func(namedBox) bool) error{
	"jpeg": jpegBoxes,
	"png":  pngBoxes,
	"gif":  gifBoxes,
	"webp": riffBoxes,
	"wav":  riffBoxes,
	"avi":  riffBoxes,
}

// boxes verifies c2pa.hash.boxes (C2PA 2.4, 15.12.3).
func (c *check) boxes(assertion []byte) error {
	var d boxesHash
	if err := c.decode(assertion, &d); err != nil {
		return err
	}
	scan := boxScans[c.name]
	if scan == nil {
		return faultf(GeneralError, "the boxes of %s files are not known", c.name)
	}
	if len(d.Boxes) == 0 {
		return faultf(c.malformed, "no boxes")
	}
	next, stop := iter.Pull2(c.namedBoxes(scan))
	defer stop()
	b := boxCheck{check: c, d: &d, next: next, hasher: c.newHasher(hashAlgorithms[defaultHash])}
	defer b.hasher.release()
	for i := range d.Boxes {
		if err := b.run(i); err != nil {
			return err
		}
	}
	box, err, ok := next()
	switch {
	case err != nil:
		return err
	case ok && box.Offset >= b.end: // else afterBox covers it
		return faultf(BoxesHashUnknownBox, "box %q at %d is not listed", box.name, box.Offset)
	}
	return b.tail()
}

// namedBoxes yields the boxes of the file, with the store as one.
func (c *check) namedBoxes(scan func(*window, func(namedBox) bool) error) iter.Seq2[namedBox, error] {
	return func(yield func(namedBox, error) bool) {
		w := c.newWindow()
		defer w.release()
		var store container.Range
		if frame := c.frame(); len(frame) > 0 {
			store = frame[0]
		}
		src := c.source()
		var limit error
		err := scan(&w, func(b namedBox) bool {
			if limit = src.Element(); limit != nil {
				return false
			}
			if inside := b.Offset - store.Offset; inside > 0 && inside < store.Length {
				return true
			} else if inside == 0 && store.Length > 0 {
				b = namedBox{storeBox, store}
			}
			return yield(b, nil)
		})
		if err = errors.Join(err, limit); err != nil {
			yield(namedBox{}, err)
		}
	}
}

// A boxCheck compares the boxes of a file with the runs of an assertion.
type boxCheck struct {
	*check
	d      *boxesHash
	next   func() (namedBox, error, bool)
	hasher *hasher // for all runs, so that what they share is read once
	end    int64   // of the last box
	seen   int     // boxes so far
}

// tail judges what follows the last box. Zeros are padding, as cameras write it; the
// reference implementation takes anything, but then a file is not as it was signed.
func (b *boxCheck) tail() error {
	after := container.Range{Offset: b.end, Length: b.src.Size() - b.end}
	zeros, err := b.zeros(after)
	if err == nil && !zeros {
		return faultf(BoxesHashUnknownBox, "bytes from %d on are of no box that is listed", b.end)
	}
	b.others = b.others || after.Length > 0
	return err
}

// run verifies one run.
func (b *boxCheck) run(i int) error {
	r := &b.d.Boxes[i]
	if len(r.Names) == 0 || len(r.Names) > 1 && slices.Contains(r.Names, storeBox) {
		return faultf(b.malformed, "run %d has no names, or more than that of the store", i)
	}
	alg, err := b.hash(r.Alg, b.d.Alg)
	if err != nil {
		return err
	}
	boxes := make([]container.Range, 0, len(r.Names))
	for j, name := range r.Names {
		box, err := b.box(i, j, name)
		if err != nil {
			return err
		}
		boxes = append(boxes, box)
		b.end = box.Offset + box.Length
	}
	if r.Names[0] == storeBox {
		return nil
	}
	if r.Excluded {
		b.others = true
		return nil
	}
	holes, err := b.holes(r, boxes)
	if err != nil {
		return err
	}
	b.hasher.use(alg)
	run := container.Range{Offset: boxes[0].Offset, Length: b.end - boxes[0].Offset}
	if err := b.hasher.add(rest(run, holes)...); err != nil {
		return err
	}
	return b.compare(b.hasher, r.Hash, "the run from box "+r.Names[0])
}

// box returns the next box of the file, which must have a name.
func (b *boxCheck) box(i, j int, name string) (container.Range, error) {
	if name == afterBox && i == len(b.d.Boxes)-1 && j == len(b.d.Boxes[i].Names)-1 {
		return container.Range{Offset: b.end, Length: b.src.Size() - b.end}, nil
	}
	box, err, ok := b.next()
	if box.name == pngHead && b.seen == 0 && name != pngHead {
		box, err, ok = b.next() // the signature cannot change
	}
	b.seen++
	switch {
	case err != nil:
		return box.Range, err
	case !ok:
		return box.Range, faultf(b.mismatch, "box %.20q is missing", name)
	case box.name == name:
		return box.Range, nil
	case slices.Contains(b.d.Boxes[i].Names[j:], box.name),
		slices.ContainsFunc(b.d.Boxes[i+1:], func(r hashedBoxes) bool { return slices.Contains(r.Names, box.name) }):
		return box.Range, faultf(b.mismatch, "box %q at %d where %.20q is due", box.name, box.Offset, name)
	}
	return box.Range, faultf(BoxesHashUnknownBox, "box %q at %d is not listed", box.name, box.Offset)
}

// holes returns what the exclusions of a run leave out.
func (b *boxCheck) holes(r *hashedBoxes, boxes []container.Range) ([]container.Range, error) {
	var holes []container.Range
	end := int64(0)
	for _, e := range r.Exclusions {
		index := 0
		if e.Box != nil {
			index = *e.Box
		} else if len(boxes) > 1 {
			index = -1
		}
		if index < 0 || index >= len(boxes) || e.Start < 0 || e.Length < 0 {
			return nil, faultf(b.malformed, "exclusion of no box")
		}
		box := boxes[index]
		if e.Start > box.Length || e.Length > box.Length-e.Start {
			return nil, faultf(b.mismatch, "an exclusion is outside its box")
		}
		hole := container.Range{Offset: box.Offset + e.Start, Length: e.Length}
		if hole.Offset < end {
			return nil, faultf(b.malformed, "exclusions overlap at %d", hole.Offset)
		}
		end = hole.Offset + hole.Length
		holes = append(holes, hole)
		b.others = true
	}
	return holes, nil
}
