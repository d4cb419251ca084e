package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Indexes of AVI that count from the start of the file: the lists of indexes in
// the headers of OpenDML, each index that they list, and idx1 in some files.

const (
	superEntries = 24 // in the data of an indx chunk
	superEntry   = 16
	standardBase = 12 // of an index of chunks: where its offsets count from
	standardHead = 24
	idx1Entry    = 16
)

// An aviMoves follows edits.
type aviMoves struct {
	src   *Source
	riff  *riff
	moves []splice.Edit
	edits []splice.Edit
	seen  map[int64]bool // indexes
}

// indexes returns the edits of the indexes after others that move media.
func (f *aviFile) indexes(edits []splice.Edit) ([]splice.Edit, error) {
	plan, err := splice.New(f.riff.src.ReaderAt(), f.riff.src.Size(), edits)
	if err != nil {
		return nil, err
	}
	src := NewSource(f.riff.src.ReaderAt(), f.riff.src.Size(), f.riff.src.Limits)
	m := &aviMoves{src: src, riff: &riff{src: src}, seen: map[int64]bool{}}
	m.moves = slices.DeleteFunc(slices.Clone(plan.Edits()), func(e splice.Edit) bool { return growth(e) == 0 })
	if to, _ := splice.Map(m.moves, f.movi.offset); to == f.movi.offset && growth(m.moves...) == 0 {
		return nil, nil
	}
	l := new(Layout)
	if f.headers.size > 4 {
		if err := m.headers(l, f.headers); err != nil {
			return nil, err
		}
	}
	if err := m.idx1(f.index, f.movi); err != nil {
		return nil, err
	}
	if l.Damage != nil {
		return nil, l.Damage
	}
	if len(l.Limits) > 0 {
		return nil, l.Limits[0]
	}
	return m.edits, nil
}

// headers looks for indexes in the headers of streams.
func (m *aviMoves) headers(l *Layout, list riffChunk) error {
	return m.riff.chunks(l, list.data()+4, list.data()+list.size, func(c riffChunk) error {
		switch {
		case c.id == "indx" && c.size >= standardHead:
			return m.index(c)
		case c.id == "LIST" && c.size > 4 && list.id == "LIST":
			strl := c
			strl.id = "strl" // lists no deeper
			return m.headers(l, strl)
		}
		return nil
	})
}

// index follows an indx chunk: a list of indexes, or an index itself.
func (m *aviMoves) index(c riffChunk) error {
	h, err := m.src.Peek(c.data(), 8)
	if err != nil {
		return err
	}
	kind, count := h[3], int64(binary.LittleEndian.Uint32(h[4:]))
	if kind != 0 {
		return m.standard(c.offset)
	}
	if count > (c.size-superEntries)/superEntry {
		return &FormatError{Offset: c.offset, Err: errors.New("indx chunk is too short for its entries")}
	}
	for at := c.data() + superEntries; count > 0; count-- {
		if err := m.src.Element(); err != nil {
			return err
		}
		h, err := m.src.Peek(at, 8)
		if err != nil {
			return err
		}
		if pos := binary.LittleEndian.Uint64(h); pos > 0 && pos <= uint64(m.src.Size()) {
			if err := m.standard(int64(pos)); err != nil {
				return err
			}
			to, _ := splice.Map(m.moves, int64(pos))
			m.number(at, pos, uint64(to))
		}
		at += superEntry
	}
	return nil
}

// standard follows an index of chunks, which stands at off. What it counts from
// need be no place in the file, so it goes with the first chunk.
func (m *aviMoves) standard(off int64) error {
	if m.seen[off] {
		return nil
	}
	m.seen[off] = true
	if m.src.Size()-off < chunkOverhead+standardHead+8 {
		return nil
	}
	h, err := m.src.Peek(off+chunkOverhead, standardHead+8)
	if err != nil {
		return err
	}
	base, first := binary.LittleEndian.Uint64(h[standardBase:]), uint64(binary.LittleEndian.Uint32(h[standardHead:]))
	if base > math.MaxInt64/2 || binary.LittleEndian.Uint32(h[4:]) == 0 {
		return nil
	}
	pos := int64(base + first)
	to, _ := splice.Map(m.moves, pos)
	m.number(off+chunkOverhead+standardBase, base, base+uint64(to-pos))
	return nil
}

// idx1 follows the old index where it does not count from the movi list: its
// first entry tells.
func (m *aviMoves) idx1(c, movi riffChunk) error {
	if c.size < idx1Entry {
		return nil
	}
	h, err := m.src.Peek(c.data(), idx1Entry)
	if err != nil {
		return err
	}
	id, pos := string(h[:4]), int64(binary.LittleEndian.Uint32(h[8:]))
	if pos < movi.data() || pos > m.src.Size()-chunkOverhead {
		return nil
	}
	if h, err = m.src.Peek(pos, 4); err != nil || string(h) != id {
		return err
	}
	data, err := m.src.Bytes(c.data(), c.size, "idx1 chunk")
	if err != nil {
		return err
	}
	out := bytes.Clone(data)
	for e := out; len(e) >= idx1Entry; e = e[idx1Entry:] {
		to, _ := splice.Map(m.moves, int64(binary.LittleEndian.Uint32(e[8:])))
		if to > math.MaxUint32 {
			return &LimitError{What: "offset in an idx1 chunk", Limit: math.MaxUint32}
		}
		binary.LittleEndian.PutUint32(e[8:], uint32(to))
	}
	m.edits = append(m.edits, difference(data, out, c.data())...)
	return nil
}

// number changes a number of 8 bytes.
func (m *aviMoves) number(off int64, from, to uint64) {
	if from != to {
		b := binary.LittleEndian.AppendUint64(nil, to)
		m.edits = append(m.edits, splice.Edit{Offset: off, Delete: int64(len(b)), Insert: bytes.NewReader(b)})
	}
}
