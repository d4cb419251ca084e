package bmp

import (
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

// TestLuma: rows are as bright as their pixels, and become as bright as is asked for, as far as
// samples can.
func TestLuma(t *testing.T) {
	for _, s := range samples {
		b := s.encode()
		p := open(t, b)
		before, err := p.Pixels(p.Bounds())
		require.NoError(t, err)
		y := 0
		require.NoError(t, p.Luma(func(row []float32) {
			require.Len(t, row, width)
			for x, lit := range row {
				require.InDelta(t, luma.Of(before.NRGBA64At(x, y)), lit, 1e-3, s.name)
			}
			y++
		}))
		require.Equal(t, height, y)
		edits, err := p.AddLuma(waves)
		if s.depth <= 8 {
			require.ErrorIs(t, err, ErrColors, s.name)
			continue
		}
		require.NoError(t, err)
		is := open(t, edited(t, b, edits))
		after, err := is.Pixels(is.Bounds())
		require.NoError(t, err)
		step := 1.0 // of a sample
		if s.depth == 16 {
			step = 0x11
		}
		by := make([]float32, width)
		for y := range height {
			waves(y, by)
			for x, d := range by {
				require.InDelta(t, luma.Of(luma.Add(before.NRGBA64At(x, y), d)), luma.Of(after.NRGBA64At(x, y)), step/2+0.01, s.name)
			}
		}
	}
}
