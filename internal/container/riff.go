package container

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// RIFF (Microsoft and IBM, Multimedia Programming Interface 1.0): chunks of
// identifier, little-endian size, data and a pad byte to an even length, in an
// outer chunk. RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088) keep sizes above
// 4 GiB in a ds64 chunk.

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
	id       string // RIFF, RF64, BW64 or RIFX
	form     string // WAVE, WEBP, "AVI "...
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
}

func (c riffChunk) data() int64 { return c.offset + chunkOverhead }
func (c riffChunk) end() int64  { return c.offset + c.length }

// RIFFForm returns the form type of a RIFF, RF64, BW64 or RIFX file: "WAVE",
// "WEBP", "AVI ". It is false for any other file.
func RIFFForm(src *Source) (form string, ok bool, err error) {
	h, err := src.Head(riffHeaderSize)
	if err != nil || len(h) < riffHeaderSize {
		return "", false, err
	}
	switch string(h[:4]) {
	case "RIFF", "RF64", "BW64", "RIFX":
		return string(h[8:]), true, nil
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
	r := &riff{src: src, id: string(h[:4]), form: string(h[8:]), size: int64(binary.LittleEndian.Uint32(h[4:])), end: src.Size()}
	switch r.id {
	case "RIFX":
		return nil, &FormatError{Offset: 0, Err: errors.New("big-endian RIFX is not supported")}
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
			l.damage(pos, "RIFF chunk header: %w", errTruncated)
			return nil
		}
		h, err := r.src.Peek(pos, chunkOverhead)
		if err != nil {
			return err
		}
		c := riffChunk{id: string(h[:4]), offset: pos, size: int64(binary.LittleEndian.Uint32(h[4:]))}
		if n, ok := r.sizes[c.id]; ok && c.size == riffUnknown {
			c.size = n
		}
		switch {
		case c.id == "data" && r.unknown(c.size, end-c.data()), c.id == "LIST" && c.size == riffUnknown && r.streamed:
			r.open = true
			c.size = end - c.data()
		case c.size > end-c.data():
			l.damage(pos, "RIFF %s chunk reaches past what holds it", printable(c.id))
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

// unknown reports whether size, of a data chunk with so much room, was never
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
	return []splice.Edit{chunkSize(0, size)}, nil
}

// resize returns the edits of the chunk's own size and pad byte when its data
// grows by delta.
func (c riffChunk) resize(delta int64) ([]splice.Edit, error) {
	size := c.size + delta
	if size > riffMaxSize {
		return nil, &LimitError{What: "size of the RIFF " + printable(c.id) + " chunk", Limit: riffMaxSize}
	}
	edits := []splice.Edit{chunkSize(c.offset, size)}
	pad := splice.Edit{Offset: c.data() + c.size, Delete: c.end() - c.data() - c.size}
	if size&1 == 1 {
		pad.Insert = bytes.NewReader([]byte{0})
	}
	return append(edits, pad), nil
}

// chunkSize returns the edit of the size of the chunk at off.
func chunkSize(off, size int64) splice.Edit {
	b := binary.LittleEndian.AppendUint32(nil, uint32(size))
	return splice.Edit{Offset: off + 4, Delete: 4, Insert: bytes.NewReader(b)}
}

// encodeChunk returns a whole chunk.
func encodeChunk(id string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(data)))
	return append(append(b, data...), make([]byte, len(data)&1)...)
}

// appendChunk returns the edit that adds a chunk at the end, after the pad byte
// that the last one may lack.
func (r *riff) appendChunk(id string, data []byte) splice.Edit {
	b := append(make([]byte, r.end&1), encodeChunk(id, data)...)
	return splice.Edit{Offset: r.end, Insert: bytes.NewReader(b)}
}
