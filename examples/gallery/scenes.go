package main

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"
)

// A shader returns the colour of a point, whose coordinates are 0 to 1.
type shader func(x, y float64) (r, g, b float64)

func draw(w, h int, s shader) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			r, g, b := s(float64(x)/float64(w), float64(y)/float64(h))
			m.SetRGBA(x, y, color.RGBA{level(r), level(g), level(b), 0xFF})
		}
	}
	return m
}

func level(v float64) uint8 { return uint8(math.Round(0xFF * min(max(v, 0), 1))) }

// studio is a ball on white paper.
func studio(x, y float64) (r, g, b float64) {
	paper := 0.99 - 0.08*y*y
	dx, dy := (x-0.45)*1.5, y-0.5
	if d := math.Hypot(dx, dy); d < 0.28 {
		lit := 0.35 + 0.65*math.Sqrt(1-d*d/0.0784)*(0.6-dx-dy)
		return 0.95 * lit, 0.45 * lit, 0.3 * lit
	}
	shadow := 0.25 * math.Exp(-40*(math.Pow(x-0.5, 2)/3+math.Pow(y-0.8, 2)*3))
	return paper - shadow, paper - shadow, paper - 0.9*shadow
}

// night is a moon over the sea.
func night(x, y float64) (r, g, b float64) {
	glow := math.Exp(-9 * (math.Pow((x-0.3)*1.5, 2) + math.Pow(y-0.28, 2)))
	if math.Hypot((x-0.3)*1.5, y-0.28) < 0.09 {
		return 0.96, 0.95, 0.88
	}
	sky := 0.05 + 0.12*y
	if y > 0.62 {
		path := math.Exp(-60*math.Pow(x-0.3, 2)) * (0.5 + 0.5*math.Sin(160*y*y))
		return 0.03 + 0.5*path, 0.06 + 0.5*path, 0.12 + 0.45*path
	}
	return sky/2 + 0.5*glow, sky + 0.5*glow, 2*sky + 0.45*glow
}

// market is stripes, dots and signs of all colours, where a notice is hard to read.
func market(x, y float64) (r, g, b float64) {
	const stalls = 9
	column, row := math.Floor(x*stalls), math.Floor(y*6)
	n := noise(column, row)
	stripe := 0.5 + 0.5*math.Copysign(1, math.Sin(x*stalls*14*(1+n)+y*30*noise(row, column)))
	dots := 0.0
	if math.Hypot(math.Mod(x*60, 1)-0.5, math.Mod(y*40, 1)-0.5) < 0.35*noise(math.Floor(x*60), math.Floor(y*40)) {
		dots = 1
	}
	return n*0.6 + 0.4*stripe - 0.3*dots, noise(row, n)*0.7 + 0.3*dots, noise(n, column)*0.8*stripe + 0.4*dots
}

// noise returns a number of 0 to 1 that looks random.
func noise(x, y float64) float64 {
	v := math.Sin(x*127.1+y*311.7) * 43758.5453
	return v - math.Floor(v)
}

// chord is a sound of 1.6 s, as a WAV file.
func chord() []byte {
	const rate, length = 16_000, 25_600
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, 2*rate)
	b = append(b, 2, 0, 16, 0, 'd', 'a', 't', 'a')
	b = binary.LittleEndian.AppendUint32(b, 2*length)
	for i := range length {
		t := float64(i) / rate
		v := math.Exp(-2*t) * (math.Sin(2*math.Pi*262*t) + math.Sin(2*math.Pi*330*t) + math.Sin(2*math.Pi*392*t)) / 4
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(v*math.MaxInt16)))
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}
