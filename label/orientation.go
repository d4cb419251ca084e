package label

import "image"

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

// shown returns where a pixel of the file stands in the shown picture.
func (v view) shown(p image.Point) image.Point {
	switch v.orientation {
	case 2, 3, 7, 8:
		p.X = v.w - 1 - p.X
	}
	switch v.orientation {
	case 3, 4, 6, 7:
		p.Y = v.h - 1 - p.Y
	}
	if v.orientation >= 5 {
		p.X, p.Y = p.Y, p.X
	}
	return p
}

// rectangle returns where a rectangle of the shown picture stands in the file.
func (v view) rectangle(r image.Rectangle) image.Rectangle {
	stored := image.Rectangle{v.stored(r.Min), v.stored(r.Max.Sub(image.Pt(1, 1)))}.Canon()
	stored.Max = stored.Max.Add(image.Pt(1, 1))
	return stored
}
