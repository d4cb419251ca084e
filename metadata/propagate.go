package metadata

import (
	"bytes"
	"errors"
	"io"
)

// A Propagation is what a platform adds to a file that it publishes (Measures
// Art. 6, Annex E g) to i)).
type Propagation struct {
	// Propagator is the platform's name or code, required.
	Propagator string

	// ID is the platform's number for the content. Empty, it is the one that the
	// file has from this platform, else a new UUID (version 7).
	ID string

	// Label is required where the file has no record, and else not used:
	// [Generated] for content that a credential or an IPTC statement calls
	// generated, [Possible] for what the user declared, [Suspected] for what the
	// platform detected. Such a record has no producer pair.
	Label State

	// ReservedCode2 is the platform's own protection data, "" for that of
	// [WriteOptions].Seal.
	ReservedCode2 string
}

// Propagate copies src to w with the platform's fields in its record. The rest
// of the record stays byte for byte: foreign spellings, further members, order
// and spacing. Identical copies of the record elsewhere in the file go, records
// that differ stay and are for [Read] to report. The receipt has the record as
// it was before.
//
// A file without a record gets one when p says what the platform found, and is
// otherwise refused with [ErrUnlabelled]: the library never marks content that
// nothing says is generated. Errors and concurrency are as in [Write].
func Propagate(w io.Writer, src Source, p Propagation, opts *WriteOptions) (Receipt, error) {
	out, receipt, err := PlanPropagate(src, p, opts)
	return deliver(w, out, receipt, err)
}

// PlanPropagate is [Propagate] up to the first byte.
func PlanPropagate(src Source, p Propagation, opts *WriteOptions) (Output, Receipt, error) {
	e, err := newEditor(src, opts)
	if err != nil {
		return nil, Receipt{}, err
	}
	if e.opts.Seal != nil && p.ReservedCode2 == "" {
		e.seal = func(rec Record, src Source) (_ Record, err error) {
			rec.ReservedCode2, err = e.opts.Seal.Propagator(rec, src)
			return rec, err
		}
	}
	rec, text, err := e.propagated(src, p)
	if err != nil {
		return nil, Receipt{}, err
	}
	old := e.reading.Record
	if old == nil || !e.inGuide(e.reading.recordSite()) || !old.Equal(rec) {
		if err := e.put(text); err != nil {
			return nil, Receipt{}, err
		}
	}
	err = e.removeOthers(func(i int) bool { return i == e.reading.recordSite() || e.reading.Sites[i].Record.Equal(*old) })
	if err != nil {
		return nil, Receipt{}, err
	}
	return e.finish(rec)
}

// propagated returns the record with p's fields, sealed, and its text.
func (e *editor) propagated(src Source, p Propagation) (Record, []byte, error) {
	old := e.reading.Record
	if old == nil && p.Label == "" {
		return Record{}, nil, ErrUnlabelled
	}
	rec := Record{Label: p.Label}
	if old != nil {
		rec = *old
	}
	same := rec.ContentPropagator == p.Propagator
	rec.ContentPropagator = p.Propagator
	if p.ID == "" && same {
		p.ID = rec.PropagateID
	}
	if p.ID == "" {
		p.ID = newID()
	}
	if !same || p.ID != rec.PropagateID || p.ReservedCode2 != "" {
		rec.ReservedCode2 = p.ReservedCode2
	}
	rec.PropagateID = p.ID
	rec, err := e.seal(rec, src)
	if err != nil {
		return Record{}, nil, err
	}
	added := Record{Label: Suspected, ContentPropagator: rec.ContentPropagator, PropagateID: rec.PropagateID, ReservedCode2: rec.ReservedCode2}
	if old == nil {
		added.Label = rec.Label
	}
	if err := errors.Join(added.Validate(), checkCode("Propagator", p.Propagator)); err != nil {
		return Record{}, nil, err
	}
	if old == nil {
		return rec, e.encode(rec), nil
	}
	text, err := setMembers(bytes.TrimRight(old.Raw, "\x00"), [][2]string{
		{"ContentPropagator", rec.ContentPropagator}, {"PropagateID", rec.PropagateID}, {"ReservedCode2", rec.ReservedCode2},
	})
	return rec, text, err
}
