// Package luma reads and changes the brightness of rows of pixels: the luma of ITU-R
// BT.601 in full range, 0 to 255, with fractions for samples of 16 bits. To change it
// is to add the same to red, green and blue, so that the hue stays.
package luma

import (
	"encoding/binary"
	"image/color"
)

// The weights of the channels (ITU-R BT.601).
const (
	red   = 0.299
	green = 0.587
	blue  = 0.114
)

// wide is how many of 16 bits make one of 8.
const wide = 257

// Of returns the brightness of a colour, whatever its alpha.
func Of(c color.NRGBA64) float32 {
	return (red*float32(c.R) + green*float32(c.G) + blue*float32(c.B)) / wide
}

// Add returns a colour that is brighter by so much, as far as that goes. Nobody sees the
// colour of a transparent one, which stays.
func Add(c color.NRGBA64, by float32) color.NRGBA64 {
	d := round(by * wide)
	if c.A == 0 || d == 0 {
		return c
	}
	c.R, c.G, c.B = clamp16(int32(c.R)+d), clamp16(int32(c.G)+d), clamp16(int32(c.B)+d)
	return c
}

// A Layout says how pixels stand in the bytes of a row: one gray or three coloured
// samples, and further ones that stay.
type Layout struct {
	Samples int              // of a pixel
	Gray    bool             // the first is gray, or the first three are colours
	BGR     bool             // blue comes first
	Alpha   int              // the sample that is alpha, 0 for none
	Wide    binary.ByteOrder // of samples of 16 bits, nil for 8 bits
}

// Read writes the brightness of the pixels of a row to dst, which says how many.
func (l *Layout) Read(dst []float32, row []byte) {
	switch {
	case l.Wide != nil && l.Gray:
		for i := range dst {
			dst[i] = float32(l.Wide.Uint16(row[2*l.Samples*i:])) / wide
		}
	case l.Wide != nil:
		l.readWide(dst, row)
	case l.Gray:
		for i := range dst {
			dst[i] = float32(row[l.Samples*i])
		}
	default:
		l.readColors(dst, row)
	}
}

// weights returns those of the three samples.
func (l *Layout) weights() (first, second, third float32) {
	if l.BGR {
		return blue, green, red
	}
	return red, green, blue
}

func (l *Layout) readColors(dst []float32, row []byte) {
	first, second, third := l.weights()
	for i := range dst {
		s := row[:3:3]
		dst[i] = first*float32(s[0]) + second*float32(s[1]) + third*float32(s[2])
		row = row[min(l.Samples, len(row)):]
	}
}

func (l *Layout) readWide(dst []float32, row []byte) {
	first, second, third := l.weights()
	for i := range dst {
		s := row[2*l.Samples*i:][:6]
		dst[i] = (first*float32(l.Wide.Uint16(s)) + second*float32(l.Wide.Uint16(s[2:])) + third*float32(l.Wide.Uint16(s[4:]))) / wide
	}
}

// Add changes the brightness of the pixels of a row as the function [Add] does that of
// one: by says by how much, and how many they are.
func (l *Layout) Add(row []byte, by []float32) {
	colors := 3
	if l.Gray {
		colors = 1
	}
	if l.Wide != nil {
		l.addWide(row, by, colors)
		return
	}
	for _, d := range by {
		pixel := row[:l.Samples]
		row = row[l.Samples:]
		d := round(d)
		if d == 0 || l.Alpha > 0 && pixel[l.Alpha] == 0 {
			continue
		}
		for j, v := range pixel[:colors] {
			pixel[j] = clamp8(int32(v) + d)
		}
	}
}

func (l *Layout) addWide(row []byte, by []float32, colors int) {
	for i, d := range by {
		pixel := row[2*l.Samples*i:][:2*l.Samples]
		d := round(d * wide)
		if d == 0 || l.Alpha > 0 && l.Wide.Uint16(pixel[2*l.Alpha:]) == 0 {
			continue
		}
		for j := range colors {
			l.Wide.PutUint16(pixel[2*j:], clamp16(int32(l.Wide.Uint16(pixel[2*j:]))+d))
		}
	}
}

// round returns the nearest whole number.
func round(d float32) int32 {
	const shift = 1 << 17 // more than any brightness
	return int32(d+shift+0.5) - shift
}

func clamp8(v int32) uint8 { return uint8(min(max(v, 0), 0xFF)) }

func clamp16(v int32) uint16 { return uint16(min(max(v, 0), 0xFFFF)) }
