package label

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/c2pa"
)

// The names that our statements have in credentials: no list has any for them, so they
// are our choice.
const (
	recordAssertion = "com.github.aigclabel.record"
	imageWatermark  = "com.github.aigclabel.watermark.image.1"
)

// A signing is what the credentials of one file are to say.
type signing struct {
	signer  *c2pa.Signer
	name    string           // of the file, as a hint
	before  *c2pa.Report     // of the file as it came, nil if it had none
	sidecar []byte           // what is beside the file
	record  *metadata.Record // nil if the file has none
	claim   c2pa.Claim
	limits  metadata.Limits
}

// manifestStore is the format of a sidecar.
const manifestStore = "c2pa"

// sidecarPlace is where the credentials of a format without a place for them are.
const sidecarPlace = "sidecar"

// credentialsBefore returns what the credentials of a file are worth before it is changed,
// nil if it has none: a link is none, and neither is a sidecar that is not of this file.
func credentialsBefore(src metadata.Source, sidecar []byte, limits metadata.Limits) (*c2pa.Report, error) {
	reading, err := metadata.Read(src, &metadata.ReadOptions{Limits: limits})
	if err != nil || sidecar == nil && !slices.ContainsFunc(reading.Sites, isCredential) {
		return nil, err
	}
	report, err := c2pa.Validate(src, &c2pa.Options{Sidecar: sidecar, Limits: limits})
	if err != nil || report.State == "" || report.Place == sidecarPlace && report.State == c2pa.Invalid {
		return nil, err
	}
	return report, nil
}

// breakSidecar notes that the credentials beside a file do not hold for what it becomes.
func breakSidecar(r *Receipt, src metadata.Source, sidecar []byte, opts *metadata.WriteOptions) error {
	if sidecar == nil || !r.Changed {
		return nil
	}
	before, err := credentialsBefore(src, sidecar, opts.Limits)
	if before == nil || before.Place != sidecarPlace {
		return err
	}
	const name = "C2PA manifest in a file beside it"
	if opts.OnCredentials == metadata.Refuse {
		return fmt.Errorf("%w: %s", metadata.ErrSigned, name)
	}
	r.Broken = append(r.Broken, name)
	return nil
}

func isCredential(s metadata.Site) bool { return s.Scheme == metadata.C2PA }

// madeBy returns what credentials say of content that a producer made: that a model made
// it, or, of a file that has credentials, a part of it, unless they say so already. Of what
// only may be generated they tell the record alone.
func madeBy(before *c2pa.Report, rec metadata.Record, system metadata.System, agent c2pa.Generator, created time.Time) c2pa.Claim {
	if system.Name == "" {
		system.Name = rec.ContentProducer
	}
	switch {
	case rec.Label != metadata.Generated, before != nil && before.Origin.AI():
		return c2pa.Labelled(agent, created)
	case before != nil:
		return c2pa.Edited(system.Name, system.Version, created)
	}
	return c2pa.Generated(system.Name, system.Version, created)
}

// bind adds the watermark of a layer to a claim.
func bind(claim *c2pa.Claim, layers []Layer) {
	for _, l := range layers {
		if l.Name == "watermark" && l.Done {
			claim.SoftBindings = append(claim.SoftBindings, c2pa.SoftBinding{Algorithm: imageWatermark, Value: l.Payload.Bytes(), Name: "watermark of aigclabel"})
		}
	}
}

// stand reports whether the credentials that the file came with say it all, and are ours.
func (s *signing) stand() bool {
	before := s.before
	if before == nil || before.State == c2pa.Invalid || len(before.Active.Signature.Chain) == 0 || len(s.signer.Chain) == 0 {
		return false
	}
	said := before.Origin.AI() || len(s.claim.Actions) > 0 && s.claim.Actions[0].DigitalSourceType == ""
	return said && before.Active.Signature.Chain[0].Equal(s.signer.Chain[0])
}

// planCredentials signs what was planned, and completes the receipt.
func (l *Labeler) planCredentials(j *job, out metadata.Output, r *Receipt) (metadata.Output, error) {
	if j.format == manifestStore {
		r.Layers = append(r.Layers, Layer{Name: "credentials", Reason: "these are the credentials of a file, not a file"})
		return out, nil
	}
	before, err := credentialsBefore(j.src, j.sidecar, l.Write.Limits)
	if err != nil {
		return nil, err
	}
	s := signing{signer: l.Signer, name: j.src.Name, before: before, sidecar: j.sidecar, limits: l.Write.Limits}
	s.claim = madeBy(before, r.Record, cmp.Or(l.System, l.Write.System), l.Signer.Generator, j.created)
	if j.noPlace == nil {
		s.record = &r.Record
	}
	bind(&s.claim, r.Layers)
	return s.plan(j.ctx, out, r)
}

// plan signs a file whose labels are in it, and adds the layer to its receipt. The
// credentials of a format without a place for them are beside the file.
func (s *signing) plan(ctx context.Context, in metadata.Output, r *Receipt) (metadata.Output, error) {
	layer := Layer{Name: "credentials"}
	defer func() { r.Layers = append(r.Layers, layer) }()
	if !r.Changed && s.stand() {
		layer.Done, layer.Place, layer.Manifest = true, s.before.Place, s.before.Active.Label
		if layer.Place == sidecarPlace {
			r.Sidecar = s.sidecar
		}
		return in, nil
	}
	if err := s.stateRecord(); err != nil {
		return nil, err
	}
	src := metadata.Source{R: in, Size: in.Size(), Name: s.name}
	opts := &c2pa.SignOptions{Opened: s.before, Limits: s.limits}
	if s.before != nil && s.before.Place == sidecarPlace {
		opts.Validate = &c2pa.Options{Sidecar: s.sidecar, Limits: s.limits}
	}
	out, signed, err := s.signer.Plan(ctx, src, s.claim, opts)
	if errors.Is(err, c2pa.ErrNoPlace) {
		out, layer.Place = in, sidecarPlace
		r.Sidecar, signed, err = s.signer.Store(ctx, src, s.claim, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("label: %w", err)
	}
	layer.Done, layer.Place, layer.Manifest = true, cmp.Or(layer.Place, signed.Place), signed.Manifest
	if r.Sidecar == nil {
		r.Changed, r.Size = true, out.Size()
	}
	return out, s.readBack(out)
}

// stateRecord makes the record a statement of the credentials.
func (s *signing) stateRecord() error {
	if s.record == nil {
		return nil
	}
	text, err := json.Marshal(s.record)
	if err != nil {
		return err
	}
	s.claim.Assertions = append(s.claim.Assertions, c2pa.Assertion{Label: recordAssertion, JSON: text})
	return nil
}

// readBack checks that the record is in the signed file as it was before.
func (s *signing) readBack(out metadata.Output) error {
	if s.record == nil {
		return nil
	}
	got, err := metadata.Read(metadata.Source{R: out, Size: out.Size(), Name: s.name}, &metadata.ReadOptions{Limits: s.limits})
	if err != nil {
		return err
	}
	if got.Record == nil || !got.Record.Equal(*s.record) {
		return metadata.ErrReadBack
	}
	return nil
}
