package label

import (
	"encoding/binary"
	"image"
)

// orientation returns the Orientation of an Exif block (tag 0x0112 of its first
// directory): how a picture is turned to be shown, 1 to 8. It is 1, as it is,
// where the block does not say.
func orientation(exif []byte) int {
	const entrySize = 12
	if len(exif) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if exif[0] == 'I' {
		order = binary.LittleEndian
	}
	directory := int64(order.Uint32(exif[4:]))
	if directory > int64(len(exif)-2) {
		return 1
	}
	entries := exif[directory:]
	n := int(order.Uint16(entries))
	for entries = entries[2:]; n > 0 && len(entries) >= entrySize; n-- {
		const short = 3
		if order.Uint16(entries) == 0x0112 && order.Uint16(entries[2:]) == short {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[entrySize:]
	}
	return 1
}

// A view is a picture of a file as it is shown: turned by its orientation.
type view struct{ w, h, orientation int } // size in the file

// size returns width and height of the picture as it is shown.
func (v view) size() image.Point {
	if v.orientation >= 5 {
		return image.Pt(v.h, v.w)
	}
	return image.Pt(v.w, v.h)
}

// stored returns where a pixel of the shown picture stands in the file.
func (v view) stored(p image.Point) image.Point {
	if v.orientation >= 5 {
		p.X, p.Y = p.Y, p.X
	}
	switch v.orientation {
	case 2, 3, 7, 8:
		p.X = v.w - 1 - p.X
	}
	switch v.orientation {
	case 3, 4, 6, 7:
		p.Y = v.h - 1 - p.Y
	}
	return p
}

// rectangle returns where a rectangle of the shown picture stands in the file.
func (v view) rectangle(r image.Rectangle) image.Rectangle {
	stored := image.Rectangle{v.stored(r.Min), v.stored(r.Max.Sub(image.Pt(1, 1)))}.Canon()
	stored.Max = stored.Max.Add(image.Pt(1, 1))
	return stored
}
