package label

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/c2pa"
	"github.com/aigclabel/aigclabel/metadata/seal"
	"github.com/aigclabel/aigclabel/watermark"
)

// A Labeler puts labels on generated content: the record in the file's metadata
// and, where asked for, a notice that people see. It is configuration: set it up
// once and share it. Its methods are safe for concurrent use as long as its
// fields do not change.
type Labeler struct {
	// Profile says which rules to follow. The zero value is [China].
	Profile Profile

	// Producer is the name or code of the service that generates the content
	// (Annex E d)), required. TC260-PG-20252A defines the codes; see
	// [metadata.ParseProviderCode].
	Producer string

	// Notice, where set, is put into the content. Formats that cannot carry one
	// are refused with [ErrNoNotice].
	Notice *Notice

	// Watermark, where set, is put into the pixels of pictures. That a file cannot have one is
	// no error: its [Layer] in the receipt is not done, and says why. [Formats] says which
	// formats can. They are read back before the first byte is written.
	Watermark *Watermark

	// Signer, where set, signs Content Credentials (C2PA) that say all this, last of all, so
	// that they cover the other labels. Those that a file has become its history. Those of
	// formats without a place for them are in [Receipt].Sidecar. [EU] and [California] need it.
	Signer *c2pa.Signer

	// System names the generator, for credentials and for IPTC's properties. California
	// needs both its name and its version.
	System metadata.System

	// Seal, where set, seals the record: the label, and the media where the format lets
	// them be told. A seal that the file has from before a notice or a watermark holds no
	// longer, so sealed files are labelled again with the same Seal.
	Seal *seal.Sealer

	// Write adjusts how records are written.
	Write metadata.WriteOptions

	// MaxPixels bounds the pictures that a notice or a watermark is put into; 0 stands for
	// 100 million. Larger ones are refused with a *[metadata.LimitError].
	MaxPixels int64

	// FFmpeg is the path of the program ffmpeg, 5.1 or later, with ffprobe beside it:
	// notices in video, and in sound that is not PCM, FLAC or MP3, need both. Empty, they
	// are looked for in PATH. They work on copies in the directory for temporary files,
	// which take up to twice the size of the file, and what they make of it: at most 64
	// times that size, or 1 GiB, of video, and 2 GiB of sound. How long they work only the
	// context limits.
	FFmpeg string

	// Log receives a line for each receipt, if set.
	Log *slog.Logger
}

// An Artifact is what is to be said of one file.
type Artifact struct {
	// ID is the producer's number for the content (Annex E e)). Empty, the file's
	// own from this producer, else a new UUID (version 7); the receipt has it.
	ID string

	// State is what the content is; the zero value is [metadata.Generated].
	State metadata.State

	// Created is when the content was generated; the zero value is now.
	Created time.Time

	// Sidecar holds Content Credentials that are beside the file, for one that carries
	// none: those that hold for it become its history. [Labeler.LabelFile] looks for them.
	Sidecar []byte

	// Progress, if set, is told now and then which part of the work is done, 0 to 1,
	// where that takes long: when video is encoded again. Label waits for it.
	Progress func(done float64)
}

// ErrNoNotice reports content that cannot carry a notice; label it
// without one and show the notice beside it.
var ErrNoNotice = errors.New("label: no notice for this format; label it without one, and show the notice beside the content")

// A Receipt says what was done to one file: keep it, at least six months
// (Measures Art. 9), to answer for a ProduceID. It is plain JSON.
type Receipt struct {
	Time    time.Time `json:"time"` // when the content was generated
	Profile Profile   `json:"profile"`
	metadata.Receipt
	Layers []Layer `json:"layers"` // notice, watermark if one is asked for, record, seal and credentials if asked for

	// Sidecar is the manifest store of a format that has no place for one, to be kept beside
	// the file: [Labeler.LabelFile] writes it there, with ".c2pa" behind the file's name.
	Sidecar []byte `json:"-"`
}

// A Layer is one kind of label, and what became of it.
type Layer struct {
	Name   string `json:"layer"` // "notice", "watermark", "record", "seal" or "credentials"
	Done   bool   `json:"done"`
	Place  string `json:"place,omitempty"`  // where it is
	Reason string `json:"reason,omitempty"` // why it is not there

	// Payload is what a watermark says, the zero value in other layers. Keep it: it leads
	// from a copy without metadata to the receipt.
	Payload watermark.Payload `json:"payload,omitzero"`

	// Manifest is the label of the manifest that was signed, "" in other layers.
	Manifest string `json:"manifest,omitempty"`
}

// defaultPixels bounds the time that a picture takes, some 10 s, and the memory of
// JPEG, some 6 bytes a pixel. PNG is drawn on row by row, TIFF by strips and tiles, BMP in place.
const defaultPixels = 100_000_000

// Label copies src to w with the labels that l asks for. Nothing is written
// before the whole output is planned and its record read back. The errors are
// those of [metadata.Write], [ErrNoNotice], [ErrWording], and that of ctx, which is
// checked at each read and write. A notice that one file cannot have, such as a picture
// that is too small, is no error: its [Layer] in the receipt is not done, and says why.
// Neither is a watermark, as long as the file gets another label.
func (l *Labeler) Label(ctx context.Context, w io.Writer, src metadata.Source, a Artifact) (Receipt, error) {
	var temporary scratch
	defer temporary.close()
	out, receipt, err := l.plan(ctx, src, a, &temporary)
	if err != nil {
		return Receipt{}, err
	}
	if _, err := out.WriteTo(contextWriter{ctx, w}); err != nil {
		return Receipt{}, fmt.Errorf("label: %w", err)
	}
	l.log(ctx, receipt)
	return receipt, nil
}

// plan stacks the layers that l asks for: first what changes the content, last
// the record about it. The output is valid until the scratch is closed.
func (l *Labeler) plan(ctx context.Context, src metadata.Source, a Artifact, s *scratch) (metadata.Output, Receipt, error) {
	if err := ctx.Err(); err != nil {
		return nil, Receipt{}, err
	}
	profile, err := l.profile()
	if err != nil {
		return nil, Receipt{}, err
	}
	format, err := metadata.Detect(src)
	if err != nil {
		return nil, Receipt{}, err
	}
	if a.State == "" {
		a.State = metadata.Generated
	}
	if a.Created.IsZero() {
		a.Created = time.Now()
	}
	src.R = contextReader{ctx, src.R}
	if _, ok := media[format.Name]; l.Notice != nil && !ok {
		return nil, Receipt{}, fmt.Errorf("%w (%s)", ErrNoNotice, format.Name)
	}
	before, err := l.recordBefore(src, a)
	if err != nil {
		return nil, Receipt{}, err
	}
	j := &job{Labeler: l, ctx: ctx, src: src, format: format.Name, state: a.State, scratch: s, mark: l.marking(before.Record), created: a.Created, sidecar: a.Sidecar, progress: a.Progress}
	painted, layers, err := l.planContent(j)
	if err != nil {
		return nil, Receipt{}, err
	}
	stacked := planned(painted)
	stacked.Name = src.Name
	out, written, record, err := l.planRecord(j, stacked, format, before.Record)
	if err != nil {
		return nil, Receipt{}, err
	}
	layers = append(append(layers, record), sealLayers(l.Seal, record, written.Record)...)
	if len(painted.Edits()) > 0 {
		written.Changed, written.Previous = true, before.Previous
		if written.Broken, err = l.signatures(src); err != nil {
			return nil, Receipt{}, err
		}
	}
	receipt := Receipt{Time: a.Created.UTC(), Profile: profile, Receipt: written, Layers: layers}
	if l.Signer != nil {
		out, err = l.planCredentials(j, out, &receipt)
	} else {
		err = breakSidecar(&receipt, src, a.Sidecar, &l.Write)
	}
	if err != nil {
		return nil, Receipt{}, err
	}
	if !slices.ContainsFunc(receipt.Layers, func(l Layer) bool { return l.Done }) {
		return nil, Receipt{}, j.explain(receipt.Layers)
	}
	return out, receipt, nil
}

// planContent returns the file with the notice and the watermark, as far as it gets them.
func (l *Labeler) planContent(j *job) (*splice.Plan, []Layer, error) {
	noticed, notice, err := l.planNotice(j)
	if err != nil || j.mark == nil {
		return noticed, []Layer{notice}, err
	}
	src := j.src
	j.src = planned(noticed)
	marked, err := l.planWatermark(j)
	if err != nil {
		return nil, nil, err
	}
	if len(marked.Edits()) == 0 {
		marked = noticed
	}
	j.src = src
	return marked, []Layer{notice, *j.mark.layer}, nil
}

// recordBefore returns what the record of the file would be without a notice and a
// watermark, or refuses to write it: where all of a file is written anew, the record that
// it has may be gone with the notice in it, and a watermark stands for the record.
func (l *Labeler) recordBefore(src metadata.Source, a Artifact) (metadata.Receipt, error) {
	rec := metadata.Record{Label: a.State, ContentProducer: l.Producer, ProduceID: a.ID}
	if l.Notice == nil && l.Watermark == nil {
		return metadata.Receipt{Record: rec}, nil
	}
	_, receipt, err := metadata.PlanWrite(src, rec, l.writeOptions(a.Created))
	if errors.Is(err, metadata.ErrNoPlace) {
		if l.Watermark != nil && rec.ProduceID == "" { // its tag needs one
			rec.ProduceID = uuid.Must(uuid.NewV7()).String()
		}
		return metadata.Receipt{Record: rec}, nil
	}
	return receipt, err
}

// explain returns the error of a file that gets no label at all.
func (j *job) explain(layers []Layer) error {
	err := j.noPlace
	for _, layer := range layers {
		switch {
		case layer.Name == "notice" && j.Notice != nil:
			err = fmt.Errorf("%w (%s): %w", ErrNoNotice, layer.Reason, err)
		case layer.Name == "watermark", layer.Name == "credentials":
			err = fmt.Errorf("%w; no %s: %s", err, layer.Name, layer.Reason)
		}
	}
	return err
}

// signatures returns the signatures that a notice or a watermark in a file breaks, or refuses to break
// them.
func (l *Labeler) signatures(src metadata.Source) ([]string, error) {
	reading, err := metadata.Read(src, &metadata.ReadOptions{Limits: l.Write.Limits})
	if err != nil {
		return nil, err
	}
	names := reading.Signatures()
	if l.Signer != nil {
		names = slices.DeleteFunc([]string{reading.Signed}, func(name string) bool { return name == "" })
	}
	if len(names) > 0 && l.Write.OnCredentials == metadata.Refuse {
		return nil, fmt.Errorf("%w: %s", metadata.ErrSigned, names[0])
	}
	return names, nil
}

// planNotice returns the file with the notice, or as it is when it gets none.
func (l *Labeler) planNotice(j *job) (*splice.Plan, Layer, error) {
	layer := Layer{Name: "notice", Reason: "not asked for"}
	if l.Notice == nil {
		plan, err := splice.New(j.src.R, j.src.Size, nil)
		return plan, layer, err
	}
	m := media[j.format]
	plan, where, err := m.plan(j)
	if lacking, ok := errors.AsType[missing](err); ok {
		layer.Reason = lacking.reason
		plan, err = splice.New(j.src.R, j.src.Size, nil)
		return plan, layer, err
	}
	return plan, Layer{Name: "notice", Done: err == nil, Place: m.name + " " + where}, err
}

// planRecord returns src with the record. A format without a place for one is as it is:
// its other labels have to do.
func (l *Labeler) planRecord(j *job, src metadata.Source, format metadata.Format, rec metadata.Record) (metadata.Output, metadata.Receipt, Layer, error) {
	layer := Layer{Name: "record"}
	out, receipt, err := metadata.PlanWrite(src, rec, l.writeOptions(j.created))
	if errors.Is(err, metadata.ErrNoPlace) && format.Write == "" {
		j.noPlace = err
		layer.Reason = "the " + format.Name + " format has no place for a record"
		plan, err := splice.New(src.R, src.Size, nil)
		return plan, metadata.Receipt{Format: format.Name, Record: rec, Size: src.Size}, layer, err
	}
	layer.Done, layer.Place = err == nil, receipt.Place
	return out, receipt, layer, err
}

// writeOptions are those of a record, and of what goes beside it.
func (l *Labeler) writeOptions(created time.Time) *metadata.WriteOptions {
	opts := l.Write
	opts.System = cmp.Or(l.System, opts.System)
	opts.Resign = l.Signer != nil
	if l.Seal != nil {
		opts.Seal = l.Seal
	}
	opts.Disclosure, opts.Created = opts.Disclosure || l.Profile == California, cmp.Or(opts.Created, created)
	return &opts
}

func (l *Labeler) log(ctx context.Context, r Receipt) {
	if l.Log != nil {
		l.Log.InfoContext(ctx, "labelled", "format", r.Format, "place", r.Place, "producer", r.Record.ContentProducer, "id", r.Record.ProduceID, "changed", r.Changed)
	}
}

// A contextReader fails once its context is done.
type contextReader struct {
	ctx context.Context
	r   io.ReaderAt
}

func (c contextReader) ReadAt(b []byte, off int64) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.ReadAt(b, off)
}

// A contextWriter fails once its context is done.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}
