package watermark_test

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/aigclabel/aigclabel/watermark"
)

// picture is one made in code: hills of many sizes.
func picture() *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 800, 600))
	for y := range 600 {
		for x := range 800 {
			u, v, sum := float64(x), float64(y), 128.0
			for i := range 7 {
				size := 120 / float64(int(1)<<i)
				sum += size / 3 * math.Sin(u/size+2*math.Sin(v/size/1.7)) * math.Cos(v/size+float64(i))
				u, v = 0.8*u-0.6*v, 0.6*u+0.8*v
			}
			c := uint8(min(max(sum, 0), 255))
			m.SetNRGBA(x, y, color.NRGBA{c, 255 - c/2, c / 2, 255})
		}
	}
	return m
}

func Example() {
	payload, err := watermark.ParsePayload("0123456789abcdef")
	if err != nil {
		panic(err)
	}
	marked, err := watermark.EmbedImage(picture(), payload, watermark.OpenKey, nil)
	if err != nil {
		panic(err)
	}
	part := marked.(*image.NRGBA).SubImage(image.Rect(50, 100, 650, 550))
	for _, d := range watermark.DetectImage(part, watermark.OpenKey).Found {
		fmt.Println(d.Payload, d.Probability < 1e-9)
	}
	// Output: 0123456789abcdef true
}

func ExampleDeriveKey() {
	secret := []byte("from a vault, not from source code")
	first, err := watermark.DeriveKey(secret, "customer 1")
	if err != nil {
		panic(err)
	}
	second, err := watermark.DeriveKey(secret, "customer 2")
	if err != nil {
		panic(err)
	}
	payload, err := watermark.NewPayload([]byte("order 17"))
	if err != nil {
		panic(err)
	}
	m := picture()
	if err := watermark.EmbedImageInPlace(m, payload, second, nil); err != nil {
		panic(err)
	}
	for _, d := range watermark.DetectImage(m, first, second).Found {
		fmt.Printf("key %d: %s\n", d.Key, d.Payload.Bytes())
	}
	// Output: key 1: order 17
}

// A Grid marks pictures that are held in other ways than as an image.Image.
func ExampleGrid() {
	m := picture()
	w, h := m.Rect.Dx(), m.Rect.Dy()
	row := make([]float32, w)
	brightness := func(y int) []float32 {
		for x := range row {
			c := m.NRGBAAt(x, y)
			row[x] = 0.299*float32(c.R) + 0.587*float32(c.G) + 0.114*float32(c.B)
		}
		return row
	}

	g := watermark.NewGrid(w, h)
	for y := range h {
		g.AddRow(brightness(y))
	}
	payload, err := watermark.ParsePayload("0123456789abcdef")
	if err != nil {
		panic(err)
	}
	residual, err := g.Residual(payload, watermark.OpenKey, nil)
	if err != nil {
		panic(err)
	}
	marked, added := watermark.NewGrid(w, h), make([]float32, w)
	for y := range h {
		residual.Row(y, added)
		for x, v := range brightness(y) {
			added[x] += v
		}
		marked.AddRow(added)
	}
	fmt.Println(marked.Detect(watermark.OpenKey).Found[0].Payload)
	// Output: 0123456789abcdef
}
