package watermark

import "math"

// The mask says how strong a watermark may be at each place before it is seen: the
// busier and the brighter, the stronger (Kutter 1998).
const (
	blockSide   = 4    // grid pixels: the mask has one value for a block
	flatLevel   = 0.75 // grey levels where nothing hides it
	activeLevel = 0.42 // for each grey level of activity
	maxLevel    = 5.5
	maxActivity = 30 // grey levels; more is an edge
)

// mask returns the level of each block of a picture on the grid.
func mask(p, tmp, low plane) plane {
	p.blur(low, tmp, 3)
	activity, light := blocks(p, low)
	calm, room := newPlane(activity.w, activity.h), newPlane(activity.w, activity.h)
	activity.blurTwice(activity, calm, room, 1)
	activity.erode(calm) // busy places keep away from the edges of calm ones
	light.blur(light, room, 1)
	for i, busy := range activity.v {
		f := flatLevel + activeLevel*(busy+calm.v[i])/2
		activity.v[i] = min(f, maxLevel) * visibility(light.v[i])
	}
	return activity
}

// visibility returns how much of a level is allowed at a brightness: less in the dark.
func visibility(light float32) float32 {
	return min(max((light+25)/85, 0.8), 1)
}

// blocks returns the mean activity, which is how far p is from its mean around, and the mean
// light of each block.
func blocks(p, mean plane) (activity, light plane) {
	w, h := (p.w+blockSide-1)/blockSide, (p.h+blockSide-1)/blockSide
	activity, light = newPlane(w, h), newPlane(w, h)
	for y := range p.h {
		addBlocks(activity.row(y/blockSide), light.row(y/blockSide), p.row(y), mean.row(y))
	}
	activity.divide(p, blockSide)
	light.divide(p, blockSide)
	return activity, light
}

// addBlocks adds one row of pixels to the sums of a row of blocks.
func addBlocks(activity, light, row, mean []float32) {
	// Absolute values and the least of two as integers, without branches that nobody can
	// foretell.
	const sign = 1 << 31
	most := math.Float32bits(maxActivity)
	light = light[:len(activity)]
	for i := range activity {
		n := min(blockSide, len(row))
		var busy, sum float32
		around := mean[:n]
		for x, v := range row[:n] {
			busy += math.Float32frombits(min(math.Float32bits(v-around[x])&^sign, most))
			sum += v
		}
		activity[i] += busy
		light[i] += sum
		row, mean = row[n:], mean[n:]
	}
}

// erode writes to dst the least of 3x3 around each.
func (p plane) erode(dst plane) {
	for y := range p.h {
		a, b, c := p.clampedRow(y-1), p.clampedRow(y), p.clampedRow(y+1)
		out := dst.row(y)
		for x := range out {
			l, r := max(x-1, 0), min(x+1, p.w-1)
			out[x] = min(min(min(a[l], a[x], a[r]), min(b[l], b[x], b[r])), min(c[l], c[x], c[r]))
		}
	}
}
