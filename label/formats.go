package label

import (
	"iter"

	"github.com/aigclabel/aigclabel/metadata"
)

// A Capability is a line of the capability table: what labels files of a format
// can get, and which are found in them.
type Capability struct {
	metadata.Format

	// Visible says where a [Notice] goes: "picture", "text", "page", "slide", "audio" (to
	// be heard, as a [Cue] or a [Clip]); "" if it has to be shown beside the content.
	Visible string `json:"visible"`

	// Hidden says what a [Watermark] is put into: "picture", "" if into nothing.
	Hidden string `json:"hidden"`
}

// Formats yields the capability table.
func Formats() iter.Seq[Capability] {
	return func(yield func(Capability) bool) {
		for f := range metadata.Formats() {
			if !yield(Capability{Format: f, Visible: media[f.Name].name, Hidden: hidden(f.Name)}) {
				return
			}
		}
	}
}

// hidden returns what a watermark is put into.
func hidden(format string) string {
	if markers[format] == nil {
		return ""
	}
	return "picture"
}
