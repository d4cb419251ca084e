package watermark

import (
	"fmt"
	"testing"
)

var benchSizes = [][2]int{{1224, 816}, {4248, 2832}} // 1 and 12 megapixels

// BenchmarkGrid takes the rows of a picture: what marking and detection begin with.
func BenchmarkGrid(b *testing.B) {
	for _, s := range benchSizes {
		b.Run(fmt.Sprintf("%dx%d", s[0], s[1]), func(b *testing.B) {
			row := make([]float32, s[0])
			b.SetBytes(int64(s[0] * s[1]))
			b.ReportAllocs()
			for b.Loop() {
				g := NewGrid(s[0], s[1])
				for range s[1] {
					g.AddRow(row)
				}
			}
		})
	}
}

// BenchmarkWhiten is the rest of what both need, on a grid of 768 x 512.
func BenchmarkWhiten(b *testing.B) {
	g := gridOf(1224, 816, noise(1))
	b.ReportAllocs()
	for b.Loop() {
		p := g.canonical()
		whiten(p, newPlane(p.w, p.h), newPlane(p.w, p.h))
	}
}

// BenchmarkResidual makes a watermark on such a grid.
func BenchmarkResidual(b *testing.B) {
	g := gridOf(1224, 816, noise(1))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Residual(Payload{n: 8}, OpenKey, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRow makes its rows as large as the picture.
func BenchmarkRow(b *testing.B) {
	for _, s := range benchSizes {
		b.Run(fmt.Sprintf("%dx%d", s[0], s[1]), func(b *testing.B) {
			r, err := gridOf(s[0], s[1], noise(1)).Residual(Payload{n: 8}, OpenKey, nil)
			if err != nil {
				b.Fatal(err)
			}
			row := make([]float32, s[0])
			b.SetBytes(int64(s[0] * s[1]))
			b.ReportAllocs()
			for b.Loop() {
				for y := range s[1] {
					r.Row(y, row)
				}
			}
		})
	}
}
