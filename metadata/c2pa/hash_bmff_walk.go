package c2pa

import (
	"bytes"
	"errors"
	"iter"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A boxWalk finds what exclusions leave out.
type boxWalk struct {
	src   *container.Source
	holes []container.Range // in the box at the root
}

// maxHoles bounds what is left out of one box at the root.
const maxHoles = 1 << 18

var errHoles = &container.LimitError{What: "number of excluded parts of a box", Limit: maxHoles}

// level walks the boxes of one level and calls done after each.
func (w *boxWalk) level(boxes iter.Seq2[container.BMFFBox, error], exclusions []*boxExclusion, depth int, done func(container.BMFFBox) bool) error {
	seen := map[string]int{} // boxes of a type that is counted
	for _, e := range exclusions {
		seen[e.path[depth].kind] = 0
	}
	for b, err := range boxes {
		if _, bad := errors.AsType[*container.FormatError](err); bad {
			return nil // what follows is of no box
		}
		if err != nil {
			return err
		}
		if n, counted := seen[b.Type]; counted {
			seen[b.Type] = n + 1
			if err := w.box(b, n+1, exclusions, depth); err != nil {
				return err
			}
		}
		if !done(b) {
			return nil
		}
	}
	return nil
}

// box finds what is left out of a box, the one of that index among those of its type.
func (w *boxWalk) box(b container.BMFFBox, index int, exclusions []*boxExclusion, depth int) error {
	var inside []*boxExclusion
	for _, e := range exclusions {
		step := e.path[depth]
		if step.kind != b.Type || step.index != 0 && step.index != index {
			continue
		}
		if len(e.path) > depth+1 {
			inside = append(inside, e)
			continue
		}
		ok, err := e.matches(w.src, b)
		if err != nil {
			return err
		}
		if ok {
			w.exclude(b.Range, e.Subset)
		}
		if len(w.holes) > maxHoles {
			return errHoles
		}
	}
	if len(inside) == 0 {
		return nil
	}
	skip, err := fullBoxHead(w.src, b)
	if err != nil {
		return err
	}
	return w.level(b.Boxes(w.src, skip), inside, depth+1, func(container.BMFFBox) bool { return true })
}

// exclude leaves out parts of a box, the whole of it without parts.
func (w *boxWalk) exclude(b container.Range, parts []boxSubset) {
	if len(parts) == 0 {
		w.holes = append(w.holes, b)
	}
	for i, p := range parts {
		if p.Offset >= b.Length {
			return
		}
		n := min(p.Length, b.Length-p.Offset)
		if p.Length == 0 && i == len(parts)-1 {
			n = b.Length - p.Offset
		}
		if n > 0 {
			w.holes = append(w.holes, container.Range{Offset: b.Offset + p.Offset, Length: n})
		}
	}
}

// fullBoxHead returns how many bytes of the body of a container come before its
// boxes: a version and flags in a meta box, but not in that of QuickTime.
func fullBoxHead(src *container.Source, b container.BMFFBox) (int64, error) {
	if b.Type != "meta" || b.Length < b.HeaderSize+8 {
		return 0, nil
	}
	h, err := src.Peek(b.Offset+b.HeaderSize, 8)
	if err != nil || string(h[4:]) == "hdlr" {
		return 0, err
	}
	return 4, nil
}

// matches reports whether a box at the path of e meets its conditions.
func (e *boxExclusion) matches(src *container.Source, b container.BMFFBox) (bool, error) {
	if e.Length != nil && *e.Length != b.Length {
		return false, nil
	}
	if ok, err := e.matchesFull(src, b); !ok || err != nil {
		return false, err
	}
	for _, d := range e.Data {
		n := int64(len(d.Value))
		if d.Offset > b.Length || n > b.Length-d.Offset {
			return false, nil
		}
		for i := int64(0); i < n; i += maxPeek {
			part := d.Value[i:min(i+maxPeek, n)]
			got, err := src.Peek(b.Offset+d.Offset+i, len(part))
			if err != nil || !bytes.Equal(got, part) {
				return false, err
			}
		}
	}
	return true, nil
}

// maxPeek is the most that [container.Source.Peek] returns.
const maxPeek = 64

// matchesFull compares the version and flags, which follow the header.
func (e *boxExclusion) matchesFull(src *container.Source, b container.BMFFBox) (bool, error) {
	if e.Version == nil && len(e.Flags) == 0 {
		return true, nil
	}
	at := b.HeaderSize
	if b.Type == "uuid" {
		at += int64(len(b.UserType))
	}
	if b.Length-at < 4 {
		return false, nil
	}
	h, err := src.Peek(b.Offset+at, 4)
	if err != nil || e.Version != nil && *e.Version != int(h[0]) {
		return false, err
	}
	exact := e.Exact == nil || *e.Exact
	for i, want := range e.Flags {
		if got := h[1+i]; got&want != want || exact && got != want {
			return false, nil
		}
	}
	return true, nil
}
