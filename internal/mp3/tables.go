package mp3

import "math"

// lines is the number of frequency lines in a granule, and of its samples.
const (
	lines    = 576
	subbands = 32
	bandSize = lines / subbands
)

// The bands that share a scalefactor (ISO/IEC 11172-3 table B.8, 13818-3 table B.2):
// where each begins, and the last one ends; of long blocks, and of each window of
// short ones.
type bands struct {
	long  [23]int
	short [14]int
	parts [3][]part // by shape
}

// Shapes of granules.
const (
	allLong = iota
	allShort
	longBelowShort
)

// A part is the lines that share a scalefactor, in the order of the main data.
type part struct {
	from, to int
	scale    int // index of the scalefactor
	window   int // of short blocks; 3 for long ones
}

// newBands returns bands with their parts.
func newBands(long [23]int, short [14]int) *bands {
	const mixed = 36 // lines of long blocks below short ones
	b := &bands{long: long, short: short}
	for i := range 22 {
		p := part{long[i], long[i+1], i, 3}
		if b.parts[allLong] = append(b.parts[allLong], p); p.to <= mixed {
			b.parts[longBelowShort] = append(b.parts[longBelowShort], p)
		}
	}
	for i := range 13 {
		width := short[i+1] - short[i]
		for w := range 3 {
			from := 3*short[i] + w*width
			b.parts[allShort] = append(b.parts[allShort], part{from, from + width, 3*i + w, w})
			if 3*short[i] >= mixed {
				b.parts[longBelowShort] = append(b.parts[longBelowShort], part{from, from + width, len(b.parts[longBelowShort]), w})
			}
		}
	}
	return b
}

// bandTables has the bands by the index of the sampling rate, by version.
var bandTables = [3][3]*bands{
	{bands44, bands48, bands32},
	{bands22, bands24, bands16},
	{bands16, bands16, bands8},
}

var (
	bands44 = newBands(
		[23]int{0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 52, 62, 74, 90, 110, 134, 162, 196, 238, 288, 342, 418, 576},
		[14]int{0, 4, 8, 12, 16, 22, 30, 40, 52, 66, 84, 106, 136, 192},
	)
	bands48 = newBands(
		[23]int{0, 4, 8, 12, 16, 20, 24, 30, 36, 42, 50, 60, 72, 88, 106, 128, 156, 190, 230, 276, 330, 384, 576},
		[14]int{0, 4, 8, 12, 16, 22, 28, 38, 50, 64, 80, 100, 126, 192},
	)
	bands32 = newBands(
		[23]int{0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 54, 66, 82, 102, 126, 156, 194, 240, 296, 364, 448, 550, 576},
		[14]int{0, 4, 8, 12, 16, 22, 30, 42, 58, 78, 104, 138, 180, 192},
	)
	bands22 = newBands(
		[23]int{0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 116, 140, 168, 200, 238, 284, 336, 396, 464, 522, 576},
		[14]int{0, 4, 8, 12, 18, 24, 32, 42, 56, 74, 100, 132, 174, 192},
	)
	bands24 = newBands(
		[23]int{0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 114, 136, 162, 194, 232, 278, 332, 394, 464, 540, 576},
		[14]int{0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 136, 180, 192},
	)
	bands16 = newBands(
		[23]int{0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 116, 140, 168, 200, 238, 284, 336, 396, 464, 522, 576},
		[14]int{0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 134, 174, 192},
	)
	bands8 = newBands(
		[23]int{0, 12, 24, 36, 48, 60, 72, 88, 108, 132, 160, 192, 232, 280, 336, 400, 476, 566, 568, 570, 572, 574, 576},
		[14]int{0, 8, 16, 24, 36, 52, 72, 96, 124, 160, 162, 164, 166, 192},
	)
)

// bands returns the bands of the frame.
func (h Header) bands() *bands { return bandTables[h.Version()-1][h>>10&3] }

// halfWindow is the first half of the window of the synthesis filterbank, in units of
// 2^-16 (table B.3); the other half mirrors it.
var halfWindow = [257]float64{
	0, -1, -1, -1, -1, -1, -1, -2, -2, -2, -2, -3, -3, -4, -4, -5,
	-5, -6, -7, -7, -8, -9, -10, -11, -13, -14, -16, -17, -19, -21, -24, -26,
	-29, -31, -35, -38, -41, -45, -49, -53, -58, -63, -68, -73, -79, -85, -91, -97,
	-104, -111, -117, -125, -132, -139, -147, -154, -161, -169, -176, -183, -190, -196, -202, -208,
	213, 218, 222, 225, 227, 228, 228, 227, 224, 221, 215, 208, 200, 189, 177, 163,
	146, 127, 106, 83, 57, 29, -2, -36, -72, -111, -153, -197, -244, -294, -347, -401,
	-459, -519, -581, -645, -711, -779, -848, -919, -991, -1064, -1137, -1210, -1283, -1356, -1428, -1498,
	-1567, -1634, -1698, -1759, -1817, -1870, -1919, -1962, -2001, -2032, -2057, -2075, -2085, -2087, -2080, -2063,
	2037, 2000, 1952, 1893, 1822, 1739, 1644, 1535, 1414, 1280, 1131, 970, 794, 605, 402, 185,
	-45, -288, -545, -814, -1095, -1388, -1692, -2006, -2330, -2663, -3004, -3351, -3705, -4063, -4425, -4788,
	-5153, -5517, -5879, -6237, -6589, -6935, -7271, -7597, -7910, -8209, -8491, -8755, -8998, -9219, -9416, -9585,
	-9727, -9838, -9916, -9959, -9966, -9935, -9863, -9750, -9592, -9389, -9139, -8840, -8492, -8092, -7640, -7134,
	6574, 5959, 5288, 4561, 3776, 2935, 2037, 1082, 70, -998, -2122, -3300, -4533, -5818, -7154, -8540,
	-9975, -11455, -12980, -14548, -16155, -17799, -19478, -21189, -22929, -24694, -26482, -28289, -30112, -31947, -33791, -35640,
	-37489, -39336, -41176, -43006, -44821, -46617, -48390, -50137, -51853, -53534, -55178, -56778, -58333, -59838, -61289, -62684,
	-64019, -65290, -66494, -67629, -68692, -69679, -70590, -71420, -72169, -72835, -73415, -73908, -74313, -74630, -74856, -74992,
	75038,
}

// window is the window of the synthesis filterbank; that of the analysis is a 32nd of
// it (tables B.3 and C.1).
var window = func() (w [512]float64) {
	for i := range w {
		switch v := halfWindow[min(i, 512-i)] / (1 << 16); {
		case i <= 256 || i%64 == 0:
			w[i] = v
		default:
			w[i] = -v
		}
	}
	return w
}()

// aliasing has the coefficients of the butterflies between subbands (table B.9).
var aliasing = func() (c [8]struct{ cs, ca float64 }) {
	for i, v := range [8]float64{-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037} {
		c[i].cs, c[i].ca = 1/math.Hypot(1, v), v/math.Hypot(1, v)
	}
	return c
}()
