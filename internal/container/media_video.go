package container

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// What of video is content: samples, and the tables that say what they are. Positions
// in the file are none, so that media may move.

var errNoPage = errors.New("no Ogg page")

// bmffSkip says how many bytes of the body of a box are no content: dates.
func bmffSkip(kind string, version byte) int64 {
	switch {
	case kind != "mvhd" && kind != "tkhd" && kind != "mdhd":
		return 0
	case version == 0:
		return 4 + 2*4
	}
	return 4 + 2*8
}

// bmffMedia yields the boxes of tracks but for those with positions and user data, then
// fragments and media data (ISO/IEC 14496-12, clause 8): the movie may stand before or behind
// the media.
func bmffMedia(src *Source, yield func(...Range) bool) error {
	m := &bmffMediaWalk{src: src, yield: yield}
	for _, movie := range []bool{true, false} {
		for b, err := range bmffBoxes(src, nil, 0, src.Size()) {
			if err == nil && (b.kind == "moov") == movie {
				err = m.box(b)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

type bmffMediaWalk struct {
	src   *Source
	yield func(...Range) bool
}

func (m *bmffMediaWalk) boxes(parent *bmffBox, from, to int64) error {
	if int64(parent.depth) >= m.src.Depth {
		return &LimitError{What: "nesting of boxes", Limit: m.src.Depth}
	}
	for b, err := range bmffBoxes(m.src, parent, from, to) {
		if err == nil {
			err = m.box(b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *bmffMediaWalk) box(b bmffBox) error {
	switch b.kind {
	case "moov", "trak", "mdia", "minf", "stbl", "edts", "mvex", "moof", "traf":
		return m.boxes(&b, b.body(), b.end())
	case "mvhd", "tkhd", "mdhd":
		h, err := m.src.Peek(b.body(), int(min(1, b.size-b.header)))
		if err != nil || len(h) == 0 {
			return err
		}
		if skip := bmffSkip(b.kind, h[0]); skip <= b.size-b.header {
			m.yield(Range{b.body() + skip, b.size - b.header - skip})
		}
	case "mdat", "imda", "vmhd", "smhd", "elst", "stsd", "stts", "ctts", "cslg", "stss", "stsz", "stz2", "stsc", "sdtp", "trex", "tfdt", "trun":
		m.yield(Range{b.body(), b.size - b.header})
	}
	return nil
}

// Elements of Matroska that are no content of a Segment or of a Cluster.
var mkvNoMedia = []uint32{
	idSeekHead, idInfo, idTags, idCues, idVoid, idCRC, idPosition,
	0xAB,       // PrevSize
	0x1043A770, // Chapters
	0x1941A469, // Attachments
}

// mkvMedia yields the tracks, and what is in Clusters: times and blocks.
func mkvMedia(src *Source, yield func(...Range) bool) error {
	file, err := Matroska(src)
	if err = cmp.Or(err, file.Summary().whole()); err != nil {
		return err
	}
	m := &mkvMediaWalk{src: src, yield: yield}
	for _, s := range file.(*mkvFile).segments {
		var l Layout
		whole := &mkvSegment{ebmlElement: s.ebmlElement}
		if _, err := whole.children(src, &l, false, m.child); err != nil {
			return err
		}
		if err := l.whole(); err != nil {
			return err
		}
	}
	return nil
}

type mkvMediaWalk struct {
	src   *Source
	yield func(...Range) bool
}

// child yields a child of a Segment. Those of a Cluster without size come as its siblings.
func (m *mkvMediaWalk) child(e ebmlElement) error {
	switch {
	case slices.Contains(mkvNoMedia, e.id):
	case e.id != idCluster:
		m.yield(Range{e.offset, e.length()})
	case !e.open:
		for pos := e.body(); pos < e.end(); {
			c, err := ebmlAt(m.src, pos, e.end())
			if err == nil {
				err = c.past(e.end())
			}
			if err != nil {
				return err
			}
			if !slices.Contains(mkvNoMedia, c.id) {
				m.yield(Range{c.offset, c.length()})
			}
			pos = c.end()
		}
	}
	return nil
}

// flvMedia yields the tags of sound and pictures.
func flvMedia(src *Source, yield func(...Range) bool) error {
	h, err := src.Peek(0, flvHeaderSize)
	if err != nil {
		return err
	}
	f := &flvFile{src: src}
	for pos := max(int64(readUint(h[5:])), flvHeaderSize) + flvSizeField; pos < src.Size(); {
		t, err := f.tag(pos)
		if err != nil {
			return err
		}
		if t.kind != flvScriptTag && !yield(Range{t.offset, t.end() - t.offset}) {
			return nil
		}
		pos = t.end() + flvSizeField
	}
	return nil
}

// aviMedia yields the headers of streams and the chunks of the media. Indexes are
// positions.
func aviMedia(src *Source, yield func(...Range) bool) error {
	var l Layout
	r, err := l.readRIFF(src)
	if err != nil {
		return err
	}
	m := &aviMediaWalk{riff: r, layout: &l, yield: yield}
	err = r.chunks(&l, riffHeaderSize, r.end, m.chunk)
	for pos := r.end; err == nil && src.Size()-pos >= riffHeaderSize && l.Damage == nil; {
		var h []byte
		if h, err = src.Peek(pos, riffHeaderSize); err != nil || string(h[:4]) != "RIFF" || string(h[8:]) != "AVIX" {
			break
		}
		if err = src.Element(); err != nil {
			break
		}
		end := min(pos+chunkOverhead+chunkSize(h, false), src.Size())
		err = r.chunks(&l, pos+riffHeaderSize, end, m.chunk)
		pos = end + (end-pos)&1
	}
	return cmp.Or(err, l.whole())
}

type aviMediaWalk struct {
	riff   *riff
	layout *Layout
	yield  func(...Range) bool
	depth  int64
}

func (m *aviMediaWalk) chunk(c riffChunk) error {
	switch {
	case c.id == "JUNK" || c.id == "idx1" || c.id == "indx" || strings.HasPrefix(c.id, "ix"):
	case c.id == "LIST" && c.size >= 4:
		return m.list(c)
	case m.depth > 0:
		m.yield(Range{c.offset, chunkOverhead + c.size})
	}
	return nil
}

// list walks the lists of headers and media.
func (m *aviMediaWalk) list(c riffChunk) error {
	form, err := m.riff.src.Peek(c.data(), 4)
	if err != nil || !slices.Contains([]string{"hdrl", "strl", "movi", "rec "}, string(form)) {
		return err
	}
	if m.depth >= m.riff.src.Depth {
		return &LimitError{What: "nesting of lists", Limit: m.riff.src.Depth}
	}
	m.depth++
	err = m.riff.chunks(m.layout, c.data()+4, c.data()+c.size, m.chunk)
	m.depth--
	return err
}

// asfStream is the GUID of the Stream Properties object.
const asfStream = "\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65"

// asfMedia yields the properties of streams, and the packets of the data object.
func asfMedia(src *Source, yield func(...Range) bool) error {
	file, err := ASF(src)
	if err = cmp.Or(err, file.Summary().whole()); err != nil {
		return err
	}
	f := file.(*asfFile)
	visit := func(o asfObject) error {
		const head = asfOverhead + 16 + 8 + 2 // of the data object, with the file's GUID
		switch {
		case o.id == asfStream:
			yield(Range{o.offset, o.size})
		case o.id == asfData && o.size >= head:
			yield(Range{o.offset + head, o.size - head})
		}
		return nil
	}
	if err := f.objects(asfHeaderSize, f.header.end(), visit); err != nil {
		return err
	}
	return cmp.Or(f.objects(f.header.end(), src.Size(), visit), f.whole())
}
