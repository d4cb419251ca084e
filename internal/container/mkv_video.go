package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// The pictures of Matroska and WebM, RFC 9559 clauses 5.1.3 and 10: each in a block
// of its own, in the order of decoding, with the time at which it shows.

const (
	idTimestampScale = 0x2AD7B1
	idTracks         = 0x1654AE6B
	idTrackEntry     = 0xAE
	idTrackNumber    = 0xD7
	idTrackType      = 0x83
	idCodecID        = 0x86
	idCodecPrivate   = 0x63A2
	idEncodings      = 0x6D80
	idTimestamp      = 0xE7
	idPrevSize       = 0xAB
	idBlock          = 0xA1
	idReferenceBlock = 0xFB
	idBlockDuration  = 0x9B
	idCueRelative    = 0xF0
)

// mkvCodings are the codings whose pictures are as in MP4, under its names.
var mkvCodings = map[string]string{
	"V_MPEG4/ISO/AVC": "avc1", "V_MPEGH/ISO/HEVC": "hvc1", "V_VP8": "vp08", "V_VP9": "vp09", "V_AV1": "av01",
}

// A mkvVideo says where the pictures of a [Video] are in a Segment.
type mkvVideo struct {
	file     *mkvFile
	segment  *mkvSegment
	tracks   ebmlElement
	private  ebmlElement // none if it has no header
	number   uint64
	clusters []mkvCluster
	blocks   []mkvBlock // of the samples
}

// A mkvCluster is a Cluster, and what in it may need another value.
type mkvCluster struct {
	ebmlElement
	time          int64
	crc, prevSize int64 // offsets, 0 for none
	position      bool
}

// A mkvBlock is the block of a picture.
type mkvBlock struct {
	cluster int
	group   ebmlElement // around it, none if it has no header
	block   ebmlElement
	head    int64 // bytes of the block before the picture
	flags   byte
	timed   bool // its group states how long it shows
}

// OpenMatroskaVideo reads where the pictures of the first video track are. The errors
// are those of [OpenVideo].
func OpenMatroskaVideo(src *Source) (*Video, error) {
	file, err := Matroska(src)
	if err != nil {
		return nil, err
	}
	f := file.(*mkvFile)
	if err := errors.Join(f.Damage, errors.Join(f.Limits...)); err != nil {
		return nil, err
	}
	if len(f.segments) != 1 {
		return nil, fmt.Errorf("%w: %d Segments", ErrTrack, len(f.segments))
	}
	m := &mkvVideo{file: f, segment: f.segments[0]}
	v := &Video{data: src.ReaderAt(), mkv: m, Timescale: 1000, Simple: true}
	var l Layout
	whole := &mkvSegment{ebmlElement: m.segment.ebmlElement}
	var failed error
	_, err = whole.children(src, &l, false, func(e ebmlElement) error {
		if failed == nil {
			failed = v.mkvChild(src, e)
		}
		return nil
	})
	if err := errors.Join(err, failed, l.Damage, errors.Join(l.Limits...)); err != nil {
		return nil, err
	}
	if m.number == 0 || len(v.Samples) == 0 {
		return nil, fmt.Errorf("%w: no pictures", ErrTrack)
	}
	v.Start = math.MaxInt64
	for _, s := range v.Samples {
		v.Start = min(v.Start, s.Shown)
	}
	return v, nil
}

// mkvChild reads a child of the Segment.
func (v *Video) mkvChild(src *Source, e ebmlElement) error {
	switch e.id {
	case idInfo:
		data, err := src.Bytes(e.body(), e.size, "Info element")
		if err != nil {
			return err
		}
		if scale := ebmlUint(data, idTimestampScale, 1_000_000); scale == 0 || 1_000_000_000%scale != 0 {
			return fmt.Errorf("%w: a scale of %d ns", ErrTrack, scale)
		} else {
			v.Timescale = int64(1_000_000_000 / scale)
		}
	case idTracks:
		return v.mkvTracks(src, e)
	case idCluster:
		if e.open || v.mkv.number == 0 {
			return fmt.Errorf("%w: a live stream", ErrTrack)
		}
		return v.mkvCluster(src, e)
	}
	return nil
}

// ebmlUint returns the number in a child of that kind, or another.
func ebmlUint(data []byte, id uint32, otherwise uint64) uint64 {
	for e, err := range ebmlElements(data, 0) {
		if err == nil && e.id == id && e.size <= 8 {
			return readUint(data[e.body():e.end()])
		}
	}
	return otherwise
}

// mkvTracks finds the first video track.
func (v *Video) mkvTracks(src *Source, tracks ebmlElement) error {
	m := v.mkv
	data, err := src.Bytes(tracks.body(), tracks.size, "Tracks element")
	if err != nil || m.number > 0 {
		return err
	}
	for entry, err := range ebmlElements(data, tracks.body()) {
		if err != nil {
			return err
		}
		body := data[entry.body()-tracks.body() : entry.end()-tracks.body()]
		if entry.id != idTrackEntry || ebmlUint(body, idTrackType, 0) != 1 {
			continue
		}
		m.tracks, m.number = tracks, ebmlUint(body, idTrackNumber, 0)
		for e, err := range ebmlElements(body, entry.body()) {
			if err != nil {
				return err
			}
			value := body[e.body()-entry.body() : e.end()-entry.body()]
			switch e.id {
			case idCodecID:
				v.Coding = mkvCodings[string(bytes.TrimRight(value, "\x00"))]
			case idCodecPrivate:
				m.private, v.Config = e, value
			case idEncodings:
				return fmt.Errorf("%w: compressed or encrypted", ErrTrack)
			}
		}
		if v.Coding == "" {
			return fmt.Errorf("%w: another coding", ErrTrack)
		}
		return nil
	}
	return nil
}

// mkvCluster lists the pictures of a Cluster.
func (v *Video) mkvCluster(src *Source, cluster ebmlElement) error {
	m := v.mkv
	m.clusters = append(m.clusters, mkvCluster{ebmlElement: cluster})
	c := &m.clusters[len(m.clusters)-1]
	for pos := cluster.body(); pos < cluster.end(); {
		e, err := ebmlAt(src, pos, cluster.end())
		if err == nil {
			err = e.past(cluster.end())
		}
		if err != nil {
			return err
		}
		switch e.id {
		case idTimestamp:
			h, err := src.Peek(e.body(), int(min(e.size, 8)))
			if err != nil {
				return err
			}
			c.time = int64(min(readUint(h), math.MaxInt64/2))
		case idCRC:
			c.crc = e.offset
		case idPrevSize:
			c.prevSize = e.offset
		case idPosition:
			c.position = true
		case idSimpleBlock:
			err = v.mkvBlock(src, mkvBlock{block: e}, false)
		case idBlockGroup:
			err = v.mkvGroup(src, e)
		}
		if err != nil {
			return err
		}
		pos = e.end()
	}
	return nil
}

// mkvGroup lists the picture of a BlockGroup.
func (v *Video) mkvGroup(src *Source, group ebmlElement) error {
	b, refers, more := mkvBlock{group: group}, false, false
	for pos := group.body(); pos < group.end(); {
		e, err := ebmlAt(src, pos, group.end())
		if err == nil {
			err = e.past(group.end())
		}
		if err != nil {
			return err
		}
		switch e.id {
		case idBlock:
			b.block = e
		case idReferenceBlock:
			refers = true
		case idBlockDuration:
			b.timed = true
		case idVoid, idCRC:
		default:
			more = true
		}
		pos = e.end()
	}
	n := len(v.Samples)
	if b.block.header == 0 {
		return nil
	}
	if err := v.mkvBlock(src, b, !refers); err != nil {
		return err
	}
	if more && len(v.Samples) > n {
		return fmt.Errorf("%w: pictures with additions", ErrTrack)
	}
	return nil
}

// mkvBlock lists the picture of a block, if it is of the track.
func (v *Video) mkvBlock(src *Source, b mkvBlock, key bool) error {
	m := v.mkv
	h, err := src.Peek(b.block.body(), int(min(b.block.size, 11)))
	if err != nil || len(h) == 0 {
		return err
	}
	w := bits.LeadingZeros8(h[0]) + 1
	if w > 8 || len(h) < w+3 || readUint(h[:w])&(1<<(7*w)-1) != m.number {
		return nil
	}
	b.head, b.flags, b.cluster = int64(w+3), h[w+2], len(m.clusters)-1
	if b.flags&6 != 0 {
		return fmt.Errorf("%w: several pictures in a block", ErrTrack)
	}
	if b.group.header == 0 {
		key = b.flags&0x80 != 0
	}
	at := m.clusters[b.cluster].time + int64(int16(binary.BigEndian.Uint16(h[w:])))
	m.blocks = append(m.blocks, b)
	v.Samples = append(v.Samples, VideoSample{Offset: b.block.body() + b.head, Size: b.block.size - b.head, Shown: at, Sync: key})
	return nil
}

// replace returns the edits of [Video.Replace].
func (m *mkvVideo) replace(v, with *Video, samples []VideoSample, parts []VideoPart, config []byte) (*splice.Plan, error) {
	p := &mkvPlan{file: m.file, segment: m.segment, src: m.file.src.afresh(),
		parents: map[int64]ebmlElement{}, values: map[int64][]byte{}, extra: map[int64][]byte{}, gone: map[int64]bool{}}
	if m.private.header > 0 && config != nil && !bytes.Equal(config, v.Config) {
		p.parents[m.tracks.offset] = m.tracks
		p.values[m.private.offset] = config
		p.touched = []int64{m.private.offset}
	}
	if err := p.rewrite(); err != nil {
		return nil, err
	}
	grown := make([]int64, len(m.clusters))
	changed := make([]bool, len(m.clusters))
	for _, part := range parts {
		for i := part.From; i < part.To; i++ {
			o := with.Samples[part.With+i-part.From]
			edits, err := m.replaceBlock(m.blocks[i], v.Samples[i], samples[i], o.Size)
			if err != nil {
				return nil, err
			}
			picture := splice.Edit{Offset: v.Samples[i].Offset, Delete: v.Samples[i].Size, Insert: io.NewSectionReader(with.data, o.Offset, o.Size)}
			edits = append(edits, picture)
			p.edits = append(p.edits, edits...)
			grown[m.blocks[i].cluster] += growth(edits...)
			changed[m.blocks[i].cluster] = true
		}
	}
	if err := m.resize(p, grown, changed); err != nil {
		return nil, err
	}
	p.relative = m.relative
	moves, err := p.follow()
	if err != nil {
		return nil, err
	}
	edits := append(slices.Clone(moves.edits), m.segment.resize(moves.total())...)
	return splice.New(m.file.src.ReaderAt(), m.file.src.Size(), edits, moves.sequences()...)
}

// replaceBlock returns the edits of what is around a picture that gets another size
// and time.
func (m *mkvVideo) replaceBlock(b mkvBlock, was, is VideoSample, size int64) ([]splice.Edit, error) {
	at := is.Shown - m.clusters[b.cluster].time
	grouped := b.group.header > 0
	switch {
	case at != int64(int16(at)):
		return nil, fmt.Errorf("%w: a picture moves far from its Cluster", ErrTrack)
	case grouped && was.Sync != is.Sync, b.timed && was.Shown != is.Shown:
		return nil, fmt.Errorf("%w: a BlockGroup says more of its picture", ErrTrack)
	}
	flags := b.flags &^ 0x81
	if is.Sync && !grouped {
		flags |= 0x80
	}
	number := b.head - 3
	track := appendUint(nil, m.number|1<<(7*number), int(number))
	header := slices.Concat([]byte{byte(b.block.id)}, ebmlSize(b.head+size, int(b.block.header)-1), track, binary.BigEndian.AppendUint16(nil, uint16(at)), []byte{flags})
	edits := []splice.Edit{{Offset: b.block.offset, Delete: b.block.header + b.head, Insert: bytes.NewReader(header)}}
	if grouped {
		delta := growth(edits...) + size - was.Size
		field := ebmlSize(b.group.size+delta, int(b.group.header)-1)
		edits = append(edits, splice.Edit{Offset: b.group.offset + 1, Delete: b.group.header - 1, Insert: bytes.NewReader(field)})
	}
	return edits, nil
}

// resize adds the edits of the Clusters around pictures.
func (m *mkvVideo) resize(p *mkvPlan, grown []int64, changed []bool) error {
	const id = 4
	for i, c := range m.clusters {
		if i > 0 && changed[i-1] && c.prevSize > 0 {
			p.edits = append(p.edits, toVoid(c.prevSize))
			changed[i] = changed[i] || c.crc > 0
		}
		if !changed[i] {
			continue
		}
		if c.crc > 0 && c.position {
			return fmt.Errorf("%w: a Cluster with a position and a sum", ErrTrack)
		}
		if c.crc > 0 {
			p.edits = append(p.edits, toVoid(c.crc))
		}
		field := ebmlSize(c.size+grown[i], int(c.header)-id)
		p.edits = append(p.edits, splice.Edit{Offset: c.offset + id, Delete: c.header - id, Insert: bytes.NewReader(field)})
	}
	return nil
}

// relative returns where a block stands in its Cluster after the moves.
func (m *mkvVideo) relative(moves mkvMoves, cluster, at uint64) uint64 {
	off := m.segment.body() + int64(min(cluster, math.MaxInt64/4))
	i, ok := slices.BinarySearchFunc(m.clusters, off, func(c mkvCluster, off int64) int { return int(min(max(c.offset-off, -1), 1)) })
	if !ok || at > uint64(m.clusters[i].size) {
		return at
	}
	body := m.clusters[i].body()
	return uint64(moves.to(body+int64(at)) - moves.to(body))
}
