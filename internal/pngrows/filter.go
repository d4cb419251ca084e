package pngrows

import "fmt"

// The filters of a row, ISO/IEC 15948 clause 9.
const (
	filterNone = iota
	filterSub
	filterUp
	filterAverage
	filterPaeth
)

// unfilter undoes the filter of row in place; prior is the row above it.
func unfilter(filter byte, row, prior []byte, step int) error {
	switch filter {
	case filterNone:
	case filterSub:
		for i := step; i < len(row); i++ {
			row[i] += row[i-step]
		}
	case filterUp:
		for i, v := range prior[:len(row)] {
			row[i] += v
		}
	case filterAverage:
		for i := range min(step, len(row)) {
			row[i] += prior[i] / 2
		}
		for i := step; i < len(row); i++ {
			row[i] += byte((int(row[i-step]) + int(prior[i])) / 2)
		}
	case filterPaeth:
		for i := range min(step, len(row)) {
			row[i] += prior[i]
		}
		for i := step; i < len(row); i++ {
			row[i] += paeth(row[i-step], prior[i], prior[i-step])
		}
	default:
		return fmt.Errorf("row with unknown filter %d", filter)
	}
	return nil
}

// filtered puts row through a filter into out.
func filtered(out []byte, filter byte, row, prior []byte, step int) {
	for i, v := range row {
		var left, corner byte
		if i >= step {
			left, corner = row[i-step], prior[i-step]
		}
		switch filter {
		case filterSub:
			v -= left
		case filterUp:
			v -= prior[i]
		case filterAverage:
			v -= byte((int(left) + int(prior[i])) / 2)
		case filterPaeth:
			v -= paeth(left, prior[i], corner)
		}
		out[i] = v
	}
}

// paeth returns the neighbour that is closest to left + up - corner.
func paeth(left, up, corner byte) byte {
	pa, pb := int(up)-int(corner), int(left)-int(corner)
	pc := abs(pa + pb)
	pa, pb = abs(pa), abs(pb)
	switch {
	case pa <= pb && pa <= pc:
		return left
	case pb <= pc:
		return up
	}
	return corner
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}
