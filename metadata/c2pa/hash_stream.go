package c2pa

import (
	"crypto"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/aigclabel/aigclabel/internal/container"
)

// hashReadSize is the size of reads: system calls cost nothing beside the hash.
const hashReadSize = 256 << 10

var hashBuffers = sync.Pool{New: func() any { return new([hashReadSize]byte) }}

// A window is the part of a file that was read last: what lies close is read at once.
type window struct {
	src    io.ReaderAt
	size   int64 // of the file
	memory *[hashReadSize]byte
	bytes  []byte // of the file, in memory
	at     int64  // where they stand
}

// newWindow returns a window on the file of a, to be released.
func (a *asset) newWindow() window {
	return window{src: a.src.ReaderAt(), size: a.src.Size(), memory: hashBuffers.Get().(*[hashReadSize]byte)}
}

func (w *window) release() { hashBuffers.Put(w.memory) }

// read returns the first bytes of r, at least least of them, valid until the next
// read.
func (w *window) read(r container.Range, least int64) ([]byte, error) {
	if r.Offset < w.at || least > w.at+int64(len(w.bytes))-r.Offset {
		if r.Offset < 0 || least > w.size-r.Offset {
			return nil, io.ErrUnexpectedEOF
		}
		w.at, w.bytes = r.Offset, w.memory[:min(hashReadSize, w.size-r.Offset)]
		if n, err := w.src.ReadAt(w.bytes, w.at); n < len(w.bytes) {
			w.bytes = nil
			return nil, fmt.Errorf("read at %d: %w", w.at+int64(n), unexpected(err))
		}
	}
	b := w.bytes[r.Offset-w.at:]
	return b[:min(int64(len(b)), r.Length)], nil
}

// A hasher hashes parts of a file, which may be small and should ascend.
type hasher struct {
	hash.Hash
	window
	to io.Writer // the hash, or what changes text on its way there
}

// newHasher returns a hasher of the file of a, to be released.
func (a *asset) newHasher(h crypto.Hash) *hasher {
	n := &hasher{window: a.newWindow()}
	n.use(h)
	return n
}

// use starts a hash anew.
func (h *hasher) use(alg crypto.Hash) {
	h.Hash = alg.New()
	h.to = h.Hash
}

// add hashes parts of the file. A part that is not in the file is an error.
func (h *hasher) add(parts ...container.Range) error {
	for _, r := range parts {
		if r.Length > streamSize {
			if err := h.stream(r); err != nil {
				return err
			}
			continue
		}
		for r.Length > 0 {
			b, err := h.read(r, 1)
			if err != nil {
				return err
			}
			if _, err := h.to.Write(b); err != nil {
				return err
			}
			r.Offset, r.Length = r.Offset+int64(len(b)), r.Length-int64(len(b))
		}
	}
	return nil
}

// streamSize is from how many bytes on a part is read while it is hashed: reading
// takes a fifth of the time of hashing.
const streamSize = 4 * hashReadSize

// A chunk is what was read of a part.
type chunk struct {
	memory *[hashReadSize]byte
	n      int64
	err    error
}

// stream hashes a part while its next bytes are read.
func (h *hasher) stream(r container.Range) error {
	if r.Offset < 0 || r.Length > h.size-r.Offset {
		return io.ErrUnexpectedEOF
	}
	full, free := make(chan chunk, 1), make(chan *[hashReadSize]byte, 3)
	for range cap(free) {
		free <- hashBuffers.Get().(*[hashReadSize]byte)
	}
	go readChunks(h.src, r, full, free)
	var first error
	for c := range full {
		if first == nil {
			first = c.err
		}
		if first == nil {
			_, first = h.to.Write(c.memory[:c.n])
		}
		free <- c.memory
	}
	for range cap(free) {
		hashBuffers.Put(<-free)
	}
	return first
}

// readChunks reads a part up to the first error.
func readChunks(src io.ReaderAt, r container.Range, full chan<- chunk, free <-chan *[hashReadSize]byte) {
	defer close(full)
	for r.Length > 0 {
		c := chunk{memory: <-free, n: min(hashReadSize, r.Length)}
		if n, err := src.ReadAt(c.memory[:c.n], r.Offset); int64(n) < c.n {
			c.err = fmt.Errorf("read at %d: %w", r.Offset+int64(n), unexpected(err))
		}
		r.Offset, r.Length = r.Offset+c.n, r.Length-c.n
		full <- c
		if c.err != nil {
			return
		}
	}
}

// unexpected returns the error of a read that got less than the file has.
func unexpected(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// rest returns what holes leave of r. Holes ascend.
func rest(r container.Range, holes []container.Range) (parts []container.Range) {
	end := r.Offset + r.Length
	for _, hole := range holes {
		if n := min(hole.Offset, end) - r.Offset; n > 0 {
			parts = append(parts, container.Range{Offset: r.Offset, Length: n})
		}
		r.Offset = min(max(r.Offset, hole.Offset+hole.Length), end)
	}
	if r.Offset < end {
		parts = append(parts, container.Range{Offset: r.Offset, Length: end - r.Offset})
	}
	return parts
}

// joined returns ascending ranges with neighbours joined.
func joined(ranges []container.Range) (out []container.Range) {
	for _, r := range ranges {
		if n := len(out) - 1; n >= 0 && r.Offset <= out[n].Offset+out[n].Length {
			out[n].Length = max(out[n].Length, r.Offset+r.Length-out[n].Offset)
			continue
		}
		out = append(out, r)
	}
	return out
}
