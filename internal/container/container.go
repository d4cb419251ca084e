// Package container knows where things sit in a file.
//
// For each format there is one [Walk]: it finds the slots of a file (the AIGC
// record, the XMP packet, the Exif block, the C2PA store, named texts) without
// reading the media, and plans the edits that put other values into them. A
// value goes in and out decoded: chunk framing, compression, checksums, offset
// tables and character escapes are the container's business; what the value
// means is the caller's.
package container

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Kind says what a slot holds.
type Kind int

// The kinds of slots.
const (
	Record Kind = iota + 1 // an AIGC record in a place of its own
	XMP                    // an XMP packet
	EXIF                   // a TIFF-structured Exif block
	C2PA                   // a C2PA manifest store
	Text                   // any other named text
)

// A Range is a run of file bytes.
type Range struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// end returns where r ends.
func (r Range) end() int64 { return r.Offset + r.Length }

// Cut returns the bytes of ranges after the first skip, at most length of them.
func Cut(ranges []Range, skip, length int64) (out []Range) {
	for _, r := range ranges {
		if n := min(r.Length-skip, length); n > 0 {
			out = append(out, Range{Offset: r.Offset + skip, Length: n})
			length -= n
		}
		skip = max(skip-r.Length, 0)
	}
	return out
}

// appendRange appends r, or lets the last of ranges go on where r begins.
func appendRange(ranges []Range, r Range) []Range {
	if n := len(ranges) - 1; n >= 0 && ranges[n].end() == r.Offset {
		ranges[n].Length += r.Length
		return ranges
	}
	return append(ranges, r)
}

// A Slot is one value in a file.
type Slot struct {
	Kind     Kind
	Key      string  // the name of the value in its place: "AIGC", "parameters"
	Place    string  // where that is, in the words of the format: "PNG tEXt AIGC"
	Guide    bool    // the place where a new value of this kind would go
	Value    []byte  // decoded; nil for C2PA, whose bytes are in Ranges
	Encoding string  // how Ranges hold Value: "" as is, "xml", "deflate", "yaml"...
	Ranges   []Range // the bytes that hold the value, in order

	// Frame is, of a C2PA store, the whole of what holds it, in order: headers,
	// padding and checksums included. The hash of the file that the store signs,
	// c2pa.hash.data, leaves it out. It is nil for other kinds.
	Frame []Range
}

// A Change asks for another value in a slot.
type Change struct {
	Slot  *Slot  // from Layout.Slots; nil means the format's own place for Kind
	Kind  Kind   // of the value to add when Slot is nil
	Value []byte // decoded; nil removes the slot
}

// A Layout is what a walk found.
type Layout struct {
	// Slots lists the values in the order of the file. Callers keep pointers to
	// its elements for [Change.Slot].
	Slots []Slot

	// Damage says what breaks the structure: a *[FormatError], nil for a whole
	// file. Slots found before the damage, or beside it, are listed all the same.
	Damage error

	// Limits lists the *[LimitError] values that made the walk skip something,
	// each once.
	Limits []error

	// Signed names a signature over the file's bytes that an edit breaks or
	// leaves behind, "" for none: "PDF certification signature".
	Signed string

	// End is where the format ends: what follows is not of it. It is 0 where a walk
	// does not tell.
	End int64

	// Trailer names what the file says, or all programs know, to follow its End.
	Trailer string

	// Encrypted says that the values of the file cannot be read or written
	// without a key that a walk does not have.
	Encrypted bool

	looked int            // of Slots, for those that are the guide's
	taken  [Text + 1]bool // guide's places, by kind
}

// Summary returns l itself: a format embeds Layout and is a [File].
func (l *Layout) Summary() *Layout { return l }

// vacant reports whether the guide's place for kind is still to be found. It looks
// at a slot once: hostile files ask for each of their elements.
func (l *Layout) vacant(kind Kind) bool {
	for ; l.looked < len(l.Slots); l.looked++ {
		if s := &l.Slots[l.looked]; s.Guide {
			l.taken[s.Kind] = true
		}
	}
	return !l.taken[kind]
}

// maxSlots bounds the slots of one file: a short frame makes a large slot.
const maxSlots = 8 << 10

var errTooManySlots = &LimitError{What: "number of slots", Limit: maxSlots}

// full returns the error of a layout that takes no more slots.
func (l *Layout) full() error {
	if len(l.Slots) >= maxSlots {
		return errTooManySlots
	}
	return nil
}

// addSlot lists a slot and returns its index.
func (l *Layout) addSlot(s Slot) (int, error) {
	if err := l.full(); err != nil {
		return 0, err
	}
	l.Slots = append(l.Slots, s)
	return len(l.Slots) - 1, nil
}

// damage records the first break of the structure.
func (l *Layout) damage(off int64, format string, args ...any) {
	if l.Damage == nil {
		l.Damage = &FormatError{Offset: off, Err: fmt.Errorf(format, args...)}
	}
}

// fail files err where it belongs: truncation and broken structure are damage,
// limits are listed. It returns what is neither, an I/O error.
func (l *Layout) fail(off int64, err error) error {
	if err == nil {
		return nil
	}
	if limit, ok := errors.AsType[*LimitError](err); ok {
		if !slices.ContainsFunc(l.Limits, func(e error) bool { return *e.(*LimitError) == *limit }) {
			l.Limits = append(l.Limits, limit)
		}
		return nil
	}
	if bad, ok := errors.AsType[*FormatError](err); ok {
		if l.Damage == nil {
			l.Damage = bad
		}
		return nil
	}
	if errors.Is(err, errTruncated) {
		l.damage(off, "%w", errTruncated)
		return nil
	}
	return err
}

// A File is a walked file.
type File interface {
	Summary() *Layout

	// Plan returns the edits that make the changes, all at once, and nothing
	// else. It must not be called on a damaged file. Values that already stand
	// as asked give no edits.
	Plan(changes []Change) (*splice.Plan, error)
}

// A Walk finds the slots of a file of one format. The error is an I/O error:
// what is wrong with the file is in its [Layout].
type Walk func(*Source) (File, error)

// ErrNoPlace reports a change that the format has no place for.
var ErrNoPlace = errors.New("no place for it in this format")

// ErrEncrypted reports a change to a file that is [Layout.Encrypted].
var ErrEncrypted = errors.New("file is encrypted")

// A FormatError says where a file breaks the rules of its format.
type FormatError struct {
	Offset int64
	Err    error
}

func (e *FormatError) Error() string { return fmt.Sprintf("offset %d: %v", e.Offset, e.Err) }

// Unwrap returns the cause.
func (e *FormatError) Unwrap() error { return e.Err }

// A LimitError says which limit a file's claims exceed.
type LimitError struct {
	What  string
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s exceeds the limit of %d", e.What, e.Limit)
}

// changed returns the change asked for slot, if there is one and the slot does not
// hold the value already. The value of a C2PA store is not known.
func changed(changes []Change, slot *Slot) (Change, bool) {
	i := slices.IndexFunc(changes, func(c Change) bool { return c.Slot == slot })
	if i < 0 {
		return Change{}, false
	}
	c := changes[i]
	stands := c.Value != nil && slot.Kind != C2PA && bytes.Equal(c.Value, slot.Value)
	return c, !stands
}

// additions returns the changes that put a value in the format's own place.
func additions(changes []Change) []Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c Change) bool { return c.Slot != nil || c.Value == nil })
}

// recordKey reports whether a value's name says that it is an AIGC record
// (GB 45438-2025 Annex E a): the name contains AIGC).
func recordKey(name string) bool {
	return strings.Contains(name, "AIGC") || strings.EqualFold(strings.TrimSpace(name), "aigc")
}

// printable returns a four-character code for a message.
func printable(code string) string {
	if strings.IndexFunc(code, func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }) < 0 {
		return code // nearly all
	}
	return strings.Trim(strconv.QuoteToASCII(code), `"`)
}

// growth returns by how much edits make a file longer.
func growth(edits ...splice.Edit) (n int64) {
	for _, e := range edits {
		if e.Insert != nil {
			n += e.Insert.Size()
		}
		n -= e.Delete
	}
	return n
}
