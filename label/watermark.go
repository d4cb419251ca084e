package label

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/watermark"
)

// A Watermark is a label that nobody sees, in the pixels of a picture. It stays there when
// the file loses its metadata, and is found again in copies that were compressed, scaled,
// turned or cut; see package watermark for what it survives. The zero value is the [Tag] of
// the record under the open key.
//
// A picture that carries the same payload under the same key already is not marked again.
// One that carries another payload is not either, and the receipt says so: it would have two
// identities, and nobody could tell which of them a copy shows. To give a picture another
// ProduceID, label the file without its watermark. Those under other keys do not matter.
type Watermark struct {
	// Key decides who finds the watermark. The zero value is [watermark.OpenKey]: everybody
	// finds and reads it, and can imitate it.
	Key watermark.Key

	// Wide takes the [WideTag], of 128 bits: no two of all records have the same, but the
	// mark bears less.
	Wide bool

	// Payload is what the watermark says; the zero value is the tag of the record.
	Payload watermark.Payload

	// Image says how strong it is in pictures.
	Image watermark.ImageOptions
}

// key returns the key that is used.
func (w *Watermark) key() watermark.Key { return cmp.Or(w.Key, watermark.OpenKey) }

// payload returns what the watermark of a file with a record says.
func (w *Watermark) payload(rec metadata.Record) watermark.Payload {
	switch {
	case w.Payload != watermark.Payload{}:
		return w.Payload
	case w.Wide:
		return WideTag(rec)
	}
	return Tag(rec)
}

// Tag returns 64 bits that stand for a record, as the payload of a watermark: a hash of
// ContentProducer and ProduceID, the two fields that no platform changes. So a platform
// sees whether watermark and record belong together, and a service finds the receipt of a
// picture without metadata, if it keeps receipts by the tags that they state.
// Among five million records two have the same tag once in a million times; see [WideTag].
//
// It is the start of the SHA-256 of "aigclabel watermark tag 1", a zero byte, and of each
// field the length in bytes, as a big-endian number of 64 bits, and the value. A record
// that lacks one of them has no tag, which is the zero value.
func Tag(rec metadata.Record) watermark.Payload { return tag(rec, 8) }

// WideTag is [Tag] of 128 bits, the first 64 of which are those of the other.
func WideTag(rec metadata.Record) watermark.Payload { return tag(rec, 16) }

func tag(rec metadata.Record, size int) watermark.Payload {
	if rec.ContentProducer == "" || rec.ProduceID == "" {
		return watermark.Payload{}
	}
	h := sha256.New()
	io.WriteString(h, "aigclabel watermark tag 1\x00")
	for _, field := range []string{rec.ContentProducer, rec.ProduceID} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		io.WriteString(h, field)
	}
	p, _ := watermark.NewPayload(h.Sum(nil)[:size]) // of a size that payloads have
	return p
}

// A marking is the watermark that one file gets.
type marking struct {
	*Watermark
	payload watermark.Payload
	layer   *Layer // what became of it; nil before anything did
}

// marking returns the watermark for a file with a record, nil if none is asked for.
func (l *Labeler) marking(rec metadata.Record) *marking {
	if l.Watermark == nil {
		return nil
	}
	return &marking{Watermark: l.Watermark, payload: l.Watermark.payload(rec)}
}

// done notes that the watermark is in the picture.
func (m *marking) done(how string) {
	place := "picture"
	if m.key() == watermark.OpenKey {
		place += ", open key"
	}
	m.layer = &Layer{Name: "watermark", Done: true, Place: place + how, Payload: m.payload}
}

// lacks notes why there is none.
func (m *marking) lacks(reason string) { m.layer = &Layer{Name: "watermark", Reason: reason} }

// A marker returns the file of a job with its watermark, and how it was put in.
type marker func(*job) (plan *splice.Plan, how string, err error)

// markers are the formats that carry a watermark.
var markers = map[string]marker{
	"png":  inRows(openPNG),
	"jpeg": inRows(openJPEG),
	"bmp":  inRows(openBMP),
	"tiff": inRows(openTIFF),
	"webp": markWebP,
	"heic": markHEIF(heicCoder),
	"avif": markHEIF(avifCoder),
}

func inRows(open canvasOpener) marker {
	return func(j *job) (*splice.Plan, string, error) {
		plan, err := j.mark.plan(open, j.src, j.pixels())
		return plan, "", err
	}
}

// planWatermark returns the file of a job with the watermark, or as it is when it gets
// none or has it already.
func (l *Labeler) planWatermark(j *job) (*splice.Plan, error) {
	if j.mark == nil || j.mark.layer != nil { // went in with the notice
		return splice.New(j.src.R, j.src.Size, nil)
	}
	mark := markers[j.format]
	if mark == nil {
		j.mark.lacks("no watermarks in the format " + j.format)
		return splice.New(j.src.R, j.src.Size, nil)
	}
	plan, how, err := mark(j)
	if lacking, ok := errors.AsType[missing](err); ok {
		j.mark.lacks(lacking.reason)
		return splice.New(j.src.R, j.src.Size, nil)
	}
	if err == nil {
		j.mark.done(how)
	}
	return plan, err
}

// residual returns what a picture lacks to carry the watermark, nil if it carries it.
func (m *marking) residual(size view, scan func(do func(row []float32)) error) (*watermark.Residual, error) {
	if size.tiny() {
		return nil, errTiny
	}
	grid := watermark.NewGrid(size.w, size.h)
	if err := scan(grid.AddRow); err != nil {
		return nil, err
	}
	found := grid.Detect(m.key()).Found
	switch {
	case slices.ContainsFunc(found, m.is):
		return nil, nil
	case len(found) > 0:
		return nil, missing{fmt.Sprintf("the picture carries another watermark under this key, %s; label the original", found[0].Payload)}
	}
	r, err := grid.Residual(m.payload, m.key(), &m.Image)
	if errors.Is(err, watermark.ErrTooSmall) {
		return nil, errTiny
	}
	if err != nil {
		return nil, fmt.Errorf("label: %w", err)
	}
	return r, nil
}

// in reports whether a picture carries the watermark.
func (m *marking) in(grid *watermark.Grid) bool {
	return slices.ContainsFunc(grid.Detect(m.key()).Found, m.is)
}

func (m *marking) is(d watermark.Detection) bool { return d.Payload == m.payload }
