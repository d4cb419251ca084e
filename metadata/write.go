package metadata

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
)

// A SignaturePolicy says what to do with a file whose signature a write breaks.
type SignaturePolicy string

const (
	// Keep writes the record, keeps the signature's bytes, and says in the
	// receipt that it no longer holds. It is the default.
	Keep SignaturePolicy = "keep"

	// Refuse fails with [ErrSigned].
	Refuse SignaturePolicy = "refuse"
)

// WriteOptions adjust [Write] and [Propagate]; nil stands for the defaults.
type WriteOptions struct {
	// Replace overwrites the records of other producers.
	Replace bool

	// Wrap writes {"AIGC":{...}} where the default is the bare object. Annex E b)
	// shows the outer key; the guides' samples and real services let the name of
	// the slot stand for it, and so does our default. YAML has the key anyway.
	Wrap bool

	// OmitPropagator leaves an empty propagation pair empty. By default the first
	// write sets ContentPropagator and PropagateID to the producer's pair, as the
	// note to Annex E g) and h) says.
	OmitPropagator bool

	// OmitSourceType leaves IPTC's DigitalSourceType alone. By default a file that
	// has XMP gets trainedAlgorithmicMedia beside Label 1, unless it has a value.
	OmitSourceType bool

	// System names the generator for IPTC's AISystemUsed and AISystemVersionUsed,
	// which go beside DigitalSourceType.
	System System

	// Disclosure adds what California asks of a latent disclosure (SB 942, Business and
	// Professions Code 22757.3 (b)) to that: the provider as the credit line, Created as the
	// date, the ProduceID as the globally unique identifier. It goes into XMP, of which files
	// get a packet where their format has a place for one. Which properties these are is our
	// choice. Values that the file has stay.
	Disclosure bool

	// Created is when the content was generated, for Disclosure.
	Created time.Time

	// OnCredentials says what to do with a file that carries Content Credentials
	// or another signature over its bytes.
	OnCredentials SignaturePolicy

	// Resign says that the output gets new Content Credentials, whose history those of the
	// file become: then these are neither broken nor a reason to refuse.
	Resign bool

	// Seal, where set, fills the reserved fields: of the producer in [Write], of the
	// propagator in [Propagate]. Package seal has one.
	Seal Sealer

	Limits Limits
}

// A Sealer makes the integrity data of reserved fields (GB 45438-2025 Annex E f) and i)).
// Data that holds, under the same key for the same record and media, it leaves as it is:
// writes are read back in that way.
type Sealer interface {
	// Seal returns rec with the producer's data, and the propagator's where the pair is
	// the producer's own. src is the file that gets the record, before or after that.
	Seal(rec Record, src Source) (Record, error)

	// Propagator returns the propagator's data for rec.
	Propagator(rec Record, src Source) (string, error)
}

// A System is what generated content. Both parts may be empty.
type System struct{ Name, Version string }

// trainedAlgorithmicMedia is the IPTC digital source type of generated content.
const trainedAlgorithmicMedia = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

// A Receipt says what a write did: what a producer logs to answer for a
// ProduceID later (Measures Art. 9 asks for six months).
type Receipt struct {
	Format   string  `json:"format"`
	Place    string  `json:"place"`
	Record   Record  `json:"record"`
	Previous *Record `json:"previous,omitempty"` // the record before, if there was one
	Changed  bool    `json:"changed"`            // false: the file said so already
	Size     int64   `json:"size"`               // of the output, in bytes

	// SourceType is the IPTC DigitalSourceType that stands beside the record, "" if
	// the write did not look after one.
	SourceType string `json:"digital_source_type,omitempty"`

	// Moved lists the places from which records moved or further copies went.
	Moved []string `json:"moved,omitempty"`

	// Broken lists the signatures that no longer hold for the file.
	Broken []string `json:"broken_signatures,omitempty"`
}

// Write copies src to w with rec as its one AIGC record.
//
// The record goes to the place that the guide for the format names; a record of
// the same producer is updated there, and moves there from any other place. A
// ProduceID that is empty is the one that the file has from this producer, else
// a new UUID (version 7). A propagation pair that is empty is kept as the file
// has it. Nothing else in the file changes, and a record that stands already
// changes nothing.
//
// The planned output is read back before the first byte is written. Errors are
// those of [Record.Validate], [ErrUnknownFormat], [ErrNoPlace], [ErrLabelled],
// [ErrEncrypted], [ErrSigned], [ErrReadBack], *[FormatError] for a damaged file,
// *[LimitError], and those of src, w and the Sealer. Write is safe for concurrent use.
func Write(w io.Writer, src Source, rec Record, opts *WriteOptions) (Receipt, error) {
	out, receipt, err := PlanWrite(src, rec, opts)
	return deliver(w, out, receipt, err)
}

// An Output is a planned file. It reads as the file that it will be, and writes
// itself; it is good as long as its source is, and safe for concurrent use.
type Output interface {
	io.ReaderAt
	io.WriterTo
	Size() int64
}

// deliver writes what was planned.
func deliver(w io.Writer, out Output, receipt Receipt, err error) (Receipt, error) {
	if err != nil {
		return Receipt{}, err
	}
	if _, err := out.WriteTo(w); err != nil {
		return Receipt{}, fmt.Errorf("metadata: %w", err)
	}
	return receipt, nil
}

// PlanWrite is [Write] up to the first byte: the output can be read anywhere,
// be the source of a further step, and be written.
func PlanWrite(src Source, rec Record, opts *WriteOptions) (Output, Receipt, error) {
	e, err := newEditor(src, opts)
	if err != nil {
		return nil, Receipt{}, err
	}
	if err := e.refuseOthers(rec); err != nil {
		return nil, Receipt{}, err
	}
	if e.opts.Seal != nil {
		e.seal = e.opts.Seal.Seal
	}
	if rec, err = e.seal(e.complete(rec), src); err != nil {
		return nil, Receipt{}, err
	}
	if err := errors.Join(rec.Validate(), checkCode("ContentProducer", rec.ContentProducer), checkCode("ContentPropagator", rec.ContentPropagator)); err != nil {
		return nil, Receipt{}, err
	}
	if !e.stands(rec) {
		if err := e.put(e.encode(rec)); err != nil {
			return nil, Receipt{}, err
		}
	}
	if err := e.removeOthers(func(int) bool { return true }); err != nil {
		return nil, Receipt{}, err
	}
	sourceType, err := e.putSourceType(rec)
	if err != nil {
		return nil, Receipt{}, err
	}
	out, receipt, err := e.finish(rec)
	receipt.SourceType = sourceType
	return out, receipt, err
}

// stands reports whether rec, well written, is in the guide's place, once.
func (e *editor) stands(rec Record) bool {
	found := 0
	for i, site := range e.reading.Sites {
		if site.Scheme == AIGC && e.inGuide(i) {
			found++
		}
	}
	old := e.reading.Record
	return found == 1 && old.Equal(rec) && old.Validate() == nil
}

// refuseOthers fails when the file has a record that is not rec's producer's.
func (e *editor) refuseOthers(rec Record) error {
	for i := range e.reading.Sites {
		site := &e.reading.Sites[i]
		if !e.opts.Replace && site.Scheme == AIGC && !sameOwner(site.Record, rec) {
			return fmt.Errorf("%w (%s: %.80q)", ErrLabelled, site.Place, owner(site.Record))
		}
	}
	return nil
}

// owner returns who made a record: a platform, where there is no producer.
func owner(r Record) string {
	if r.ContentProducer == "" {
		return r.ContentPropagator
	}
	return r.ContentProducer
}

func sameOwner(a, b Record) bool { return owner(a) == owner(b) && owner(a) != "" }

// complete fills what rec leaves open: the identifier, and what the producer's
// own record in the file says.
func (e *editor) complete(rec Record) Record {
	old := Record{}
	if e.reading.Record != nil && sameOwner(*e.reading.Record, rec) {
		old = *e.reading.Record
	}
	if rec.ContentProducer != "" && rec.ProduceID == "" {
		rec.ProduceID = old.ProduceID
		if rec.ProduceID == "" {
			rec.ProduceID = newID()
		}
	}
	if rec.ReservedCode1 == "" && rec.Label == old.Label && rec.ProduceID == old.ProduceID {
		rec.ReservedCode1 = old.ReservedCode1
	}
	if rec.ContentPropagator == "" && rec.PropagateID == "" {
		rec = e.completePair(rec, old)
	}
	return rec
}

// completePair sets the propagation pair: a platform's is kept, the producer's
// own follows the ProduceID.
func (e *editor) completePair(rec, old Record) Record {
	own := old.ContentPropagator == old.ContentProducer && old.PropagateID == old.ProduceID
	if old.ContentPropagator != "" && !own || own && rec.ProduceID == old.ProduceID {
		rec.ContentPropagator, rec.PropagateID = old.ContentPropagator, old.PropagateID
		if rec.ReservedCode2 == "" {
			rec.ReservedCode2 = old.ReservedCode2
		}
	} else if !e.opts.OmitPropagator {
		rec.ContentPropagator, rec.PropagateID = rec.ContentProducer, rec.ProduceID
	}
	return rec
}

// newID returns an identifier that sorts by time (RFC 9562, version 7).
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// checkCode refuses what is meant as a provider code and is none.
func checkCode(field, s string) error {
	if !LooksLikeCode(s) {
		return nil
	}
	_, err := ParseProviderCode(s)
	if code, ok := errors.AsType[*CodeError](err); err == nil || ok && code.Unconfirmed {
		return nil
	}
	return fmt.Errorf("metadata: %s: %w", field, err)
}

// encode returns rec in the syntax of the format's place.
func (e *editor) encode(rec Record) []byte {
	switch {
	case e.reading.Format.place == yamlSlot:
		return rec.yaml()
	case e.opts.Wrap:
		return rec.wrapped()
	}
	b, _ := rec.MarshalJSON() // cannot fail
	return b
}

// finish plans the changes and reads the result back.
func (e *editor) finish(want Record) (Output, Receipt, error) {
	format := e.reading.Format
	plan, err := e.reading.file.Plan(e.changes)
	if err != nil {
		return nil, Receipt{}, public(format.Name, err)
	}
	out := Source{R: plan, Size: plan.Size(), Name: e.name}
	place, err := e.readBack(out, want)
	if err != nil {
		return nil, Receipt{}, err
	}
	if sealed, err := e.seal(want, out); err != nil || !sealed.Equal(want) {
		return nil, Receipt{}, errors.Join(fmt.Errorf("%w: the seal does not hold", ErrReadBack), err)
	}
	want.Raw = nil
	receipt := Receipt{Format: format.Name, Place: place, Record: want, Previous: e.reading.Record, Size: plan.Size(), Moved: e.moved}
	if receipt.Changed = len(plan.Edits()) > 0; receipt.Changed {
		receipt.Broken = e.reading.broken(e.opts.Resign)
	}
	if len(receipt.Broken) > 0 && e.opts.OnCredentials == Refuse {
		return nil, Receipt{}, fmt.Errorf("%w: %s", ErrSigned, receipt.Broken[0])
	}
	return plan, receipt, nil
}

// readBack checks that the output says what was asked for and no longer
// what had to go, and returns where.
func (e *editor) readBack(out Source, want Record) (string, error) {
	got, err := Read(out, &ReadOptions{Limits: e.opts.Limits})
	if err == nil {
		err = got.Damage
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrReadBack, err)
	case got.Record == nil, !got.Record.Equal(want), got.Format.Name != e.reading.Format.Name:
		return "", ErrReadBack
	case got.elsewhere() != e.reading.elsewhere()-len(e.moved):
		return "", fmt.Errorf("%w: a record that goes is still there", ErrReadBack)
	}
	return got.Sites[got.recordSite()].Place, nil
}
