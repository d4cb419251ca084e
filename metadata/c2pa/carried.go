package c2pa

import (
	"fmt"
	"io"
	"strings"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/xmp"
	"github.com/aigclabel/aigclabel/metadata"
)

// The encodings of slots that hold no store: its address, and one that cannot be read.
const (
	byURL       = "url"
	inEncrypted = "encrypted"
	inSelectors = "selectors" // of text; the value is nil where the wrapper is broken
)

// carried lists the slots for stores.
func (a *asset) carried() (slots []*container.Slot) {
	if a.file == nil {
		return nil
	}
	all := a.file.Summary().Slots
	for i := range all {
		if all[i].Kind == container.C2PA {
			slots = append(slots, &all[i])
		}
	}
	return slots
}

// stores returns the bytes of the stores of a file, or of the one beside it, and where
// the last is.
func (a *asset) stores(sidecar []byte) (stores [][]byte, place string, err error) {
	room := a.src.Values
	for _, slot := range a.carried() {
		if slot.Encoding == byURL || slot.Encoding == inEncrypted {
			continue
		}
		b, err := a.readStore(slot, room)
		if err != nil {
			return nil, "", err
		}
		room -= int64(len(b))
		stores, place = append(stores, b), slot.Place
	}
	if a.beside = stores == nil && sidecar != nil; a.beside {
		return [][]byte{sidecar}, "sidecar", nil
	}
	return stores, place, nil
}

// readStore returns the bytes of a store, at most room of them.
func (a *asset) readStore(slot *container.Slot, room int64) ([]byte, error) {
	if slot.Encoding != "" {
		return slot.Value, nil
	}
	var size int64
	for _, r := range slot.Ranges {
		if size += r.Length; r.Length > room || size > room {
			return nil, &metadata.LimitError{What: "C2PA manifest store", Limit: a.src.Values}
		}
	}
	b := make([]byte, size)
	rest := b
	for _, r := range slot.Ranges {
		if _, err := io.ReadFull(io.NewSectionReader(a.src.ReaderAt(), r.Offset, r.Length), rest[:r.Length]); err != nil {
			return nil, fmt.Errorf("c2pa: manifest store: %w", err)
		}
		rest = rest[r.Length:]
	}
	return b, nil
}

// unusable returns why none of the stores of a file counts (C2PA 2.2, 15.5.2.1): there are
// several, or what holds it is broken. It is "" for a file with one, or none.
func (a *asset) unusable() Code {
	slots := a.carried()
	for _, s := range slots {
		if s.Encoding == inSelectors && s.Value == nil {
			return ManifestTextCorruptedWrapper
		}
	}
	switch {
	case len(slots) < 2 || a.goOn(slots):
		return ""
	case a.name == "html":
		return ManifestHTMLMultiple
	case slots[0].Encoding == inSelectors:
		return ManifestTextMultipleWrappers
	}
	return GeneralError
}

// goOn reports whether each store goes on from those before it: a PDF is updated by
// appending (C2PA 2.2, 15.5.2.2), and so may be a file of boxes (A.5).
func (a *asset) goOn(slots []*container.Slot) bool {
	if a.name == "pdf" {
		return true
	}
	for i, s := range slots {
		if i == 0 && !strings.HasSuffix(s.Place, " original") || i > 0 && !strings.HasSuffix(s.Place, " update") {
			return false
		}
	}
	return a.carrier.binding == byBoxes
}

// spaceTerms is the namespace of dcterms:provenance.
const spaceTerms = "http://purl.org/dc/terms/"

// elsewhere reports where a file without a store says that its credentials are (C2PA
// 2.2, 15.5.3.1). Nothing is fetched.
func (a *asset) elsewhere(r *Report) {
	for _, s := range a.carried() {
		if s.Encoding == byURL {
			r.Remote = string(s.Value)
		}
		r.Findings = append(r.Findings, found(ManifestInaccessible, "the credentials are not looked for, or encrypted: "+s.Place))
	}
	if r.Remote == "" && a.file != nil {
		r.Remote = provenance(a.file.Summary().Slots)
		if r.Remote != "" {
			r.Findings = append(r.Findings, found(ManifestInaccessible, "the credentials are elsewhere, and not looked for"))
		}
	}
}

// provenance returns the address of the credentials in the XMP of a file.
func provenance(slots []container.Slot) string {
	for _, slot := range slots {
		if slot.Kind != container.XMP {
			continue
		}
		properties, _ := xmp.Properties(slot.Value) // as far as the packet can be read
		for _, p := range properties {
			if p.Space == spaceTerms && p.Name == "provenance" {
				return p.Value
			}
		}
	}
	return ""
}
