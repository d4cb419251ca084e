package gifframes

import (
	"image/color"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/luma"
)

// Luma calls do with the brightness of each row of the screen, 0 to 255, as the first frame
// leaves it: black where it has no pixels. Row is good until do returns. A screen of more
// pixels than all frames may have is a *[container.LimitError].
func (p *Picture) Luma(do func(row []float32)) error {
	if int64(p.Width)*int64(p.Height) > p.limit {
		return &container.LimitError{What: "pixels of the screen", Limit: p.limit}
	}
	f := &p.frames[0]
	indices, err := p.indices(f)
	if err != nil {
		return err
	}
	var table [256]float32
	for i := range min(len(f.palette), len(table)) {
		if i != f.transparent {
			table[i] = luma.Of(color.NRGBA64Model.Convert(f.palette[i]).(color.NRGBA64))
		}
	}
	row := make([]float32, p.Width)
	for y := range p.Height {
		clear(row)
		if y >= f.rect.Min.Y && y < f.rect.Max.Y {
			left := min(f.rect.Min.X, p.Width)
			line := indices[(y-f.rect.Min.Y)*f.rect.Dx():][:f.rect.Dx()]
			for x, i := range line[:min(len(line), p.Width-left)] {
				row[left+x] = table[i]
			}
		}
		do(row)
	}
	return nil
}
