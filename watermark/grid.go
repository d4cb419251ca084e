package watermark

import "math"

// The canonical grid: watermarks are made and found in the brightness of a picture
// scaled to a short side of 512 pixels, so that scaling a picture changes nothing
// (panoramas, to 2^20 pixels).
const (
	gridSide = 512
	gridArea = 1 << 20
)

// A Grid takes the brightness of a picture row by row, to mark it with [Grid.Residual] or
// to look for watermarks with [Grid.Detect], where the picture is not held as an
// [image.Image]. It keeps a small copy of about a million pixels at most (4 MiB), and both
// can be asked of one Grid, more than once and in any order. Rows that were never added
// count as black. It is for one goroutine at a time.
type Grid struct {
	width, height int
	scale         float64 // grid pixels for one of the picture
	rows          int     // how many were added
	small         plane   // grid pixels; of a picture that is smaller than the grid, its own

	// Of pictures larger than the grid:
	line  []float32 // the next row, with room for what the last share looks at beyond it
	thin  []float32 // the same, as wide as the grid
	share []share   // what of the line each grid pixel is made of
	taps  int       // how many pixels of the line that is
	last  float32   // by how much the last grid row is to be scaled, as the picture covers it in part
}

// NewGrid returns a Grid for a picture of that size, in pixels. A Grid without any
// takes no rows and holds no watermark.
func NewGrid(width, height int) *Grid {
	g := &Grid{width: max(width, 0), height: max(height, 0)}
	if width < 1 || height < 1 {
		g.width, g.height = 0, 0
		return g
	}
	g.scale = gridScale(float64(width), float64(height))
	if g.scale >= 1 {
		g.small = newPlane(width, height)
		return g
	}
	g.small = newPlane(gridSize(width, g.scale), gridSize(height, g.scale))
	g.thin = make([]float32, g.small.w)
	g.taps = int(1/g.scale) + 2
	g.share = shares(width, g.small.w, g.taps, g.scale)
	if part := float64(height)*g.scale - float64(g.small.h-1); part > 0 {
		g.last = float32(1 / min(part, 1))
	}
	return g
}

// gridScale returns how many grid pixels there are for one of a picture of that size.
func gridScale(width, height float64) float64 {
	short, long := min(width, height), max(width, height)
	return min(gridSide/short, math.Sqrt(gridArea/(width*height)), gridArea/long)
}

// gridSize returns how many grid pixels cover n of the picture.
func gridSize(n int, scale float64) int { return max(1, int(math.Ceil(float64(n)*scale-1e-9))) }

// A share says which pixels of a line a grid pixel is the mean of: the first, and the
// weights of the first, of each one in the middle, of the last but one, and of the last.
type share struct {
	at               int32
	first, mid, a, b float32
}

// shares returns those of m grid pixels in a line of n, in so many taps each.
func shares(n, m, taps int, scale float64) []share {
	all := make([]share, m)
	for i := range all {
		from := float64(i) / scale
		to := min(float64(i+1)/scale, float64(n))
		at := min(int(from), n-1)
		covers := func(j int) float32 { // which part of pixel at+j is in
			x := float64(at + j)
			return float32(max(min(to, x+1)-max(from, x), 0) / (to - from))
		}
		all[i] = share{int32(at), covers(0), covers(1), covers(taps - 2), covers(taps - 1)}
	}
	return all
}

// AddRow takes the next row from the top: the brightness of each pixel, 0 to 255 (0.299 R +
// 0.587 G + 0.114 B, ITU-R BT.601). Rows beyond the picture are ignored, and rows that are
// shorter than it is wide. What is in row is copied. Of values beyond that range, or that are
// not numbers, comes a residual or a search without sense, but no panic.
func (g *Grid) AddRow(row []float32) {
	if g.rows < g.height && len(row) >= g.width {
		copy(g.next(), row)
		g.add()
	}
}

// next returns where the next row goes.
func (g *Grid) next() []float32 {
	if g.share == nil {
		return g.small.row(g.rows)
	}
	if g.line == nil { // not before there is a row: sizes may be what a file's head claims
		g.line = make([]float32, g.width+g.taps)
	}
	return g.line[:g.width]
}

// add takes the row that was written to next.
func (g *Grid) add() {
	y := float64(g.rows)
	g.rows++
	if g.share == nil {
		return
	}
	thin(g.thin, g.line, g.share, g.taps)
	from, to := y*g.scale, (y+1)*g.scale
	i := min(int(from), g.small.h-1)
	here := min(to, float64(i+1)) - from
	g.addThin(i, here)
	if rest := to - from - here; rest > 0 && i+1 < g.small.h {
		g.addThin(i+1, rest)
	}
}

// addThin adds a part of the thin line to a grid row.
func (g *Grid) addThin(i int, part float64) {
	f := float32(part)
	if i == g.small.h-1 {
		f *= g.last
	}
	addScaled(g.small.row(i), g.thin, f)
}

// thin writes the means of a line.
func thin(dst, line []float32, shares []share, taps int) {
	dst = dst[:len(shares)]
	for i := range shares {
		s := &shares[i]
		v := line[s.at:][:taps]
		var mid float32
		for _, m := range v[1 : len(v)-2] {
			mid += m
		}
		dst[i] = v[0]*s.first + mid*s.mid + v[len(v)-2]*s.a + v[len(v)-1]*s.b
	}
}

// canonical returns the picture on the grid. It is not to be changed.
func (g *Grid) canonical() plane {
	if g.scale <= 1 {
		return g.small
	}
	return g.small.enlarge(gridSize(g.width, g.scale), gridSize(g.height, g.scale), 1/g.scale)
}
