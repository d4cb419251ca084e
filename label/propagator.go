package label

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/c2pa"
	"github.com/aigclabel/aigclabel/metadata/seal"
)

// A Propagator adds a platform's fields to the records of files that it publishes
// (Measures Art. 6), and signs what it did. It is configuration, safe for concurrent use
// as long as its fields do not change. The zero value is [metadata.Propagate].
type Propagator struct {
	// Signer, where set, signs Content Credentials over the file as it becomes: those that
	// it has become their history, which goes on. Without it they no longer hold for the
	// file, and the receipt says so.
	Signer *c2pa.Signer

	// Seal, where set, seals the platform's fields: see [Labeler].
	Seal *seal.Sealer

	// Write adjusts how records are written.
	Write metadata.WriteOptions

	// Log receives a line for each receipt, if set.
	Log *slog.Logger
}

// Propagate copies src to w with the platform's fields in its record. Errors are those of
// [metadata.Propagate] and of [c2pa.Signer.Plan].
func (p *Propagator) Propagate(ctx context.Context, w io.Writer, src metadata.Source, fields metadata.Propagation) (Receipt, error) {
	out, receipt, err := p.plan(ctx, src, fields, nil)
	if err != nil {
		return Receipt{}, err
	}
	if _, err := out.WriteTo(contextWriter{ctx, w}); err != nil {
		return Receipt{}, fmt.Errorf("label: %w", err)
	}
	p.log(ctx, receipt)
	return receipt, nil
}

// PropagateFile is [Propagator.Propagate] from the file src into the file dst, which may
// be src itself, in the way of [Labeler.LabelFile].
func (p *Propagator) PropagateFile(ctx context.Context, src, dst string, fields metadata.Propagation) (Receipt, error) {
	var sidecar []byte
	if err := addSidecar(&sidecar, src); err != nil {
		return Receipt{}, err
	}
	receipt, err := rewrite(ctx, src, dst, p.Write.Limits, func(s metadata.Source) (metadata.Output, Receipt, error) {
		return p.plan(ctx, s, fields, sidecar)
	})
	if err != nil {
		return Receipt{}, err
	}
	p.log(ctx, receipt)
	return receipt, nil
}

// PropagateFile is that of a [Propagator] with options, nil for the defaults.
func PropagateFile(ctx context.Context, src, dst string, fields metadata.Propagation, opts *metadata.WriteOptions) (metadata.Receipt, error) {
	var p Propagator
	if opts != nil {
		p.Write = *opts
	}
	receipt, err := p.PropagateFile(ctx, src, dst, fields)
	return receipt.Receipt, err
}

// plan stacks the record and the credentials about it, whose history may be beside the file.
func (p *Propagator) plan(ctx context.Context, src metadata.Source, fields metadata.Propagation, sidecar []byte) (metadata.Output, Receipt, error) {
	src.R = contextReader{ctx, src.R}
	var before *c2pa.Report
	if p.Signer != nil {
		var err error
		if before, err = credentialsBefore(src, sidecar, p.Write.Limits); err != nil {
			return nil, Receipt{}, err
		}
	}
	opts := p.Write
	opts.Resign = p.Signer != nil
	if p.Seal != nil {
		opts.Seal = p.Seal
	}
	out, written, err := metadata.PlanPropagate(src, fields, &opts)
	if err != nil {
		return nil, Receipt{}, err
	}
	now := time.Now()
	receipt := Receipt{Time: now.UTC(), Profile: China, Receipt: written, Layers: []Layer{{Name: "record", Done: true, Place: written.Place}}}
	receipt.Layers = append(receipt.Layers, sealLayers(p.Seal, receipt.Layers[0], written.Record)...)
	if p.Signer == nil {
		return out, receipt, breakSidecar(&receipt, src, sidecar, &p.Write)
	}
	s := signing{
		signer: p.Signer, name: src.Name, before: before, sidecar: sidecar, record: &written.Record,
		claim: c2pa.Labelled(p.Signer.Generator, now), limits: p.Write.Limits,
	}
	out, err = s.plan(ctx, out, &receipt)
	return out, receipt, err
}

func (p *Propagator) log(ctx context.Context, r Receipt) {
	if p.Log != nil {
		p.Log.InfoContext(ctx, "propagated", "format", r.Format, "place", r.Place, "propagator", r.Record.ContentPropagator, "id", r.Record.PropagateID, "changed", r.Changed)
	}
}
