package c2pa

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// maxStore bounds a store that is written: what is larger, few programs would read.
const maxStore = 16 << 20

// encode returns the store: the old manifests, then the new one with a claim and a
// signature.
func (j *job) encode(claim, signature []byte) ([]byte, error) {
	manifests := append(j.kept(), j.draft.box(claim, signature))
	b := jumbf.Super(storeType, storeLabel, manifests...).Append(nil)
	if len(b) > maxStore {
		return nil, &metadata.LimitError{What: "manifest store", Limit: maxStore}
	}
	return b, nil
}

// kept returns the old manifests that the store repeats: all, but for an update that
// goes into a box of its own, which has those of the updates before.
func (j *job) kept() []*jumbf.Box {
	switch {
	case j.parent == nil:
		return nil
	case j.separate():
		return slices.Clone(j.parent.last)
	}
	return slices.Clone(j.parent.boxes)
}

// placeholder returns the store with the hash of the file and the signature open.
func (j *job) placeholder() ([]byte, error) {
	if err := j.bind(nil); err != nil {
		return nil, err
	}
	claim, err := j.draft.claim()
	if err != nil {
		return nil, fmt.Errorf("c2pa: claim: %w", err)
	}
	return j.encode(claim, make([]byte, j.size))
}

// bind puts the hard binding to a planned output into the draft; nil leaves its hash
// open. Updates have none.
func (j *job) bind(output *asset) error {
	if j.draft.kind == updateType {
		return nil
	}
	label, assertion, err := j.asset.newBinding(output)
	if err != nil {
		return err
	}
	j.draft.bind(label, assertion)
	return nil
}

// sign binds the draft to a planned output and returns the finished store.
func (j *job) sign(ctx context.Context, output *asset) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := j.bind(output); err != nil {
		return nil, err
	}
	claim, err := j.draft.claim()
	if err != nil {
		return nil, fmt.Errorf("c2pa: claim: %w", err)
	}
	signature, err := j.signer.signClaim(ctx, claim, j.size)
	if err != nil {
		return nil, err
	}
	return j.encode(claim, signature)
}

// put plans the file with a store, and opens what was planned.
func (j *job) put(store []byte) (*splice.Plan, *asset, error) {
	plan, err := j.plan(store)
	if err != nil {
		return nil, nil, public(j.asset.name, err)
	}
	out, err := j.asset.over(plan)
	if err == nil && out.store == nil {
		err = fmt.Errorf("%w: they are not there", ErrReadBack)
	}
	return plan, out, err
}

// plan returns the edits that put a store into the file. It takes the place of the old
// one; where a file of boxes has several, of all of them.
func (j *job) plan(store []byte) (*splice.Plan, error) {
	stores := j.asset.storeSlots()
	if j.separate() && len(stores) == 1 {
		return j.asset.appendUpdate(store)
	}
	changes := []container.Change{{Slot: j.asset.store, Kind: container.C2PA, Value: store}}
	if j.asset.carrier.binding == byBoxes && len(stores) > 1 && !j.separate() {
		changes[0].Slot = nil
		for _, slot := range stores {
			changes = append(changes, container.Change{Slot: slot, Kind: container.C2PA})
		}
	}
	return j.asset.file.Plan(changes)
}

// storeSlots returns the slots of the file's stores.
func (a *asset) storeSlots() (out []*container.Slot) {
	slots := a.file.Summary().Slots
	for i := range slots {
		if slots[i].Kind == container.C2PA {
			out = append(out, &slots[i])
		}
	}
	return out
}

// over opens a planned output as a file of the same format.
func (a *asset) over(plan *splice.Plan) (*asset, error) {
	out := &asset{src: container.NewSource(plan, plan.Size(), a.src.Limits), name: a.name, mime: a.mime, carrier: a.carrier}
	return out, out.walk()
}

// readBack checks that the final output differs from the hashed one in its store
// alone, and that the store reads as it should. It does not hash the file again.
func (j *job) readBack(hashed, final *asset, store []byte) error {
	a, b := hashed.store, final.store
	if hashed.src.Size() != final.src.Size() || !slices.Equal(a.Frame, b.Frame) || !slices.Equal(a.Ranges, b.Ranges) {
		return fmt.Errorf("%w: the store moved", ErrReadBack)
	}
	stores, _, err := final.stores(nil)
	if err != nil {
		return err
	}
	if !bytes.Equal(stores[len(stores)-1], store) {
		return fmt.Errorf("%w: the store is another", ErrReadBack)
	}
	return j.judge(stores)
}

// judge validates the new manifest, but for its binding to the file and for its
// signature, which was verified when it was made.
func (j *job) judge(stores [][]byte) error {
	all := newStore(j.asset.src.Inflated)
	for _, b := range stores {
		if err := all.add(b); err != nil {
			return fmt.Errorf("%w: %w", ErrReadBack, err)
		}
	}
	active := all.active()
	v := newValidator(all, &Options{})
	v.search(active, 0)
	v.open(active)
	if active.claim == nil {
		return fmt.Errorf("%w: there is no claim", ErrReadBack)
	}
	v.judgeContent(active)
	for _, f := range active.findings {
		if f.Kind == Failure {
			return fmt.Errorf("%w: %s %s (%s)", ErrReadBack, f.Code, f.Explanation, f.URL)
		}
	}
	return nil
}
