package container

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// RIFF (Microsoft and IBM, Multimedia Programming Interface 1.0): chunks of
// identifier, little-endian size, data and a pad byte to an even length, in an
// outer chunk. RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088) keep sizes above
// 4 GiB in a ds64 chunk. RIFX, and the older FORM of EA IFF 85, have the same
// chunks with big-endian sizes.

const (
	riffHeaderSize = 12 // identifier, size and form of the outer chunk
	chunkOverhead  = 8  // identifier and size
	riffMaxSize    = 1<<32 - 2
	ds64Data       = riffHeaderSize + chunkOverhead
	ds64Size       = 28 // without its table
	ds64MaxTable   = 1 << 10
)

// riffUnknown is the size that ffmpeg and others leave in files which they could
// not seek in.
const riffUnknown = 0xFFFFFFFF

// unfilled reports whether size stands for one that was to be filled in later:
// the largest one or 2 GiB, less headers or more, in rounder numbers (GStreamer
// 0x7FFF0000, SoX and eSpeak 0x7FFFF000, arecord 0x80000000).
func unfilled(size int64) bool {
	const headers = 64 << 10
	return size > riffUnknown-headers && size <= riffUnknown || size >= 1<<31-headers && size < 1<<31+headers
}

// A riff is the outer chunk of a file.
type riff struct {
	src      *Source
	id       string // RIFF, RF64, BW64, RIFX or FORM
	form     string // WAVE, WEBP, "AVI "...
	media    string // the chunk that may have no size
	big      bool   // sizes are big-endian
	end      int64  // of the chunks
	size     int64  // as stated, of what follows it
	streamed bool   // the size is not known: the chunks run to the end of the file
	open     bool   // the chunk of the media has no size and takes all the rest
	wide     bool   // the size stands in ds64
	sizes    map[string]int64
}

// A riffChunk is a chunk in the outer one, or in a list.
type riffChunk struct {
	id     string
	offset int64
	size   int64 // of the data, as far as the file goes
	length int64 // of the whole chunk, with its pad byte if it is there
	big    bool  // the size is big-endian
}

func (c riffChunk) data() int64 { return c.offset + chunkOverhead }
func (c riffChunk) end() int64  { return c.offset + c.length }

// storeSlot returns the slot of a chunk that is a C2PA manifest store (C2PA 2.1,
// annex A). Its pad byte is not of its frame: the reference implementation hashes it.
func (c riffChunk) storeSlot(place string, guide bool) Slot {
	return Slot{Kind: C2PA, Place: place, Guide: guide, Ranges: []Range{{c.data(), c.size}}, Frame: []Range{{c.offset, chunkOverhead + c.size}}}
}

// RIFFForm returns the form type of a RIFF, RF64, BW64 or RIFX file, "WAVE",
// "WEBP", "AVI ", or of a FORM of sound, "AIFF" or "AIFC". It is false for any
// other file.
func RIFFForm(src *Source) (form string, ok bool, err error) {
	h, err := src.Head(riffHeaderSize)
	if err != nil || len(h) < riffHeaderSize {
		return "", false, err
	}
	switch string(h[:4]) {
	case "RIFF", "RF64", "BW64", "RIFX":
		return string(h[8:]), true, nil
	case "FORM":
		form = string(h[8:])
		return form, form == "AIFF" || form == "AIFC", nil
	}
	return "", false, nil
}

// readRIFF reads the header of the outer chunk and ds64. What follows the outer
// chunk is no part of it.
func (l *Layout) readRIFF(src *Source) (*riff, error) {
	h, err := src.Peek(0, riffHeaderSize)
	if err != nil {
		return nil, err
	}
	r := &riff{src: src, id: string(h[:4]), form: string(h[8:]), media: "data", end: src.Size()}
	r.big = r.id == "RIFX" || r.id == "FORM"
	r.size = chunkSize(h, r.big)
	switch r.id {
	case "FORM":
		r.media = "SSND"
	case "RF64", "BW64":
		if err := r.readDS64(); err != nil {
			return nil, err
		}
	}
	switch {
	case r.size == 0 || r.size == riffUnknown || r.size > src.Size() && unfilled(r.size):
		r.streamed = true
	case r.size > src.Size(): // some count the header too; a cut shows in the last chunk
		l.damage(src.Size(), "RIFF chunk: %w", errTruncated)
	default:
		r.end = min(chunkOverhead+r.size, src.Size())
		l.End = r.end
	}
	return r, nil
}

// checkSize looks for a cut that no chunk shows: of the last pad byte.
func (r *riff) checkSize(l *Layout) {
	size := r.src.Size()
	if !r.streamed && r.size > size-chunkOverhead && r.size != size { // some count the header too
		l.damage(size, "RIFF chunk: %w", errTruncated)
	}
}

// readDS64 takes the sizes from the ds64 chunk, which must be the first.
func (r *riff) readDS64() error {
	h, err := r.src.Peek(riffHeaderSize, chunkOverhead)
	if err != nil || string(h[:4]) != "ds64" {
		return err
	}
	if h, err = r.src.Peek(ds64Data, ds64Size); err != nil {
		return err
	}
	if r.size == riffUnknown {
		r.wide = true
		r.size = clampSize(binary.LittleEndian.Uint64(h))
	}
	r.sizes = map[string]int64{"data": clampSize(binary.LittleEndian.Uint64(h[8:]))}
	pos := int64(ds64Data + ds64Size)
	for range min(binary.LittleEndian.Uint32(h[24:]), ds64MaxTable) {
		if err := r.src.Element(); err != nil {
			return err
		}
		e, err := r.src.Peek(pos, 12)
		if err != nil {
			return err
		}
		r.sizes[string(e[:4])] = clampSize(binary.LittleEndian.Uint64(e[4:]))
		pos += 12
	}
	return nil
}

// clampSize makes a size comparable: no file reaches 1<<62 bytes.
func clampSize(n uint64) int64 { return int64(min(n, 1<<62)) }

// chunks calls visit for each chunk from pos to end. A chunk that reaches past
// end is damage, and is visited with what the file has of it.
func (r *riff) chunks(l *Layout, pos, end int64, visit func(riffChunk) error) error {
	top := pos == riffHeaderSize
	for pos < end {
		if err := r.src.Element(); err != nil {
			return err
		}
		if end-pos < chunkOverhead {
			l.damage(pos, "chunk header: %w", errTruncated)
			return nil
		}
		h, err := r.src.Peek(pos, chunkOverhead)
		if err != nil {
			return err
		}
		c := riffChunk{id: string(h[:4]), offset: pos, size: chunkSize(h, r.big), big: r.big}
		if n, ok := r.sizes[c.id]; ok && c.size == riffUnknown {
			c.size = n
		}
		switch {
		case c.id == r.media && r.unknown(c.size, end-c.data()), c.id == "LIST" && c.size == riffUnknown && r.streamed:
			r.open = true
			c.size = end - c.data()
		case c.size > end-c.data():
			l.damage(pos, "%s chunk reaches past what holds it", printable(c.id))
			if top { // then the outer size is wrong too
				end = r.src.Size()
				r.end = end
			}
			c.size = min(c.size, end-c.data())
		}
		c.length = min(chunkOverhead+c.size+c.size&1, end-pos)
		if err := l.fail(pos, visit(c)); err != nil {
			return err
		}
		pos += c.length
	}
	return nil
}

// unknown reports whether size, of a media chunk with so much room, was never
// filled in.
func (r *riff) unknown(size, room int64) bool {
	return size == 0 && r.streamed || size == riffUnknown || size > room && unfilled(size)
}

// resize returns the edit of the outer size. A size that is not known stays so.
func (r *riff) resize(delta int64) ([]splice.Edit, error) {
	size := r.end - chunkOverhead + delta
	switch {
	case delta == 0 || r.streamed:
		return nil, nil
	case r.wide:
		b := binary.LittleEndian.AppendUint64(nil, uint64(size))
		return []splice.Edit{{Offset: ds64Data, Delete: 8, Insert: bytes.NewReader(b)}}, nil
	case size > riffMaxSize:
		return nil, &LimitError{What: "size of the RIFF file", Limit: riffMaxSize}
	}
	return []splice.Edit{riffChunk{big: r.big}.state(size)}, nil
}

// resize returns the edits of the chunk's own size and pad byte when its data
// grows by delta.
func (c riffChunk) resize(delta int64) ([]splice.Edit, error) {
	size := c.size + delta
	if size > riffMaxSize {
		return nil, &LimitError{What: "size of the " + printable(c.id) + " chunk", Limit: riffMaxSize}
	}
	return []splice.Edit{c.state(size), c.repad(delta)}, nil
}

// repad returns the edit of the chunk's pad byte when its data grows by delta.
func (c riffChunk) repad(delta int64) splice.Edit {
	pad := splice.Edit{Offset: c.data() + c.size, Delete: c.end() - c.data() - c.size}
	if (c.size+delta)&1 == 1 {
		pad.Insert = bytes.NewReader([]byte{0})
	}
	return pad
}

// chunkSize returns the size that the header h of a chunk states.
func chunkSize(h []byte, big bool) int64 {
	if big {
		return int64(binary.BigEndian.Uint32(h[4:]))
	}
	return int64(binary.LittleEndian.Uint32(h[4:]))
}

// state returns the edit that makes the chunk's header state another size.
func (c riffChunk) state(size int64) splice.Edit {
	return splice.Edit{Offset: c.offset + 4, Delete: 4, Insert: bytes.NewReader(c.appendSize(nil, size))}
}

func (c riffChunk) appendSize(b []byte, size int64) []byte {
	if c.big {
		return binary.BigEndian.AppendUint32(b, uint32(size))
	}
	return binary.LittleEndian.AppendUint32(b, uint32(size))
}

// encode returns a whole chunk like c with other data.
func (c riffChunk) encode(data []byte) []byte {
	b := c.appendSize([]byte(c.id), int64(len(data)))
	return append(append(b, data...), make([]byte, len(data)&1)...)
}

// encodeChunk returns a whole little-endian chunk.
func encodeChunk(id string, data []byte) []byte { return riffChunk{id: id}.encode(data) }

// padding returns the edit that adds the pad byte that the last chunk lacks,
// before chunks that are added behind it, unless one of the edits is of its end.
func (r *riff) padding(edits []splice.Edit) []splice.Edit {
	if r.end&1 == 0 || slices.ContainsFunc(edits, func(e splice.Edit) bool { return e.Offset+e.Delete == r.end }) {
		return nil
	}
	return []splice.Edit{{Offset: r.end, Insert: bytes.NewReader([]byte{0})}}
}

// appendChunk adds the edits that add a chunk at the end to the edits of the
// chunks that are there.
func (r *riff) appendChunk(edits []splice.Edit, id string, data []byte) []splice.Edit {
	b := riffChunk{id: id, big: r.big}.encode(data)
	return append(append(edits, r.padding(edits)...), splice.Edit{Offset: r.end, Insert: bytes.NewReader(b)})
}
