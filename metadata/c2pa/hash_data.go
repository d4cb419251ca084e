package c2pa

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A dataHash is c2pa.hash.data: one hash over the file but for some ranges (C2PA 2.4,
// 18.5).
type dataHash struct {
	Exclusions []dataExclusion `cbor:"exclusions,omitempty"`
	Alg        string          `cbor:"alg,omitempty"`
	Hash       []byte          `cbor:"hash"`
	Pad        any             `cbor:"pad"`
}

// A dataExclusion is a range in bytes of the file.
type dataExclusion struct {
	Start  *int64 `cbor:"start"`
	Length *int64 `cbor:"length"`
}

// data verifies c2pa.hash.data (C2PA 2.4, 15.12.1).
func (c *check) data(assertion []byte) error {
	var d dataHash
	if err := c.decode(assertion, &d); err != nil {
		return err
	}
	excluded, err := c.exclusions(d.Exclusions)
	if err != nil {
		return err
	}
	alg, err := c.hash(d.Alg)
	if err != nil {
		return err
	}
	if err := c.checkExclusions(excluded); err != nil {
		return err
	}
	h := c.newHasher(alg)
	defer h.release()
	if err := c.hashData(h, excluded); err != nil {
		return err
	}
	return c.compare(h, d.Hash, "the file")
}

// exclusions returns the ranges that an assertion leaves out, where they stand now.
func (c *check) exclusions(list []dataExclusion) ([]container.Range, error) {
	var out []container.Range
	var end, moved int64
	for _, e := range list {
		if e.Start == nil || e.Length == nil || *e.Start < end || *e.Length < 0 || *e.Length > math.MaxInt64-*e.Start {
			return nil, faultf(c.malformed, "exclusions that are not in order, or not whole")
		}
		r := container.Range{Offset: *e.Start + moved, Length: *e.Length}
		end = *e.Start + r.Length
		if frame := c.frame(); c.updated && len(frame) > 0 && frame[0].Offset == r.Offset {
			moved = frame[0].Length - r.Length
			r.Length = frame[0].Length
		}
		if r.Offset < 0 || r.Offset > c.src.Size() || r.Length > c.src.Size()-r.Offset {
			return nil, faultf(c.mismatch, "an exclusion of %d bytes at %d is outside the file", r.Length, r.Offset)
		}
		out = append(out, r)
	}
	return out, nil
}

// frame returns what holds the store of the asset.
func (a *asset) frame() []container.Range {
	if a.store == nil {
		return nil
	}
	return joined(a.store.Frame)
}

// text reports whether the store stands in text, which is hashed normalised.
func (a *asset) text() bool { return a.store != nil && a.store.Encoding == "selectors" }

// checkExclusions checks that what is left out with the store is of the store, or
// zeros. So is what is left out where the store stands beside the file: the place of one
// that was in the file could hold any content.
func (c *check) checkExclusions(excluded []container.Range) error {
	frame := c.frame()
	if c.text() && !slices.Equal(frame, excluded) {
		return faultf(c.malformed, "the exclusions are not the manifest in the text")
	}
	for _, r := range excluded {
		if c.store == nil || !slices.ContainsFunc(c.store.Ranges, func(s container.Range) bool { return overlap(r, s) }) {
			c.others = c.others || r.Length > 0
			if !c.beside {
				continue
			}
		}
		for _, part := range rest(r, frame) {
			ok, err := c.zeros(part)
			if err != nil {
				return err
			}
			if !ok {
				return faultf(c.mismatch, "the exclusion at %d covers %d bytes that are not of the manifest store", r.Offset, part.Length)
			}
		}
	}
	return nil
}

func overlap(a, b container.Range) bool {
	return a.Offset < b.Offset+b.Length && b.Offset < a.Offset+a.Length
}

// zeros reports whether r is padding.
func (a *asset) zeros(r container.Range) (bool, error) {
	b := make([]byte, min(r.Length, 4<<10))
	for r.Length > 0 {
		b = b[:min(r.Length, int64(len(b)))]
		if n, err := a.src.ReaderAt().ReadAt(b, r.Offset); n < len(b) {
			return false, unexpected(err)
		}
		if len(bytes.Trim(b, "\x00")) > 0 {
			return false, nil
		}
		r.Offset, r.Length = r.Offset+int64(len(b)), r.Length-int64(len(b))
	}
	return true, nil
}

// hashData hashes the file but for ranges. Text is brought to NFC after they are
// taken out (C2PA 2.4, 15.12.1.3).
func (a *asset) hashData(h *hasher, excluded []container.Range) error {
	parts := rest(container.Range{Length: a.src.Size()}, excluded)
	if !a.text() {
		return h.add(parts...)
	}
	w := norm.NFC.Writer(h.Hash)
	h.to = w
	if err := h.add(parts...); err != nil {
		return err
	}
	return w.Close()
}

// maxFrames is how many parts the frame of a store may have for us to write it. It
// sets the length of the assertion.
const maxFrames = 4

var errFrames = errors.New("c2pa: manifest store in too many parts")

// bindData returns c2pa.hash.data over the file of a. Its length depends on the
// algorithm alone; where a is nil, nothing else of it counts.
func bindData(a *asset) ([]byte, error) {
	alg := hashAlgorithms[defaultHash]
	d := dataHash{Alg: defaultHash, Hash: make([]byte, alg.Size()), Pad: []byte{}}
	last := int64(math.MaxInt64)
	for range maxFrames {
		d.Exclusions = append(d.Exclusions, dataExclusion{&last, &last})
	}
	longest, err := coseEncoder.Marshal(d)
	if err != nil {
		return nil, err
	}
	if a != nil {
		if d, err = a.dataHash(d); err != nil {
			return nil, err
		}
	}
	return d.padded(len(longest) + minPad + 1)
}

// dataHash returns d over the file of a.
func (a *asset) dataHash(d dataHash) (dataHash, error) {
	frame := a.frame()
	if a.store != nil && len(frame) == 0 || len(frame) > maxFrames {
		return d, errFrames
	}
	d.Exclusions = nil
	for _, r := range frame {
		d.Exclusions = append(d.Exclusions, dataExclusion{&r.Offset, &r.Length})
	}
	h := a.newHasher(hashAlgorithms[d.Alg])
	defer h.release()
	err := a.hashData(h, frame)
	d.Hash = h.Sum(nil)
	return d, err
}

// minPad is the shortest padding whose length takes a byte of its own. Lengths from
// there to 255 make any length of the whole.
const minPad = 24

// padded returns d in size bytes.
func (d dataHash) padded(size int) ([]byte, error) {
	b, err := coseEncoder.Marshal(d)
	if err != nil {
		return nil, err
	}
	pad := size - len(b) - 1
	if pad < minPad || pad > 255 {
		return nil, fmt.Errorf("c2pa: %d bytes of padding", pad)
	}
	d.Pad = make([]byte, pad)
	return coseEncoder.Marshal(d)
}
