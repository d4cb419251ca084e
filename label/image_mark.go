package label

import (
	"errors"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/watermark"
)

// A lit canvas shows the brightness of its pixels, row by row from the top, 0 to 255.
type lit interface {
	canvas
	scan(do func(row []float32)) error
}

// A dimmer is one that can be made brighter or darker by what residual says of rows.
type dimmer interface {
	lit
	unfit() error // why it is of a kind that carries no watermark, nil if it carries one
	brighten(residual func(y int, row []float32)) (*splice.Plan, error)
}

// animation fails for one: its frames are not whole pictures.
func animation(moving bool) error {
	if moving {
		return missing{"animations carry no watermark"}
	}
	return nil
}

// errUnmarked reports a picture that does not hold a watermark.
var errUnmarked = missing{"the watermark cannot be read back: the picture is too small, too even or too coarse to hold it"}

// plan returns the file of a picture with the watermark in all its pages. It is read back
// from what the file will be. There are no edits where the pages carry it already.
func (m *marking) plan(open canvasOpener, src metadata.Source, limit int64) (*splice.Plan, error) {
	marked, err := m.draw(open, src, limit)
	if err != nil || len(marked.Edits()) == 0 {
		return marked, err
	}
	return marked, m.readBack(open, planned(marked), limit)
}

// draw marks all pages.
func (m *marking) draw(open canvasOpener, src metadata.Source, limit int64) (*splice.Plan, error) {
	c, err := open(src.R, src.Size, limit)
	if err != nil {
		return nil, err
	}
	var edits []splice.Edit
	for _, page := range sheets(c) {
		page, ok := page.(dimmer)
		if !ok {
			return nil, missing{"the picture is of a kind that carries no watermark"}
		}
		if err := page.unfit(); err != nil {
			return nil, err
		}
		residual, err := m.residual(page.view(), page.scan)
		if err != nil {
			return nil, err
		}
		if residual == nil {
			continue
		}
		plan, err := page.brighten(residual.Row)
		if err != nil {
			return nil, err
		}
		edits = append(edits, plan.Edits()...)
	}
	plan, err := splice.New(src.R, src.Size, edits)
	if errors.Is(err, splice.ErrInvalid) {
		err = missing{"pages that share their pixels"}
	}
	return plan, err
}

// sheets returns a picture and its further pages. Previews do without a watermark.
func sheets(c canvas) []canvas {
	all := []canvas{c}
	if b, ok := c.(book); ok {
		for _, page := range b.pages() {
			if _, reduced := page.(preview); !reduced {
				all = append(all, page)
			}
		}
	}
	return all
}

// readBack fails unless the watermark is in all pages.
func (m *marking) readBack(open canvasOpener, marked metadata.Source, limit int64) error {
	c, err := open(marked.R, marked.Size, limit)
	if err != nil {
		return err
	}
	for _, page := range sheets(c) {
		grid, err := gridOf(page.(lit)) // of the kind that was drawn on
		if err != nil {
			return err
		}
		if !m.in(grid) {
			return errUnmarked
		}
	}
	return nil
}

// errTiny reports a picture that neither gets a watermark nor shows one.
var errTiny = unsuited(watermark.ErrTooSmall)

// unsuited reports a picture of a kind that err says, without the package that it begins with.
func unsuited(err error) error {
	_, reason, _ := strings.Cut(err.Error(), ": ")
	return missing{reason}
}

// tiny reports whether a picture is one of those.
func (v view) tiny() bool {
	const least = 64 // pixels each way
	return min(v.w, v.h) < least
}

// small reports whether a picture shows a watermark only as a part of a larger one: it is too
// small to be given one ([watermark.ErrTooSmall]).
func (v view) small() bool {
	const least = 128 // pixels each way
	return min(v.w, v.h) < least
}

// gridOf returns a picture as watermarks are looked for.
func gridOf(c lit) (*watermark.Grid, error) {
	if c.view().tiny() {
		return nil, errTiny
	}
	if j, ok := c.(jpegCanvas); ok {
		return j.grid(), nil
	}
	v := c.view()
	grid := watermark.NewGrid(v.w, v.h)
	return grid, c.scan(grid.AddRow)
}

// enough is the shorter side of a picture above which a smaller copy shows its watermarks as
// well: twice what a Grid keeps of it.
const enough = 1024

// markedToo says whether what a notice is drawn on got the watermark as well. Why not, the
// layer says.
func (j *job) markedToo(err error) (bool, error) {
	if lacking, ok := errors.AsType[missing](err); ok {
		j.mark.lacks(lacking.reason)
		return false, nil
	}
	return err == nil, err
}

// settle notes what became of the watermark that went in with the notice: err says whether
// the file holds it, how what else that took.
func (j *job) settle(err error, how string) error {
	held, err := j.markedToo(err)
	if held {
		j.mark.done(how)
	}
	return err
}
