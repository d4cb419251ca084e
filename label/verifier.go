package label

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"path"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/c2pa"
	"github.com/aigclabel/aigclabel/metadata/seal"
	"github.com/aigclabel/aigclabel/watermark"
)

// A Verifier examines the labels of files. The zero value is ready for use. Its
// methods are safe for concurrent use as long as its fields do not change.
type Verifier struct {
	// Profile says which checks must not fail. The zero value is [China].
	Profile Profile

	// Limits bound what a file may claim; see the table there.
	Limits metadata.Limits

	// Keys are those whose watermarks are looked for in pictures, the surest sign that is
	// left of a copy. Without keys nothing is; [watermark.OpenKey] finds what anybody can make.
	// A file that its metadata confirms is not searched, unless Deep asks for all layers.
	Keys []watermark.Key

	// Trust says whose credentials are trusted. Without it those that hold are valid, not
	// trusted. They are validated wherever a file has some, which reads all of it.
	Trust *c2pa.Trust

	// SealKeys are the public keys of producers and platforms whose seals prove who sealed:
	// see [seal.ParsePublicKeys]. A seal under another key proves integrity, for which
	// a report warns where there are SealKeys. Media that a seal binds are read and hashed.
	SealKeys []crypto.PublicKey

	// Deep looks into the pictures and the sound of every file, as [Upload].Deep does
	// for one.
	Deep bool

	// MaxPixels bounds the pictures that are looked into; 0 stands for 100 million.
	// Larger ones are not, which is a limit in the report.
	MaxPixels int64

	// Log receives a line for each report, if set.
	Log *slog.Logger
}

// An Upload is what a platform knows of one file beside its bytes; nil is fine.
type Upload struct {
	// Declared says that the uploader declares the content generated (Measures
	// Art. 6 (2)).
	Declared bool

	// Deep asks for all layers: notices that this module draws on pictures or puts into
	// sound are looked for in the pixels and samples, which costs as much as to show
	// the picture. Pictures are PNG, JPEG, GIF, WebP, BMP and TIFF, of
	// which the first frame or page is looked at. With [Verifier].Keys, watermarks are
	// looked for in all of them. A notice is seen after JPEG at quality 50,
	// and in copies of half the size. Sounds are WAV, AIFF, FLAC and MP3, at their start
	// and end.
	Deep bool

	// Sidecar holds Content Credentials that are beside the file (media type
	// application/c2pa), for files that carry none. [Verifier.VerifyFile] and [Verifier.FS]
	// look for them in the file of the same name with ".c2pa" behind it, or in place of its
	// extension.
	Sidecar []byte
}

// Verify examines src. It reads metadata, and the head and tail of texts and
// documents; it decodes pictures and sounds only if asked to, see [Upload].Deep, and
// pictures where there are Keys. The report is never nil: beside an error,
// which means that the file could not be examined ([metadata.ErrUnknownFormat],
// an I/O error, that of ctx), it says what was seen so far. Whatever is wrong
// with a label is in the report.
func (v *Verifier) Verify(ctx context.Context, src metadata.Source, up *Upload) (*Report, error) {
	if up == nil {
		up = &Upload{}
	}
	return v.verify(ctx, src, up, func() ([]byte, error) { return up.Sidecar, nil })
}

// verify is [Verifier.Verify] of a file whose credentials may be beside it.
func (v *Verifier) verify(ctx context.Context, src metadata.Source, up *Upload, sidecar func() ([]byte, error)) (*Report, error) {
	report := v.report(src.Name)
	err := ctx.Err()
	if err == nil {
		src.R = contextReader{ctx, src.R}
		err = v.examine(report, src, v.Deep || up.Deep, sidecar)
	}
	if up.Declared {
		report.raise(Possible)
	}
	report.Notice = report.Verdict.Notice("zh-Hans")
	if err != nil {
		report.Error = err.Error()
	}
	if v.Log != nil {
		v.Log.InfoContext(ctx, "verified", "file", report.File, "format", report.Format, "verdict", report.Verdict, "failed", len(report.Failed()), "error", report.Error)
	}
	return report, err
}

// report returns an empty report. Its lists are empty, not null, in JSON.
func (v *Verifier) report(name string) *Report {
	return &Report{
		Schema: 1, File: name, Verdict: None, profile: v.Profile,
		Sites: []metadata.Site{}, Seals: []seal.Result{}, Watermarks: []FoundWatermark{}, Notices: []FoundNotice{}, Traces: []metadata.Trace{}, Checks: make([]Check, 0, 22), // as many as there are
	}
}

// failed is the report on a file that could not be opened.
func (v *Verifier) failed(name string, err error) *Report {
	r := v.report(name)
	r.Error = err.Error()
	return r
}

// examine fills the report with what the file says.
func (v *Verifier) examine(report *Report, src metadata.Source, deep bool, sidecar func() ([]byte, error)) error {
	shared := container.Share(src.R, src.Size) // what Read takes apart, the finder has
	defer shared.Release()
	reading, err := metadata.Read(metadata.Source{R: shared, Size: src.Size, Name: src.Name}, &metadata.ReadOptions{Limits: v.Limits})
	if reading == nil {
		return err
	}
	report.Format, report.Record = reading.Format.Name, reading.Record
	if len(reading.Sites) > 0 {
		report.Sites = reading.Sites
	}
	for _, site := range reading.Sites {
		report.raise(siteVerdict(site))
	}
	credentialErr := v.examineCredentials(report, metadata.Source{R: shared, Size: src.Size, Name: src.Name}, sidecar)
	for _, trace := range reading.Traces() {
		report.Traces = append(report.Traces, trace)
		report.raise(Suspected)
	}
	look := func(src metadata.Source) (string, error) {
		src.R = shared
		return report.lookForNotices(src)
	}
	if deepFinders[report.Format] != nil && finders[report.Format] == nil {
		look = func(metadata.Source) (string, error) { return "not looked for in pixels and samples without Deep", nil }
		if deep {
			look = v.lookDeep(report)
		}
	}
	unseen, noticeErr := look(src)
	if reading.Encrypted && len(report.Notices) == 0 {
		unseen = "not looked for in an encrypted file"
	}
	unmarked, markErr := v.lookForWatermarks(report, src, deep || v.Profile.wants(checkWatermark))
	var sealErr error
	report.Seals, sealErr = v.verifySeals(report.Record, metadata.Source{R: shared, Size: src.Size, Name: src.Name})
	for _, failed := range []error{credentialErr, noticeErr, markErr, sealErr} {
		if limit, ok := errors.AsType[*metadata.LimitError](failed); ok {
			reading.Limits = append(reading.Limits, limit)
		} else if err == nil {
			err = failed
		}
	}
	c := check{reading, report}
	c.container()
	c.unambiguous()
	c.record()
	if report.Record != nil {
		c.seal(len(v.SealKeys) > 0)
	}
	c.sites()
	c.sourceType()
	c.notice(unseen)
	c.watermark(unmarked)
	c.credentials(v.Trust)
	c.disclosure()
	return err
}

// lookForNotices lists the notices of a text. Where it does not look, unseen says why.
func (r *Report) lookForNotices(src metadata.Source) (unseen string, err error) {
	find := finders[r.Format]
	if find == nil {
		return "not looked for in this format", nil
	}
	found, err := find(src)
	for _, n := range found {
		r.Notices = append(r.Notices, FoundNotice{Text: n.Text, Place: n.Place, Rule: "GB 45438-2025 5.1"})
		r.raise(Suspected)
	}
	switch _, damaged := errors.AsType[*metadata.FormatError](err); {
	case errors.Is(err, ErrEncoding):
		return "not looked for in this encoding; convert the text to UTF-8", nil
	case errors.Is(err, metadata.ErrEncrypted):
		return "not looked for in an encrypted file", nil
	case damaged: // the check of the container says so
		return "not looked for to the end", nil
	case err != nil:
		return "not looked for to the end", fmt.Errorf("label: %w", err)
	}
	return "", nil
}

// raise makes the verdict v if that is stronger.
func (r *Report) raise(v Verdict) {
	if v.strength() > r.Verdict.strength() {
		r.Verdict = v
	}
}

func (v Verdict) strength() int {
	switch v {
	case Confirmed:
		return 3
	case Possible:
		return 2
	case Suspected:
		return 1
	}
	return 0
}

// siteVerdict returns what one statement says.
func siteVerdict(s metadata.Site) Verdict {
	switch {
	case s.Scheme == metadata.AIGC && s.Record.Label == metadata.Generated:
		return Confirmed
	case s.Scheme == metadata.AIGC && s.Record.Label == metadata.Possible:
		return Possible
	case s.Scheme == metadata.AIGC, s.Scheme == metadata.ServiceProvider:
		return Suspected
	case s.Scheme == metadata.IPTC && isGenerated(s.Value):
		return Confirmed
	case s.Scheme == metadata.IPTCAI:
		return Suspected
	}
	return None
}

// isGenerated reports whether an IPTC DigitalSourceType names generated content.
func isGenerated(sourceType string) bool {
	name := path.Base(sourceType) // the last part of its URI, or the bare name
	return name == "trainedAlgorithmicMedia" || name == "compositeWithTrainedAlgorithmicMedia"
}

// VerifyFile is [Verifier.Verify] for a file by name, and for the credentials beside it.
func (v *Verifier) VerifyFile(ctx context.Context, name string, up *Upload) (*Report, error) {
	f, src, err := open(name)
	if err != nil {
		return v.failed(name, err), err
	}
	defer f.Close()
	if up == nil {
		up = &Upload{}
	}
	return v.verify(ctx, src, up, func() ([]byte, error) {
		if up.Sidecar != nil {
			return up.Sidecar, nil
		}
		return readSidecar(system{}, name)
	})
}
