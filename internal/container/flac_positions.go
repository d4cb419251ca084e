package container

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"sort"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// More types of metadata blocks, which count samples.
const (
	flacTypeSeekTable = 3
	flacTypeCueSheet  = 5
)

// blocks returns the edits of the blocks that count samples or bytes of frames.
func (s *flacSound) blocks(front, back int64, audio []splice.Edit) (edits []splice.Edit, err error) {
	moved := newFLACMoves(audio)
	for pos := s.file.info.Offset; pos < s.file.last.end(); {
		b, err := s.file.blockAt(pos)
		if err != nil {
			return nil, err
		}
		pos = b.end()
		if b.kind != flacTypeSeekTable && b.kind != flacTypeCueSheet {
			continue
		}
		data, err := s.src.Bytes(b.data(), b.size(), "FLAC metadata block")
		if err != nil {
			return nil, err
		}
		data = slices.Clone(data)
		if b.kind == flacTypeSeekTable {
			s.moveSeekPoints(data, front, moved)
		} else {
			moveCueSheet(data, front, back)
		}
		edits = append(edits, splice.Edit{Offset: b.data(), Delete: b.size(), Insert: bytes.NewReader(data)})
	}
	return edits, nil
}

// moveSeekPoints flacMoves the points of a seek table (RFC 9639, clause 8.5). One for the
func (s *flacSound) moveSeekPoints(b []byte, front int64, moved flacMoves) {
	const point, placeholder = 18, math.MaxUint64
	start := s.frames.starts[0]
	for ; len(b) >= point; b = b[point:] {
		sample, off := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
		if sample == placeholder || off > uint64(s.src.Size()-start) {
			continue
		}
		binary.BigEndian.PutUint64(b, sample+uint64(front))
		binary.BigEndian.PutUint64(b[8:], uint64(moved.position(start+int64(off))-start))
	}
}

// moveCueSheet flacMoves the tracks of a cue sheet (RFC 9639, clause 8.7). What is no
// longer on the sectors of a disc is not marked as a disc.
func moveCueSheet(b []byte, front, back int64) {
	const head, track, index, sector = 396, 36, 12, 588
	if len(b) < head {
		return
	}
	disc := front%sector == 0 && back%sector == 0
	if !disc {
		b[136] &^= 0x80
	}
	for pos := head; pos <= len(b)-track; pos += track + index*int(b[pos+track-1]) {
		n := front
		if number := b[pos+8]; number == 170 || number == 255 { // the end of the last track
			n += back
		}
		binary.BigEndian.PutUint64(b[pos:], binary.BigEndian.Uint64(b[pos:])+uint64(n))
	}
}

// flacMoves are edits as they move what is behind them.
type flacMoves struct {
	offsets []int64 // behind which
	sums    []int64 // it has moved by so much
}

func newFLACMoves(edits []splice.Edit) (m flacMoves) {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b splice.Edit) int { return cmp.Compare(a.Offset, b.Offset) })
	sum := int64(0)
	for _, e := range edits {
		sum += growth(e)
		m.offsets = append(m.offsets, e.Offset+e.Delete)
		m.sums = append(m.sums, sum)
	}
	return m
}

// position returns where the frame that starts at off starts then.
func (m flacMoves) position(off int64) int64 {
	i := sort.Search(len(m.offsets), func(i int) bool { return m.offsets[i] > off })
	if i == 0 {
		return off
	}
	return off + m.sums[i-1]
}
