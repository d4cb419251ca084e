package watermark

import "math"

// A Residual is what a watermark adds to the brightness of a picture, that is to R, G
// and B alike. It is for one goroutine at a time.
type Residual struct {
	width int
	rows  *enlarger
}

// Residual returns the watermark for the picture that g has taken.
//
// The error wraps [ErrPayload] for the zero payload, and [ErrTooSmall] for a picture of
// less than 128 pixels either way.
func (g *Grid) Residual(p Payload, k Key, o *ImageOptions) (*Residual, error) {
	if p.Bits() == 0 {
		return nil, ErrPayload
	}
	if min(g.width, g.height) < minSide {
		return nil, ErrTooSmall
	}
	picture := g.canonical()
	tmp, low := newPlane(picture.w, picture.h), newPlane(picture.w, picture.h)
	white, gain := whitened(picture, tmp, low)
	level := mask(picture, tmp, low)
	target := level.fit(o)

	l := latticeOf(k)
	waves := l.waves(p, l.newNonce(p, digest(level)), highest(g.scale))
	waves.reject(hostOf(white, gain, level))
	pattern := low // its room
	spread(pattern, level, picture, waves.draw())

	r := &Residual{g.width, newEnlarger(pattern, g.width, g.scale)}
	left := max(waves.passes(g.width, g.height, g.scale), 0.1)
	r.rows.scale = float32(min(math.Sqrt(target/max(pattern.meanSquare(), 1e-9)), 1) / math.Sqrt(left))
	return r, nil
}

// highest returns the highest frequency that pictures of a scale can hold, in waves a tile:
// those that are smaller than the grid have no room for all of the band.
func highest(scale float64) float64 { return 0.45 * tileSide / max(scale, 0.1) }

// A mask with more room than roomy, in dB over the likeness asked for, is that of a busy picture,
// where a watermark is hidden best and found worst. For each dB more, such a picture gets a little more of
// it, and calm places in it get more of that.
const (
	roomy    = 6.0
	mostRoom = 12.0
	yielding = 0.05 // dB
	evenly   = 2.0  // grey levels
)

// fit makes the levels of a mask those of a watermark of the likeness asked for, and returns the mean
// square that it is to have.
func (level plane) fit(o *ImageOptions) (target float64) {
	usual, all := o.meanSquare(0), max(level.meanSquare(), 1e-9)
	room := min(10*math.Log10(all/usual), mostRoom)
	if room <= roomy {
		level.scale(min(math.Sqrt(usual/all), o.most()))
		return usual
	}
	target = o.meanSquare(yielding * (room - roomy))
	level.flatten(target, float32(evenly*(room-roomy)))
	return target
}

// flatten adds to all levels and scales them to a mean square. None comes out above what it was.
func (level plane) flatten(target float64, add float32) {
	var low, high float32 = 0, 1
	for range 16 {
		if k := (low + high) / 2; level.flattened(k, add) > target {
			high = k
		} else {
			low = k
		}
	}
	for i, v := range level.v {
		level.v[i] = min(v, low*(v+add))
	}
}

// flattened returns the mean square that flatten leads to with a scale.
func (level plane) flattened(k, add float32) float64 {
	var sum float64
	for _, v := range level.v {
		f := min(v, k*(v+add))
		sum += float64(f * f)
	}
	return sum / float64(len(level.v))
}

// meanSquare returns that of the residual for the likeness asked for and so many dB less, in squared
// grey levels.
func (o *ImageOptions) meanSquare(less float64) float64 {
	const rounding = 1.0 / 12 // is added by rounding to whole levels
	return max(255*255/math.Pow(10, (o.psnr()-less)/10)-rounding, 0.01)
}

// most returns how much stronger than the mask says the residual may be: not at all, unless
// less likeness is asked for than usual.
func (o *ImageOptions) most() float64 {
	return max(math.Pow(10, ((*ImageOptions)(nil).psnr()-o.psnr())/20), 1)
}

// digest returns bytes that differ from picture to picture.
func digest(p plane) []byte {
	out := make([]byte, len(p.v))
	for i, v := range p.v {
		out[i] = byte(v * 16)
	}
	return out
}

// spread writes the tile to each place of dst, at the level of its block of picture.
func spread(dst, level, picture plane, t *tileImage) {
	e := newEnlarger(level, dst.w, 1.0/blockSide)
	line := make([]float32, dst.w)
	for y := range dst.h {
		e.row(line, y)
		wave := t[y%tileSide*tileSide:][:tileSide]
		out, rest := dst.row(y), line
		for ; len(rest) > 0; out, rest = out[len(wave):], rest[len(wave):] {
			wave = wave[:min(tileSide, len(rest))]
			multiply(out, rest, wave)
		}
		makeRoom(dst.row(y), picture.row(y), line)
	}
}

// multiply writes the products of two rows to as many places as b has.
func multiply(dst, a, b []float32) {
	dst, a = dst[:len(b)], a[:len(b)]
	for x, v := range b {
		dst[x] = a[x] * v
	}
}

// Where a picture is white, what is added is cut off, and half of the watermark with it: such
// places are made a little darker, which is not seen, so that both signs remain. Black places
// are left black, where measures of likeness count each level.
const (
	roomLevel = 1.5 // of the level of the watermark
	maxRoom   = 1.0 // grey levels
)

// makeRoom takes from a row of the residual what keeps it from being cut off at this level.
func makeRoom(residual, picture, level []float32) {
	residual, level = residual[:len(picture)], level[:len(picture)]
	for x, v := range picture {
		if v <= 255-maxRoom {
			continue
		}
		room := min(roomLevel*level[x], maxRoom)
		if over := v - (255 - room); over > 0 {
			residual[x] -= min(over, room)
		}
	}
}

// Row writes row y, from 0 to the height less one, to dst: as many values as the picture
// is wide, in grey levels of 0 to 255. Rows may be asked for in any order. It panics if dst
// is shorter.
func (r *Residual) Row(y int, dst []float32) { r.rows.row(dst[:r.width], y) }
