package vp8l

import "math"

// blockBits is the side of the blocks that share a predictor, as a power of two.
const blockBits = 4

// predict returns what the best predictor of each block misses (section 3.5.1).
func predict(out *bitWriter, w, h int, pixels []uint32) []uint32 {
	columns, rows := (w+1<<blockBits-1)>>blockBits, (h+1<<blockBits-1)>>blockBits
	modes := make([]uint32, columns*rows)
	missed := make([]uint32, len(pixels))
	for row := range rows {
		for column := range columns {
			b := block{w: w, pixels: pixels, x: column << blockBits, y: row << blockBits}
			b.right, b.bottom = min(b.x+1<<blockBits, w), min(b.y+1<<blockBits, h)
			mode := b.best(modes, column, row, columns)
			modes[row*columns+column] = 0xFF000000 | uint32(mode)<<8
			b.each(func(i, _, _ int) { missed[i] = subtract(pixels[i], b.predicted(mode, i)) })
		}
	}
	startTransform(out, transformPredictor)
	out.write(blockBits-2, 3)
	codePicture(out, columns, modes, false)
	return missed
}

// A block is a part of a picture.
type block struct {
	w                   int // of the picture
	pixels              []uint32
	x, y, right, bottom int
}

func (b *block) each(visit func(i, x, y int)) {
	for y := b.y; y < b.bottom; y++ {
		for x := b.x; x < b.right; x++ {
			visit(y*b.w+x, x, y)
		}
	}
}

// costs is about how many bits a byte that a predictor misses takes.
var costs = func() (c [256]uint32) {
	for i := range c {
		c[i] = uint32(64 * math.Log2(1+math.Abs(float64(int8(i)))))
	}
	return c
}()

// best returns the predictor that misses least: that of the block before, unless
// another is worth naming.
func (b *block) best(modes []uint32, column, row, columns int) int {
	const naming = 64 * 4
	before := -1
	if column > 0 {
		before = int(modes[row*columns+column-1] >> 8 & 0xFF)
	}
	best, least := 0, uint64(math.MaxUint64)
	for mode := range predictors {
		cost := uint64(naming)
		if mode == before {
			cost = 0
		}
		for y := b.y; y < b.bottom && cost < least; y++ {
			for i := y*b.w + b.x; i < y*b.w+b.right; i++ {
				d := subtract(b.pixels[i], b.predicted(mode, i))
				cost += uint64(costs[d>>24] + costs[d>>16&0xFF] + costs[d>>8&0xFF] + costs[d&0xFF])
			}
		}
		if cost < least {
			best, least = mode, cost
		}
	}
	return best
}

const opaque = 0xFF000000

// predicted returns what a predictor says of a pixel. The first row and column have
// neighbours on one side alone.
func (b *block) predicted(mode, i int) uint32 {
	switch {
	case i == 0:
		return opaque
	case i < b.w:
		return b.pixels[i-1]
	case i%b.w == 0:
		return b.pixels[i-b.w]
	}
	return predictors[mode](b.pixels[i-1], b.pixels[i-b.w-1:i-b.w+2])
}

// predictors are the fourteen of section 3.5.1, for the left pixel and the three
// above: left, straight and right.
var predictors = [...]func(left uint32, above []uint32) uint32{
	func(uint32, []uint32) uint32 { return opaque },
	func(l uint32, _ []uint32) uint32 { return l },
	func(_ uint32, a []uint32) uint32 { return a[1] },
	func(_ uint32, a []uint32) uint32 { return a[2] },
	func(_ uint32, a []uint32) uint32 { return a[0] },
	func(l uint32, a []uint32) uint32 { return average(average(l, a[2]), a[1]) },
	func(l uint32, a []uint32) uint32 { return average(l, a[0]) },
	func(l uint32, a []uint32) uint32 { return average(l, a[1]) },
	func(_ uint32, a []uint32) uint32 { return average(a[0], a[1]) },
	func(_ uint32, a []uint32) uint32 { return average(a[1], a[2]) },
	func(l uint32, a []uint32) uint32 { return average(average(l, a[0]), average(a[1], a[2])) },
	func(l uint32, a []uint32) uint32 { return choose(l, a[1], a[0]) },
	func(l uint32, a []uint32) uint32 {
		return eachByte(func(l, t, tl int) int { return l + t - tl }, l, a[1], a[0])
	},
	func(l uint32, a []uint32) uint32 {
		return eachByte(func(m, tl, _ int) int { return m + (m-tl)/2 }, average(l, a[1]), a[0], 0)
	},
}

// average returns the mean of each byte, rounded down.
func average(a, b uint32) uint32 { return (a^b)&0xFEFEFEFE>>1 + a&b }

// choose returns the neighbour that is nearer to the gradient.
func choose(left, top, corner uint32) uint32 {
	if distance(top, corner) < distance(left, corner) {
		return left
	}
	return top
}

// distance is the sum of the differences of the bytes.
func distance(a, b uint32) (sum int) {
	for shift := 0; shift < 32; shift += 8 {
		d := int(a>>shift&0xFF) - int(b>>shift&0xFF)
		sum += max(d, -d)
	}
	return sum
}

// eachByte applies a function to each byte, and keeps the results within bytes.
func eachByte(f func(a, b, c int) int, a, b, c uint32) (out uint32) {
	for shift := 0; shift < 32; shift += 8 {
		v := f(int(a>>shift&0xFF), int(b>>shift&0xFF), int(c>>shift&0xFF))
		out |= uint32(min(max(v, 0), 255)) << shift
	}
	return out
}
