package tiffpix

import (
	"encoding/binary"
	"image/color"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/luma"
)

// waves is a residual.
func waves(y int, row []float32) {
	for x := range row {
		row[x] = float32((x*7+y*5)%9) - 4
	}
}

// TestLuma changes the brightness of all kinds, as another program sees it.
func TestLuma(t *testing.T) {
	for name, options := range kinds {
		t.Run(name, func(t *testing.T) {
			b := made(t, options)
			p, before := open(t, b)[0], shown(t, b)
			y := 0
			const tolerance = 1.2
			require.NoError(t, p.Luma(func(row []float32) {
				require.Len(t, row, width)
				for x, lit := range row {
					require.InDelta(t, luma.Of(pixel(before, x, y)), lit, tolerance, "%d, %d", x, y)
				}
				y++
			}))
			require.Equal(t, height, y)
			edits, err := p.AddLuma(waves)
			switch {
			case p.Palette() != nil:
				require.ErrorIs(t, err, ErrColors)
				return
			case p.model == cmyk:
				require.ErrorIs(t, err, ErrUnsupported)
				return
			}
			require.NoError(t, err)
			after := shown(t, edited(t, b, edits))
			by := make([]float32, width)
			for y := range height {
				waves(y, by)
				for x, d := range by {
					was, is := pixel(before, x, y), pixel(after, x, y)
					require.Equal(t, was.A, is.A)
					require.InDelta(t, luma.Of(luma.Add(was, d)), luma.Of(is), tolerance, "%d, %d: %v, %v", x, y, was, is)
				}
			}
		})
	}
}

// rows counts those that are shown.
func rows(p *Page) (n int, err error) {
	err = p.Luma(func([]float32) { n++ })
	return n, err
}

// pixel returns one of what is shown.
func pixel(all []byte, x, y int) color.NRGBA64 {
	v := all[8*(y*width+x):]
	sample := func(i int) uint16 { return binary.LittleEndian.Uint16(v[2*i:]) }
	return color.NRGBA64{R: sample(0), G: sample(1), B: sample(2), A: sample(3)}
}
