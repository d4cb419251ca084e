package container

import "github.com/aigclabel/aigclabel/internal/splice"

// Plain text has no metadata. All that it can hold is a C2PA store in characters that
// are not seen.

type plainFile struct {
	Layout
	src *Source
}

// Plain walks a plain text. Its only slots are C2PA stores, which go to its end in
// UTF-8.
func Plain(src *Source) (File, error) {
	f := &plainFile{src: src}
	stores, err := src.textStores()
	f.Slots = stores
	f.guideStore()
	return f, f.fail(src.Size(), err)
}

// guideStore makes the first store the guide's.
func (l *Layout) guideStore() {
	for i := range l.Slots {
		if l.Slots[i].Kind == C2PA {
			l.Slots[i].Guide = true
			break
		}
	}
}

// Plan implements [File].
func (f *plainFile) Plan(changes []Change) (*splice.Plan, error) {
	var edits []splice.Edit
	for _, c := range changes {
		switch {
		case c.Slot != nil:
			edits = append(edits, storeEdit(c.Slot, c.Value))
		case c.Kind != C2PA:
			return nil, ErrNoPlace
		case c.Value != nil:
			e, err := f.src.storeAddition(c.Value)
			if err != nil {
				return nil, err
			}
			edits = append(edits, e)
		}
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits)
}
