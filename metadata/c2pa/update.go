package c2pa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// ErrUpdate reports a file that an update manifest cannot be for.
var ErrUpdate = errors.New("c2pa: no update of these credentials; use Plan, which makes a new manifest that goes on from them")

// PlanUpdate adds an update manifest (C2PA 2.4, 11.2.3): statements about content
// that stays as it was signed, such as a later time stamp, the status of a
// certificate, or that another signer vouches for it. The hash of the file stays
// that of the manifest before, so nothing outside of the store may change; a write
// of a record does change the file, and needs [Signer.Plan].
//
// It fails with [ErrUpdate] where the file has no intact credentials, where the claim
// tells of changed content, and where the format cannot let a store grow without
// changing other bytes. It reads the file once, to see that the credentials still
// hold. Else it is as [Signer.Plan].
func (s *Signer) PlanUpdate(ctx context.Context, src metadata.Source, c Claim, opts *SignOptions) (metadata.Output, Receipt, error) {
	if err := c.checkUpdate(); err != nil {
		return nil, Receipt{}, err
	}
	if err := s.check(); err != nil {
		return nil, Receipt{}, err
	}
	j, err := s.open(src, opts)
	if err != nil {
		return nil, Receipt{}, err
	}
	switch {
	case j.parent.active == nil:
		return nil, Receipt{}, fmt.Errorf("%w: the file has none", ErrUpdate)
	case j.parent.report.State == Invalid:
		return nil, Receipt{}, fmt.Errorf("%w: they do not hold for the file", ErrUpdate)
	}
	if c.StampParent {
		if err := j.stampParent(ctx, &c); err != nil {
			return nil, Receipt{}, err
		}
	}
	if err := j.begin(updateType, &c); err != nil {
		return nil, Receipt{}, err
	}
	out, receipt, err := j.embed(ctx)
	if errors.Is(err, ErrReadBack) {
		err = fmt.Errorf("%w: %w", ErrUpdate, err) // such as a last box without an end
	}
	if err == nil {
		err = j.stillHolds(out)
	}
	if err != nil {
		return nil, Receipt{}, err
	}
	return out, receipt, nil
}

// checkUpdate returns what an update cannot state, joined.
func (c *Claim) checkUpdate() error {
	var errs []error
	for i, a := range c.Actions {
		if !isUpdateAction(a.Action) {
			errs = append(errs, fmt.Errorf("%w: action %d (%.40q) changes content", ErrUpdate, i, a.Action))
		}
		errs = append(errs, a.check(i))
	}
	if len(c.SoftBindings) > 0 {
		errs = append(errs, fmt.Errorf("%w: a soft binding marks content", ErrUpdate))
	}
	for _, a := range c.Assertions {
		errs = append(errs, a.check())
	}
	return errors.Join(errs...)
}

// stillHolds checks that the old binding holds for the planned output.
func (j *job) stillHolds(out metadata.Output) error {
	r, err := Validate(metadata.Source{R: out, Size: out.Size(), Name: j.name}, j.opts.Validate)
	if err != nil {
		return err
	}
	if r.State == Invalid {
		return fmt.Errorf("%w: a %s file changes elsewhere when its store grows", ErrUpdate, j.asset.name)
	}
	return nil
}

// stampParent adds a time stamp over the signature of the manifest before (C2PA 2.4,
// 18.17).
func (j *job) stampParent(ctx context.Context, c *Claim) error {
	if j.signer.Timestamper == nil {
		return errors.New("c2pa: StampParent needs a Timestamper")
	}
	box := j.parent.active.box.Child(labelSignature)
	if box == nil {
		return fmt.Errorf("%w: there is no signature to stamp", ErrUpdate)
	}
	signature, err := parseSign1(contentOf(box, cborType))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUpdate, err)
	}
	token, err := j.signer.stamp(ctx, signature.stamped())
	if err != nil {
		return err
	}
	c.Assertions = append(slices.Clone(c.Assertions), Assertion{Label: timeStampName, CBOR: map[string][]byte{j.parent.label(): token}})
	return nil
}

// separate reports whether the manifest goes into a box of its own: the boxes of a
// file must not move under a hash that covers their positions (C2PA 2.4, A.5.3).
func (j *job) separate() bool {
	return j.draft.kind == updateType && j.asset.carrier.binding == byBoxes
}

// purposeOffset is where the purpose of a C2PA box stands before its store: eight
// letters, a zero, and the position of the Merkle boxes.
const purposeOffset = 8 + 1 + 8

// appendUpdate returns the edits that make the store of a file of boxes the original
// one, and append the box of an update.
func (a *asset) appendUpdate(store []byte) (*splice.Plan, error) {
	head := a.store.Frame[0].Offset
	purpose := a.store.Ranges[0].Offset - purposeOffset
	box, err := a.src.Bytes(head, purpose-head, "C2PA box")
	if err != nil {
		return nil, err
	}
	content := append(box[8:len(box):len(box)], "update\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	update := jumbf.Leaf("uuid", append(content, store...)).Append(nil)
	return splice.New(a.src.ReaderAt(), a.src.Size(), []splice.Edit{
		{Offset: purpose, Delete: 8, Insert: bytes.NewReader([]byte("original"))},
		{Offset: a.src.Size(), Insert: bytes.NewReader(update)},
	})
}
