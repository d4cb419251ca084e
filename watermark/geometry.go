package watermark

import "math"

// A geometry maps places of the lattice to those of the picture's grid: projective, in
// homogeneous coordinates, row by row; the last number is 1.
type geometry [9]float64

func (g geometry) at(x, y float64) (u, v float64) {
	w := g[6]*x + g[7]*y + g[8]
	return (g[0]*x + g[1]*y + g[2]) / w, (g[3]*x + g[4]*y + g[5]) / w
}

// times returns the geometry that does o, then g.
func (g geometry) times(o geometry) (c geometry) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				c[3*i+j] += g[3*i+k] * o[3*k+j]
			}
		}
	}
	return c.normal()
}

// normal returns the same geometry with 1 as its last number.
func (g geometry) normal() geometry {
	last := g[8]
	for i := range g {
		g[i] /= last
	}
	return g
}

func (g geometry) inverse() geometry {
	return geometry{
		g[4]*g[8] - g[5]*g[7], g[2]*g[7] - g[1]*g[8], g[1]*g[5] - g[2]*g[4],
		g[5]*g[6] - g[3]*g[8], g[0]*g[8] - g[2]*g[6], g[2]*g[3] - g[0]*g[5],
		g[3]*g[7] - g[4]*g[6], g[1]*g[6] - g[0]*g[7], g[0]*g[4] - g[1]*g[3],
	}.normal()
}

// linear returns the geometry of a picture that was mirrored, if flip, then scaled in
// width and height, then turned, by radians.
func linear(sx, sy, angle float64, flip bool) geometry {
	sin, cos := math.Sincos(angle)
	if flip {
		return geometry{-cos * sx, -sin * sy, 0, -sin * sx, cos * sy, 0, 0, 0, 1}
	}
	return geometry{cos * sx, -sin * sy, 0, sin * sx, cos * sy, 0, 0, 0, 1}
}

// upsideDown is half a turn.
var upsideDown = geometry{-1, 0, 0, 0, -1, 0, 0, 0, 1}

// scale returns how many grid pixels one of the lattice is long, about.
func (g geometry) scale() float64 { return math.Sqrt(math.Abs(g[0]*g[4] - g[1]*g[3])) }

// A window is a part of a picture's grid.
type window struct{ x0, y0, x1, y1 float64 }

func (p plane) window() window { return window{0, 0, float64(p.w), float64(p.h)} }

// wider returns the window with a margin, within that of the picture.
func (w window) wider(by float64, all window) window {
	return window{max(w.x0-by, all.x0), max(w.y0-by, all.y0), min(w.x1+by, all.x1), min(w.y1+by, all.y1)}
}

// A span is a rectangle of tiles of the lattice.
type span struct{ x0, y0, x1, y1 int }

// maxTiles bounds the tiles that a picture is taken to have: that of a frame around it.
const maxTiles = 8 * gridArea / (tileSide * tileSide)

// tiles returns the tiles that a window of the picture may touch; ok is false where
// there are too many.
func (g geometry) tiles(w window) (s span, ok bool) {
	inv := g.inverse()
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range [4][2]float64{{w.x0, w.y0}, {w.x1, w.y0}, {w.x0, w.y1}, {w.x1, w.y1}} {
		x, y := inv.at(c[0], c[1])
		x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
	}
	if !(x1-x0 < 1e5 && y1-y0 < 1e5 && max(math.Abs(x0), math.Abs(y0)) < 1e6) {
		return s, false
	}
	s = span{int(math.Floor(x0 / tileSide)), int(math.Floor(y0 / tileSide)), int(math.Ceil(x1 / tileSide)), int(math.Ceil(y1 / tileSide))}
	return s, (s.x1-s.x0)*(s.y1-s.y0) <= maxTiles
}

// A Transform says what was done to a picture since it was marked, as far as the
// watermark tells.
type Transform struct {
	// Scale is how much larger things are than they were, when the short sides of the
	// pictures then and now are made the same: 1 of a whole picture, however often it was
	// resized; 2 where half of the short side is left; less than 1 where there is something around it.
	Scale float64 `json:"scale"`

	// Aspect is how much wider things became than higher; 1 where nothing was stretched.
	Aspect float64 `json:"aspect"`

	// Angle is by how many degrees it was turned, counter-clockwise: more than -180, at most 180.
	Angle float64 `json:"angle"`

	// Flip reports that it was mirrored, left to right, before it was turned.
	Flip bool `json:"flip"`
}

// transform describes a geometry at a place of the lattice.
func (g geometry) transform(x, y float64) Transform {
	u, v := g.at(x, y)
	w := g[6]*x + g[7]*y + g[8]
	a, b, c, d := (g[0]-u*g[6])/w, (g[1]-u*g[7])/w, (g[3]-v*g[6])/w, (g[4]-v*g[7])/w
	t := Transform{Scale: math.Sqrt(math.Abs(a*d - b*c)), Flip: a*d < b*c}
	if t.Flip {
		a, c = -a, -c
	}
	angle := math.Atan2(c-b, a+d)
	t.Angle = -angle * 180 / math.Pi
	if t.Angle <= -180+1e-9 {
		t.Angle += 360
	}
	t.Aspect = math.Hypot(a, b) / math.Hypot(c, d) // of the sides as they lie now
	return t
}
