package metadata

import (
	"cmp"
	"fmt"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/xmp"
)

// An editor gathers the changes of one write.
type editor struct {
	reading *Reading
	name    string
	opts    WriteOptions
	changes []container.Change
	moved   []string // places that lose their record

	// seal fills the reserved fields of the record for a file.
	seal func(Record, Source) (Record, error)
}

// unsealed leaves the reserved fields as they are.
func unsealed(rec Record, _ Source) (Record, error) { return rec, nil }

// newEditor reads src for a write, and fails if it cannot be written.
func newEditor(src Source, opts *WriteOptions) (*editor, error) {
	if opts == nil {
		opts = &WriteOptions{}
	}
	r, err := examine(container.NewSource(src.R, src.Size, container.Limits(opts.Limits)), src.Name)
	switch {
	case err != nil:
		return nil, err
	case r.Encrypted:
		return nil, fmt.Errorf("%w (%s)", ErrEncrypted, r.Format.Name)
	case r.Damage != nil:
		return nil, fmt.Errorf("%w; a damaged file is not written: save it again with the program that made it", r.Damage)
	case len(r.Limits) > 0:
		return nil, r.Limits[0]
	case r.Format.place == noPlace:
		return nil, fmt.Errorf("%w (%s): %s", ErrNoPlace, r.Format.Name,
			cmp.Or(r.Format.instead, "give plain text a visible notice, for the rest use a format that has one"))
	}
	return &editor{reading: r, name: src.Name, opts: *opts, seal: unsealed}, nil
}

// inGuide reports whether the record of the i-th site stands where the guide
// wants it.
func (e *editor) inGuide(i int) bool {
	return i >= 0 && e.reading.Sites[i].guide
}

// put places a record's text where the guide wants it.
func (e *editor) put(text []byte) error {
	if e.reading.Format.place == inXMP {
		return e.setProperty(spaceTC260, "TC260", "AIGC", string(text))
	}
	e.change(container.Change{Slot: e.guideSlot(container.Record), Kind: container.Record, Value: text})
	return nil
}

// setProperty sets a property of the file's XMP packet, or of a new one.
func (e *editor) setProperty(space, prefix, name, value string) error {
	slot := e.guideSlot(container.XMP)
	packet := e.value(slot, container.XMP)
	if packet == nil {
		packet = xmp.New()
	}
	packet, err := xmp.Set(packet, space, prefix, name, value)
	if err != nil {
		return fmt.Errorf("metadata: XMP of the %s file: %w", e.reading.Format.Name, err)
	}
	e.change(container.Change{Slot: slot, Kind: container.XMP, Value: packet})
	return nil
}

// guideSlot returns the slot of a kind where a new value would go.
func (e *editor) guideSlot(kind container.Kind) *container.Slot {
	slots := e.reading.file.Summary().Slots
	for i := range slots {
		if slots[i].Kind == kind && slots[i].Guide {
			return &slots[i]
		}
	}
	return nil
}

// removeOthers takes away the records outside the guide's place for which gone,
// given the site's index, says so. Those inside it are what put replaces.
func (e *editor) removeOthers(gone func(i int) bool) error {
	for i := range e.reading.Sites {
		site := &e.reading.Sites[i]
		if site.Scheme != AIGC || e.inGuide(i) || !gone(i) {
			continue
		}
		change := container.Change{Slot: site.slot}
		var err error
		switch {
		case site.tag != 0:
			change.Value, err = container.RemoveEXIF(e.value(site.slot, site.slot.Kind), site.tag)
		case site.prop.Space != "":
			change.Value, err = xmp.Remove(e.value(site.slot, site.slot.Kind), site.prop.Space, site.prop.Name)
		}
		if err != nil {
			return &FormatError{Format: e.reading.Format.Name, Offset: site.Offset, Err: fmt.Errorf("%s: %w", site.Place, err)}
		}
		e.change(change)
		e.moved = append(e.moved, site.Place)
	}
	return nil
}

// value returns what a slot holds after the changes so far; a nil slot is the
// new one of its kind.
func (e *editor) value(slot *container.Slot, kind container.Kind) []byte {
	if c := e.changed(slot, kind); c != nil {
		return c.Value
	}
	if slot == nil {
		return nil
	}
	return slot.Value
}

// change asks for c, in place of what was asked for its slot before.
func (e *editor) change(c container.Change) {
	if before := e.changed(c.Slot, c.Kind); before != nil {
		*before = c
		return
	}
	e.changes = append(e.changes, c)
}

// changed returns the change that was asked for a slot, nil if there is none.
func (e *editor) changed(slot *container.Slot, kind container.Kind) *container.Change {
	for i, c := range e.changes {
		if c.Slot == slot && (slot != nil || c.Kind == kind) {
			return &e.changes[i]
		}
	}
	return nil
}
