//go:build ignore

// Draw makes the pictures of this folder: go run draw.go
//
// Nobody else has rights in them.
package main

import (
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
)

const (
	width, height = 640, 400
	horizon       = 265.0
	samples       = 3 // in each direction, for smooth edges
)

// A scene is a lake between hills, under a sun or a moon.
type scene struct {
	sky      []color.RGBA // from the top to the horizon
	disc     color.RGBA
	x, y, r  float64 // of the disc
	ridges   []ridge // from far to near
	water    color.RGBA
	stars    int
	starSeed uint64
}

// A ridge is a silhouette of hills.
type ridge struct {
	base, rise float64
	phase      float64
	color      color.RGBA
}

func main() {
	sunset := scene{
		sky:  []color.RGBA{rgb(0x2b2d5b), rgb(0x5a3a78), rgb(0x9a4a86), rgb(0xd65f7a), rgb(0xf58a64), rgb(0xffb765), rgb(0xffd98a)},
		disc: rgb(0xfff1c4), x: 410, y: 222, r: 46,
		ridges: []ridge{{250, 34, 0.4, rgb(0x8a4673)}, {262, 26, 2.1, rgb(0x5c3265)}, {276, 20, 4.4, rgb(0x2c1d47)}},
		water:  rgb(0x3b2a5c),
	}
	night := scene{
		sky:  []color.RGBA{rgb(0x060b1f), rgb(0x0a1530), rgb(0x112347), rgb(0x1b3560), rgb(0x2a4c79), rgb(0x416b93)},
		disc: rgb(0xf4f3e6), x: 190, y: 96, r: 34,
		ridges: []ridge{{246, 44, 1.2, rgb(0x1d3658)}, {262, 30, 3.3, rgb(0x122440)}, {278, 18, 5.0, rgb(0x080f20)}},
		water:  rgb(0x0f2140), stars: 90, starSeed: 4,
	}
	save("sunset.png", sunset, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode)
	save("night.jpg", night, func(w io.Writer, m image.Image) error {
		return jpeg.Encode(w, m, &jpeg.Options{Quality: 82})
	})
}

func save(name string, s scene, encode func(io.Writer, image.Image) error) {
	f, err := os.Create(name)
	if err != nil {
		log.Fatal(err)
	}
	if err := encode(f, s.draw()); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func (s scene) draw() image.Image {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetRGBA(x, y, s.pixel(float64(x), float64(y)))
		}
	}
	random := rand.New(rand.NewPCG(s.starSeed, 0))
	for range s.stars {
		x, y := random.IntN(width), random.IntN(200)
		if math.Hypot(float64(x)-s.x, float64(y)-s.y) > 2*s.r {
			m.SetRGBA(x, y, mix(m.RGBAAt(x, y), s.disc, 0.3+0.6*random.Float64()))
		}
	}
	return m
}

// pixel averages the scene over one pixel.
func (s scene) pixel(x, y float64) color.RGBA {
	var r, g, b int
	for i := range samples {
		for j := range samples {
			c := s.at(x+float64(i)/samples, y+float64(j)/samples)
			r, g, b = r+int(c.R), g+int(c.G), b+int(c.B)
		}
	}
	const n = samples * samples
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}

func (s scene) at(x, y float64) color.RGBA {
	if y < horizon {
		return s.above(x, y)
	}
	// Water mirrors what is above it, in strips that grow towards the shore.
	depth := (y - horizon) / (height - horizon)
	strip := math.Floor(math.Sqrt(depth) * 26)
	shift := 9 * depth * math.Sin(strip*2.4)
	return mix(s.above(x+shift, horizon-(y-horizon)*1.5), s.water, 0.2+0.35*depth)
}

// above returns the colour of the sky and the hills.
func (s scene) above(x, y float64) color.RGBA {
	for i := len(s.ridges) - 1; i >= 0; i-- {
		if y > s.ridges[i].top(x) {
			return s.ridges[i].color
		}
	}
	d := math.Hypot(x-s.x, y-s.y) / s.r
	if d < 1 {
		return s.disc
	}
	at := math.Max(y, 0) / horizon * float64(len(s.sky)-1)
	i := min(int(at), len(s.sky)-2)
	// Flat bands, and flat rings around the disc, as on a poster.
	c := mix(s.sky[i], s.sky[i+1], math.Floor((at-float64(i))*4)/4)
	return mix(c, s.disc, math.Max(0, 0.4-0.1*math.Floor(d*1.6)))
}

// top returns the height of the ridge at x.
func (r ridge) top(x float64) float64 {
	t := x/width*2*math.Pi + r.phase
	return r.base - r.rise*(0.55*math.Sin(t)+0.3*math.Sin(2.7*t+1)+0.12*math.Sin(7.3*t)+0.05*math.Sin(17*t))
}

func mix(a, b color.RGBA, t float64) color.RGBA {
	f := func(x, y uint8) uint8 { return uint8(float64(x)*(1-t) + float64(y)*t + 0.5) }
	return color.RGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 255}
}

func rgb(v uint32) color.RGBA { return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255} }
