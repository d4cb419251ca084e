package container

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// The pictures of a movie, ISO/IEC 14496-12 clauses 8.5 to 8.7: to replace the first
// ones, or all, by others that show at the same times. Sound, texts, chapters, edit
// lists and what else a file has stay as they are, byte for byte.

// ErrTrack reports a video track whose pictures cannot be replaced one by one.
var ErrTrack = errors.New("pictures of the track cannot be replaced")

// A Video is a video track of a file of the MP4 and QuickTime family, or of Matroska.
type Video struct {
	Coding    string // of its sample entry: "avc1"
	Config    []byte // the body of avcC, hvcC...; nil if the coding has none
	Timescale int64  // units of time in a second

	// Start is the time of the track from which it plays, by its edit list, where that
	// is simple: once, at normal speed.
	Start  int64
	Simple bool

	Samples []VideoSample // in the order of decoding

	data  io.ReaderAt // with Samples
	mkv   *mkvVideo   // or, in a file of boxes:
	file  *bmffFile
	box   map[string]*bmffBox // of stbl, and the one of Config
	mdats []*bmffBox          // in order
}

// At returns the video whose pictures r holds.
func (v *Video) At(r io.ReaderAt) *Video {
	v.data = r
	return v
}

// A VideoSample is one picture.
type VideoSample struct {
	Offset, Size   int64
	Decoded, Shown int64 // times of the track; Matroska knows only the second
	Sync           bool  // decoding can start here

	first bool // of its chunk
}

// OpenVideo reads the tables of the track with that number. The error is an
// [ErrTrack] where pictures cannot be replaced, a *[FormatError] where tables are
// broken, or a *[LimitError].
func OpenVideo(src *Source, id uint32) (*Video, error) {
	file, err := BMFF(src)
	if err != nil {
		return nil, err
	}
	f := file.(*bmffFile)
	if err := errors.Join(f.Damage, errors.Join(f.Limits...)); err != nil {
		return nil, err
	}
	v := &Video{data: src.ReaderAt(), file: f, box: map[string]*bmffBox{}}
	if f.moov == nil || f.opaque != nil {
		return nil, fmt.Errorf("%w: no plain moov box", ErrTrack)
	}
	if err := v.media(); err != nil {
		return nil, err
	}
	if err := v.find(src, id); err != nil {
		return nil, err
	}
	return v, v.tables(src)
}

// media lists the mdat boxes.
func (v *Video) media() error {
	src := v.file.src.afresh()
	for b, err := range bmffBoxes(src, nil, 0, src.Size()) {
		switch {
		case err != nil:
			return err
		case b.kind == "moof":
			return fmt.Errorf("%w: it is in fragments", ErrTrack)
		case b.kind == "mdat":
			v.mdats = append(v.mdats, &b)
		}
	}
	return nil
}

// find finds the boxes of the track.
func (v *Video) find(src *Source, id uint32) error {
	for trak, err := range bmffBoxes(src, v.file.moov, v.file.moov.body(), v.file.moov.end()) {
		if err != nil {
			return err
		}
		if trak.kind != "trak" {
			continue
		}
		boxes := map[string]*bmffBox{}
		if err := childBoxes(src, &trak, trak.body(), boxes, "edts", "mdia", "minf", "stbl"); err != nil {
			return err
		}
		number, err := trackNumber(src, boxes["tkhd"])
		if err != nil {
			return err
		}
		if number == id {
			v.box = boxes
			return nil
		}
	}
	return fmt.Errorf("%w: no track %d", ErrTrack, id)
}

// childBoxes adds the boxes in a parent, and in those of some kinds, by kind. Of two
// of a kind the first counts.
func childBoxes(src *Source, parent *bmffBox, from int64, all map[string]*bmffBox, into ...string) error {
	if int64(parent.depth) >= src.Depth {
		return &LimitError{What: "nesting of boxes", Limit: src.Depth}
	}
	for b, err := range bmffBoxes(src, parent, from, parent.end()) {
		if err != nil {
			return err
		}
		if all[b.kind] == nil {
			all[b.kind] = &b
		}
		if !slices.Contains(into, b.kind) {
			continue
		}
		if err := childBoxes(src, &b, b.body(), all, into...); err != nil {
			return err
		}
	}
	return nil
}

func trackNumber(src *Source, tkhd *bmffBox) (uint32, error) {
	if tkhd == nil || tkhd.size < tkhd.header+24 {
		return 0, nil
	}
	h, err := src.Peek(tkhd.body(), 24)
	if err != nil {
		return 0, err
	}
	if h[0] == 1 {
		return binary.BigEndian.Uint32(h[20:]), nil
	}
	return binary.BigEndian.Uint32(h[12:]), nil
}

// tables reads what the boxes of the track say of its pictures.
func (v *Video) tables(src *Source) error {
	for _, kind := range []string{"mdhd", "stsd", "stts", "stsc", "stsz"} {
		if v.box[kind] == nil {
			return fmt.Errorf("%w: no %s box", ErrTrack, kind)
		}
	}
	for _, kind := range []string{"stz2", "senc", "stps"} {
		if v.box[kind] != nil {
			return fmt.Errorf("%w: a %s box", ErrTrack, kind)
		}
	}
	for _, read := range []func(*Source) error{v.entry, v.sizes, v.places, v.times, v.syncs, v.edits} {
		if err := read(src); err != nil {
			return err
		}
	}
	if len(v.Samples) == 0 {
		return fmt.Errorf("%w: no pictures", ErrTrack)
	}
	return nil
}

// configs are the boxes that hold the configuration of a coding.
var configs = map[string]string{
	"avc1": "avcC", "avc3": "avcC", "hvc1": "hvcC", "hev1": "hvcC", "vp08": "vpcC", "vp09": "vpcC", "av01": "av1C", "mp4v": "esds", "s263": "d263",
}

// visualEntry is the length of the fields of a sample entry before its boxes.
const visualEntry = 78

// entry reads the sample entry.
func (v *Video) entry(src *Source) error {
	stsd := v.box["stsd"]
	var entries []bmffBox
	for b, err := range bmffBoxes(src, stsd, stsd.body()+8, stsd.end()) {
		if err != nil {
			return err
		}
		entries = append(entries, b)
	}
	if len(entries) != 1 || entries[0].size < entries[0].header+visualEntry {
		return fmt.Errorf("%w: %d sample entries", ErrTrack, len(entries))
	}
	e := &entries[0]
	v.Coding = e.kind
	kind := configs[e.kind]
	if kind == "" {
		return nil
	}
	boxes := map[string]*bmffBox{}
	if err := childBoxes(src, e, e.body()+visualEntry, boxes); err != nil {
		return err
	}
	c := boxes[kind]
	if c == nil {
		return fmt.Errorf("%w: no %s box", ErrTrack, kind)
	}
	v.box["config"] = c
	var err error
	v.Config, err = src.Bytes(c.body(), c.size-c.header, kind+" box")
	return err
}

// list returns the entries of a table, of which each has a number of bytes, and
// whose count stands at a position of its body. Without the box there are none.
func (v *Video) list(src *Source, kind string, at, stride int64) ([]byte, error) {
	b := v.box[kind]
	if b == nil {
		return nil, nil
	}
	data, err := src.Bytes(b.body(), b.size-b.header, kind+" box")
	if err != nil {
		return nil, err
	}
	r := fields{data: data}
	r.skip(at)
	n := int64(r.uint(4))
	if r.short || n > int64(len(data)-r.pos)/stride {
		return nil, &FormatError{Offset: b.offset, Err: fmt.Errorf("%s box of %d bytes has %d entries", kind, b.size, n)}
	}
	return data[r.pos : int64(r.pos)+n*stride], nil
}

// sizes reads stsz.
func (v *Video) sizes(src *Source) error {
	h, err := src.Peek(v.box["stsz"].body(), int(min(8, v.box["stsz"].size-v.box["stsz"].header)))
	if err != nil {
		return err
	}
	if len(h) < 8 || binary.BigEndian.Uint32(h[4:]) != 0 {
		return fmt.Errorf("%w: all of one size", ErrTrack)
	}
	list, err := v.list(src, "stsz", 8, 4)
	if err != nil {
		return err
	}
	if int64(len(list)/4) > src.Elements {
		return &LimitError{What: "number of pictures", Limit: src.Elements}
	}
	v.Samples = make([]VideoSample, len(list)/4)
	for i := range v.Samples {
		v.Samples[i].Size = int64(binary.BigEndian.Uint32(list[4*i:]))
	}
	return nil
}

// places reads the chunks: stsc with stco or co64.
func (v *Video) places(src *Source) error {
	kind, width := "stco", 4
	if v.box["stco"] == nil {
		kind, width = "co64", 8
	}
	chunks, err := v.list(src, kind, 4, int64(width))
	if err != nil {
		return err
	}
	runs, err := v.list(src, "stsc", 4, 12)
	if err != nil {
		return err
	}
	rest, in := v.Samples, uint64(0)
	c, r := fields{data: chunks}, fields{data: runs}
	next, following := uint64(1), r.uint(4)
	for n := uint64(1); len(rest) > 0 && c.pos < len(chunks); n++ {
		if n == following {
			in, next = r.uint(4), r.uint(4)
			following = r.uint(4)
		}
		off := c.uint(width)
		if next != 1 || off > maxOffset {
			return fmt.Errorf("%w: chunks of another entry, or nowhere", ErrTrack)
		}
		k := min(in, uint64(len(rest)))
		if k > 0 {
			rest[0].first = true
		}
		for i := range rest[:k] {
			rest[i].Offset = int64(off)
			off += uint64(rest[i].Size)
		}
		rest = rest[k:]
	}
	if len(rest) > 0 {
		return &FormatError{Offset: v.box["stsc"].offset, Err: fmt.Errorf("no chunk has the last %d pictures", len(rest))}
	}
	return nil
}

// times reads stts and ctts.
func (v *Video) times(src *Source) error {
	deltas, err := v.list(src, "stts", 4, 8)
	if err != nil {
		return err
	}
	shifts, err := v.list(src, "ctts", 4, 8)
	if err != nil {
		return err
	}
	at := int64(0)
	d, s := runLengths{list: deltas}, runLengths{list: shifts}
	for i := range v.Samples {
		v.Samples[i].Decoded = at
		v.Samples[i].Shown = at + int64(int32(s.next()))
		step := d.next()
		if step > math.MaxInt32 {
			return &FormatError{Offset: v.box["stts"].offset, Err: errors.New("time runs backwards")}
		}
		at += int64(step)
	}
	return nil
}

// runLengths reads a list of counts and values.
type runLengths struct {
	list  []byte
	left  uint32
	value uint32
}

// next returns the value of the next element, 0 past the end.
func (r *runLengths) next() uint32 {
	for r.left == 0 {
		if len(r.list) < 8 {
			return 0
		}
		r.left, r.value = binary.BigEndian.Uint32(r.list), binary.BigEndian.Uint32(r.list[4:])
		r.list = r.list[8:]
	}
	r.left--
	return r.value
}

// syncs reads stss; without it decoding can start at all pictures.
func (v *Video) syncs(src *Source) error {
	list, err := v.list(src, "stss", 4, 4)
	if err != nil {
		return err
	}
	if v.box["stss"] == nil {
		for i := range v.Samples {
			v.Samples[i].Sync = true
		}
	}
	for ; len(list) > 0; list = list[4:] {
		if n := int64(binary.BigEndian.Uint32(list)); n > 0 && n <= int64(len(v.Samples)) {
			v.Samples[n-1].Sync = true
		}
	}
	return nil
}

// edits reads the timescale and the edit list.
func (v *Video) edits(src *Source) error {
	mdhd, err := src.Bytes(v.box["mdhd"].body(), v.box["mdhd"].size-v.box["mdhd"].header, "mdhd box")
	if err != nil {
		return err
	}
	r := fields{data: mdhd}
	version := r.uint(1)
	r.skip(int64(11 + 8*min(version, 1)))
	v.Timescale = int64(r.uint(4))
	if r.short || v.Timescale == 0 {
		return &FormatError{Offset: v.box["mdhd"].offset, Err: errors.New("no timescale")}
	}
	v.Simple = true
	if v.box["elst"] == nil {
		return nil
	}
	return v.editList(src)
}

// editList reads elst: pauses, then one stretch of the track.
func (v *Video) editList(src *Source) error {
	b := v.box["elst"]
	head, err := src.Peek(b.body(), int(min(1, b.size-b.header)))
	if err != nil || len(head) == 0 {
		return err
	}
	width := 4 + 4*int(min(head[0], 1))
	list, err := v.list(src, "elst", 4, int64(2*width+4))
	if err != nil {
		return err
	}
	stretches := 0
	for r := (fields{data: list}); r.pos < len(list); {
		r.skip(int64(width))
		at, rate := int64(r.uint(width)), r.uint(4)
		if width == 4 {
			at = int64(int32(at))
		}
		if at >= 0 {
			v.Start = at
			stretches++
			v.Simple = v.Simple && stretches == 1 && rate == 1<<16
		}
	}
	return nil
}

// A VideoPart is a stretch of pictures to be replaced by as many others.
type VideoPart struct{ From, To, With int } // the first, the one behind the last, and the first of the others

// Replace returns the edits that put pictures of another track, which src holds, in
// place of those of v: the earliest of the part at the time of the earliest, and so
// on. Config configures a decoder for all pictures.
func (v *Video) Replace(with *Video, parts []VideoPart, config []byte) (*splice.Plan, error) {
	samples := slices.Clone(v.Samples)
	for _, part := range parts {
		if part.From < 0 || part.To > len(samples) || part.With < 0 || part.To-part.From > len(with.Samples)-part.With {
			return nil, fmt.Errorf("%w: %d others for a part of %d to %d", ErrTrack, len(with.Samples)-part.With, part.From, part.To)
		}
		retime(samples[part.From:part.To], with.Samples[part.With:])
	}
	if v.mkv != nil {
		return v.mkv.replace(v, with, samples, parts, config)
	}
	return v.file.plan(func() (*bmffPlan, error) {
		p := &bmffPlan{src: v.file.src.afresh(), grown: map[int64]bmffGrowth{}}
		for _, part := range parts {
			if err := v.replaceData(p, with, part); err != nil {
				return nil, err
			}
			v.replaceSizes(p, with, part)
		}
		if c := v.box["config"]; c != nil && !slices.Equal(config, v.Config) {
			p.replace(c, c.body(), c.size-c.header, bytes.NewReader(config))
		}
		v.replaceTable(p, "ctts", shiftTable(samples))
		v.replaceTable(p, "stss", syncTable(samples))
		return p, nil
	})
}

// retime gives samples the times of the part, in the order of time of the others.
func retime(samples, others []VideoSample) {
	times, order := make([]int64, len(samples)), make([]int, len(samples))
	for i, s := range samples {
		times[i], order[i] = s.Shown, i
	}
	slices.Sort(times)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(others[a].Shown, others[b].Shown) })
	for rank, i := range order {
		samples[i].Shown, samples[i].Sync = times[rank], others[i].Sync
	}
}

// replaceData replaces the bytes of pictures, as many at once as stand together in a
// chunk. What is new goes behind what is deleted: so the chunk stays where it started.
func (v *Video) replaceData(p *bmffPlan, with *Video, part VideoPart) error {
	for i := part.From; i < part.To; {
		old, other := v.Samples[i], with.Samples[part.With+i-part.From]
		end, otherEnd := old.Offset, other.Offset
		for ; i < part.To; i++ {
			s, o := v.Samples[i], with.Samples[part.With+i-part.From]
			if s.Offset != end || o.Offset != otherEnd || s.first && end > old.Offset {
				break
			}
			end, otherEnd = end+s.Size, otherEnd+o.Size
		}
		in := v.holds(old.Offset, end)
		if in == nil {
			return &FormatError{Offset: old.Offset, Err: errors.New("pictures outside of the media")}
		}
		p.replace(in, old.Offset, end-old.Offset, nil)
		p.replace(in, end, 0, io.NewSectionReader(with.data, other.Offset, otherEnd-other.Offset))
	}
	return nil
}

// holds returns the mdat box around bytes.
func (v *Video) holds(from, to int64) *bmffBox {
	i := sort.Search(len(v.mdats), func(i int) bool { return v.mdats[i].offset > from }) - 1
	if i < 0 || from < v.mdats[i].body() || to > v.mdats[i].end() {
		return nil
	}
	return v.mdats[i]
}

// replaceSizes changes the entries of stsz, and what sdtp says of the pictures.
func (v *Video) replaceSizes(p *bmffPlan, with *Video, part VideoPart) {
	n := part.To - part.From
	sizes := make([]byte, 0, 4*n)
	for _, s := range with.Samples[part.With : part.With+n] {
		sizes = binary.BigEndian.AppendUint32(sizes, uint32(s.Size))
	}
	b := v.box["stsz"]
	p.replace(b, b.body()+12+int64(4*part.From), int64(len(sizes)), bytes.NewReader(sizes))
	if b := v.box["sdtp"]; b != nil && b.end() >= b.body()+4+int64(part.To) {
		p.replace(b, b.body()+4+int64(part.From), int64(n), bytes.NewReader(make([]byte, n)))
	}
}

// replaceTable replaces the entries of a table of the track, or adds it, or leaves it
// out where body is nil.
func (v *Video) replaceTable(p *bmffPlan, kind string, body []byte) {
	b, stbl := v.box[kind], v.box["stbl"]
	switch {
	case b == nil && body == nil:
	case b == nil:
		p.put(stbl, v.box["stts"].end(), bmffEncode(kind, body))
	case body == nil:
		p.replace(stbl, b.offset, b.size, nil)
	default:
		p.replace(b, b.body(), b.size-b.header, bytes.NewReader(body))
	}
}

// shiftTable returns the body of ctts, nil if all pictures show when they are decoded.
func shiftTable(samples []VideoSample) []byte {
	version, count := uint32(0), uint32(0)
	var runs []byte
	last, plain := int64(math.MinInt64), true
	for _, s := range samples {
		shift := s.Shown - s.Decoded
		plain = plain && shift == 0
		if shift < 0 {
			version = 1 << 24
		}
		if shift != last {
			runs = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(runs, 0), uint32(int32(shift)))
			last = shift
			count++
		}
		n := runs[len(runs)-8:]
		binary.BigEndian.PutUint32(n, binary.BigEndian.Uint32(n)+1)
	}
	if plain {
		return nil
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, version), count)
	return append(head, runs...)
}

// syncTable returns the body of stss, nil if decoding can start at all pictures.
func syncTable(samples []VideoSample) []byte {
	var list []byte
	for i, s := range samples {
		if s.Sync {
			list = binary.BigEndian.AppendUint32(list, uint32(i+1))
		}
	}
	if len(list) == 4*len(samples) {
		return nil
	}
	return append(binary.BigEndian.AppendUint32(make([]byte, 4), uint32(len(list)/4)), list...)
}
