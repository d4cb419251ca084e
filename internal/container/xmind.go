package container

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// XMind, since 2018: a ZIP archive of content.json, which is the map,
// metadata.json, which says what made it, and manifest.json, which lists the
// others. The layout is not published; older files hold XML instead.
//
// The text guide names a place that has not been seen. Ours is a member AIGC of
// metadata.json, as in any JSON.

const (
	xmindContent  = "content.json"
	xmindMetadata = "metadata.json"
	xmindManifest = "manifest.json"
	xmindOld      = "meta.xml"
	xmindOldSpace = "urn:xmind:xmap:"
)

type xmindFile struct {
	Layout
	zip      *zipArchive
	entry    *zipEntry // of metadata.json, nil if there is none
	metadata File      // that, as a file of its own: its slots are those of Layout
}

// XMind walks an XMind workbook. The record is the member AIGC of metadata.json,
// our choice. One of XMind 8 or older has no slots, and no place.
func XMind(src *Source) (File, error) {
	f := &xmindFile{}
	src.ooxml = nil
	var err error
	if f.zip, err = openZIP(src, &f.Layout); err != nil {
		return f, err
	}
	return f, f.fail(src.Size(), f.walk())
}

// xmindKind returns "xmind" for a workbook, "" for another archive.
func (z *zipArchive) xmindKind() (string, error) {
	if z.find(xmindMetadata) != nil && z.find(xmindContent) != nil {
		return "xmind", nil
	}
	e := z.find(xmindOld)
	if e == nil || e.size > HeadSize {
		return "", nil
	}
	doc, err := z.read(e, HeadSize)
	if !strings.Contains(doc, xmindOldSpace) {
		return "", z.fail(e.local, err)
	}
	return "xmind", nil
}

func (f *xmindFile) walk() error {
	if f.entry = f.zip.find(xmindMetadata); f.entry == nil {
		return nil
	}
	for i := range f.zip.entries {
		if e := &f.zip.entries[i]; e != f.entry && e.name == f.entry.name { // readers differ in which one they take
			f.damage(e.local, "two ZIP entries %s", xmindMetadata)
		}
	}
	if e := f.zip.find(xmindManifest); e != nil {
		manifest, err := f.zip.read(e, zipPartsSize)
		if err != nil {
			return err
		}
		f.Encrypted = f.Encrypted || strings.Contains(manifest, `"encryption-data"`)
	}
	doc, err := f.zip.read(f.entry, zipPartsSize)
	if err != nil || f.Encrypted {
		return err
	}
	inner := NewSource(strings.NewReader(doc), int64(len(doc)), f.zip.src.Limits)
	if f.metadata, err = JSON(inner); err != nil {
		return err
	}
	f.list(f.metadata.Summary())
	return nil
}

// list takes over what was found in metadata.json.
func (f *xmindFile) list(inner *Layout) {
	if inner.Damage != nil {
		f.damage(f.entry.data, "%s: %w", xmindMetadata, inner.Damage)
	}
	f.Limits = append(f.Limits, inner.Limits...)
	f.Slots = slices.Clone(inner.Slots)
	for i := range f.Slots {
		s := &f.Slots[i]
		s.Place = "XMind " + xmindMetadata + " " + s.Key
		if f.entry.method == zipDeflated {
			s.Encoding, s.Ranges = "deflate", []Range{{f.entry.data, f.entry.packed}}
		} else {
			s.Ranges = []Range{{f.entry.data + s.Ranges[0].Offset, s.Ranges[0].Length}}
		}
	}
}

// Plan implements [File].
func (f *xmindFile) Plan(changes []Change) (*splice.Plan, error) {
	switch {
	case f.Encrypted:
		return nil, ErrEncrypted
	case f.Damage != nil:
		return nil, f.Damage
	case len(f.Limits) > 0: // what was not read cannot be kept
		return nil, f.Limits[0]
	case f.metadata == nil && len(changes) > 0:
		return nil, fmt.Errorf("%w: save the map with XMind 2020 or newer", ErrNoPlace)
	case f.metadata == nil:
		return f.zip.plan(nil, "")
	}
	plan, err := f.metadata.Plan(f.inner(changes))
	switch {
	case err != nil:
		return nil, err
	case len(plan.Edits()) == 0:
		return f.zip.plan(nil, "")
	}
	content, err := io.ReadAll(plan.Source())
	if err != nil {
		return nil, err
	}
	return f.zip.plan(map[string][]byte{f.entry.name: content}, "")
}

// inner returns the changes as those of metadata.json.
func (f *xmindFile) inner(changes []Change) []Change {
	changes = slices.Clone(changes)
	for i := range changes {
		for n := range f.Slots {
			if changes[i].Slot == &f.Slots[n] {
				changes[i].Slot = &f.metadata.Summary().Slots[n]
			}
		}
	}
	return changes
}
