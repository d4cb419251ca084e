package container

import (
	"bytes"
	"errors"
	"iter"
	"math"
	"slices"
	"sort"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Everything in a Segment that says where its elements stand, counted from its
// body: SeekHead, Cues, and in old files the Position of each Cluster.

const (
	idCuePoint     = 0xBB
	idCuePositions = 0xB7 // CueTrackPositions
	idCueCluster   = 0xF1 // CueClusterPosition
	idCueState     = 0xEA // CueCodecState
	idCueReference = 0xDB
	idCueRefer     = 0x97 // CueRefCluster
	idPosition     = 0xA7
	idSimpleBlock  = 0xA3
	idBlockGroup   = 0xA0
)

// A mkvIndex is a Segment whose children have all been seen.
type mkvIndex struct {
	segment   mkvSegment
	data      [][]byte // SeekHead and Cues elements
	positions []mkvPosition
}

// A mkvPosition is a Position element of a Cluster, or its CRC-32 element.
type mkvPosition struct {
	cluster, offset int64
	header, width   uint8 // width is 0 for a CRC-32
}

// scan looks at every child of the Segment. What the walk left out must be as
// sound as the rest: with other positions, the next walk may meet it.
func (p *mkvPlan) scan() (*mkvIndex, error) {
	x := &mkvIndex{segment: mkvSegment{ebmlElement: p.segment.ebmlElement}}
	f, seen := &mkvFile{src: p.src}, 0
	l := &f.Layout
	_, err := x.segment.children(p.src, l, false, func(e ebmlElement) error {
		x.segment.note(e)
		if p.parents[e.offset] == e {
			seen++
		}
		switch {
		case e.id == idCluster:
			return x.cluster(p.src, e)
		case p.segment.hides(e.offset):
			return f.child(&x.segment, e)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case l.Damage != nil:
		return nil, l.Damage
	case len(l.Limits) > 0:
		return nil, l.Limits[0]
	case seen < len(p.parents):
		return nil, &FormatError{Offset: p.segment.offset, Err: errors.New("a SeekHead leads into other elements")}
	}
	for _, e := range x.segment.indexes {
		data, err := p.src.Bytes(e.offset, e.length(), "index of a Segment")
		if err != nil {
			return nil, err
		}
		x.data = append(x.data, data)
	}
	return x, nil
}

// cluster looks for the Position at the head of a Cluster. One that is wrong
// stays: in a live stream it is 0.
func (x *mkvIndex) cluster(src *Source, cluster ebmlElement) error {
	end := cluster.end()
	if cluster.open {
		end = x.segment.end()
	}
	head, err := src.Peek(cluster.body(), int(min(peekSize, end-cluster.body())))
	if err != nil {
		return err
	}
	var crc []mkvPosition
	for e, err := range ebmlElements(head, cluster.body()) {
		if err != nil || e.id == idSimpleBlock || e.id == idBlockGroup {
			break
		}
		at := mkvPosition{cluster: cluster.offset, offset: e.offset, header: uint8(e.header)}
		switch {
		case e.id == idCRC && e.offset == cluster.body():
			crc = append(crc, at)
		case e.id == idPosition && e.size <= 8 && int64(readUint(head[e.body()-cluster.body():][:e.size])) == cluster.offset-x.segment.body():
			at.width = uint8(e.size)
			x.positions = append(append(x.positions, crc...), at)
		}
	}
	return nil
}

// rewrite returns the edits of the plan with those of SeekHead and Cues, after
// moves. Positions get at least so many bytes.
func (x *mkvIndex) rewrite(p *mkvPlan, m mkvMoves, least int) ([]splice.Edit, error) {
	edits := slices.Clone(p.edits)
	body := x.segment.body()
	var visit ebmlVisit
	cluster := uint64(0) // of the current CueTrackPositions
	visit = func(e ebmlElement, data []byte) ([]byte, bool, error) {
		switch e.id {
		case idSeek:
			if _, pos, ok := parseSeek(data); ok && p.gone[body+pos] {
				return nil, true, nil
			}
			fallthrough
		case idSeekHead, idCues, idCuePoint, idCuePositions, idCueReference:
			out, err := ebmlRewrite(data, e.body(), visit)
			if e.id == idSeekHead && e.offset == x.segment.indexes[0].offset && p.unlisted() {
				entry := ebmlEncode(idSeek, ebmlEncode(idSeekID, appendUint(nil, idTags, 4)), ebmlEncode(idSeekPosition, ebmlNumber(uint64(p.at+m.before(p.at)-body), least)))
				out = ebmlChecksum(slices.Concat(out, entry))
			}
			return out, !bytes.Equal(out, data), err
		case idSeekPosition, idCueCluster, idCueState, idCueRefer:
			old := readUint(data[:min(len(data), 8)])
			if e.id == idCueCluster {
				cluster = old
			}
			if to := x.moved(p, m, old); to != old && len(data) <= 8 {
				return ebmlNumber(to, max(least, len(data))), true, nil
			}
		case idCueRelative:
			old := readUint(data[:min(len(data), 8)])
			if p.relative == nil || len(data) > 8 {
				return nil, false, nil
			}
			if to := p.relative(m, cluster, old); to != old {
				return ebmlNumber(to, max(least, len(data))), true, nil
			}
		}
		return nil, false, nil
	}
	for i, data := range x.data {
		out, err := ebmlRewrite(data, x.segment.indexes[i].offset, visit)
		if err != nil {
			return nil, err
		}
		edits = append(edits, difference(data, out, x.segment.indexes[i].offset)...)
	}
	if x.segment.crc != nil {
		edits = append(edits, toVoid(x.segment.crc.offset))
	}
	return edits, nil
}

// toVoid returns the edit that makes a Void of an element with an identifier of
// one byte.
func toVoid(off int64) splice.Edit {
	return splice.Edit{Offset: off, Delete: 1, Insert: bytes.NewReader([]byte{idVoid})}
}

// moved returns a position after the moves. A CueCodecState of 0 is none.
func (x *mkvIndex) moved(p *mkvPlan, m mkvMoves, pos uint64) uint64 {
	body := x.segment.body()
	switch off := body + int64(min(pos, math.MaxInt64/2)); {
	case pos == 0 || off > x.segment.end():
		return pos
	case off == p.from:
		return uint64(p.at + m.before(p.at) - body)
	default:
		return uint64(m.to(off) - body)
	}
}

// unlisted reports whether the plan adds an element that no SeekHead knows.
func (p *mkvPlan) unlisted() bool {
	return p.insert != nil && !slices.ContainsFunc(p.segment.targets, func(t mkvTarget) bool { return t.pos == p.from })
}

// absorb returns the edits of Void elements that make up for edits before the
// first Cluster, so that it stays where it is; none if they have no room. Each
// edit takes that of the Void next to it.
func (x *mkvIndex) absorb(p *mkvPlan, edits []splice.Edit) []splice.Edit {
	if x.segment.cluster == nil {
		return nil
	}
	taken, delta, fits := make([]int64, len(x.segment.voids)), int64(0), true
	for _, e := range edits {
		if n := growth(e); n != 0 && e.Offset <= x.segment.cluster.offset {
			delta += n
			fits = fits && x.take(taken, e.Offset, n)
		}
	}
	switch {
	case delta == 0:
		return nil
	case !fits && delta <= -2 && delta >= -maxFree:
		return []splice.Edit{ebmlElement{offset: p.near}.resizeVoid(-delta)}
	case !fits:
		return nil
	}
	var out []splice.Edit
	for i, n := range taken {
		if n != 0 {
			out = append(out, x.segment.voids[i].resizeVoid(-n))
		}
	}
	return out
}

// take takes n bytes from the Void that is nearest to off and has them.
func (x *mkvIndex) take(taken []int64, off, n int64) bool {
	best, distance := -1, int64(math.MaxInt64)
	for i, v := range x.segment.voids {
		left := v.length() - taken[i] - n
		if d := max(v.offset-off, off-v.offset); d < distance && (left == 0 || left > 1) {
			best, distance = i, d
		}
	}
	if best < 0 || n < -maxFree {
		return false
	}
	taken[best] += n
	return true
}

// sequences returns the edits of the Position elements, which may be many, in the
// gaps between the others.
func (m mkvMoves) sequences() []splice.Sequence {
	positions := slices.DeleteFunc(slices.Clone(m.index.positions), func(at mkvPosition) bool { return m.to(at.cluster) == at.cluster })
	var out []splice.Sequence
	for len(positions) > 0 {
		run := positions
		if i := sort.Search(len(m.edits), func(i int) bool { return m.edits[i].Offset > run[0].offset }); i < len(m.edits) {
			run = run[:sort.Search(len(run), func(j int) bool { return run[j].offset >= m.edits[i].Offset })]
		}
		positions = positions[len(run):]
		out = append(out, splice.Sequence{Offset: run[0].offset, Length: run[len(run)-1].end() - run[0].offset, Edits: func(from int64) iter.Seq2[splice.Edit, error] {
			return func(yield func(splice.Edit, error) bool) {
				i := sort.Search(len(run), func(i int) bool { return run[i].end() > from })
				for ; i < len(run) && yield(m.position(run[i]), nil); i++ {
				}
			}
		}})
	}
	return out
}

func (at mkvPosition) end() int64 { return at.offset + int64(at.header) + int64(at.width) }

// position returns the edit of a Position element, or makes it Void.
func (m mkvMoves) position(at mkvPosition) splice.Edit {
	v := ebmlNumber(uint64(m.to(at.cluster)-m.index.segment.body()), int(at.width))
	if len(v) != int(at.width) {
		return toVoid(at.offset)
	}
	return splice.Edit{Offset: at.offset + int64(at.header), Delete: int64(at.width), Insert: bytes.NewReader(v)}
}
