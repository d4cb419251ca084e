package watermark

import (
	"cmp"
	"crypto/hmac"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/aigclabel/aigclabel/internal/polar"
)

// A watermark is a tile of tileSide x tileSide grid pixels, repeated: a sum of
// waves, each of which fits a whole number of times into the tile. Some, the
// pilots, have phases that the key decides, to be found by; each of the others
// carries two coded bits in its phase (QPSK), under checks.
const (
	tileSide   = 64
	pilots     = 32
	syncPilots = 24  // of them; the others are witnesses
	carriers   = 512 // of data
	minRadius  = 3.5 // waves a tile

	minPilot, maxPilot = 5, 15 // waves a tile

	variants  = 8 // of phases, of which each file has one, so that files averaged show nothing
	coded     = 1024
	pilotGain = 2.1 // amplitude, of that of data
	tilt      = 0.6
	checkBits = 48
)

// A wave is a frequency, in waves a tile each way.
type wave struct{ u, v int }

func (w wave) radius() float64 { return math.Hypot(float64(w.u), float64(w.v)) }

// at returns where the wave is in the transform of a tile.
func (w wave) at() int { return w.v&(tileSide-1)*tileSide + w.u&(tileSide-1) }

// band has the waves, one of each pair of opposite ones, the longest first.
var band = waves()

func waves() []wave {
	var all []wave
	for v := 0; v < tileSide/2; v++ {
		for u := 1 - tileSide/2; u < tileSide/2; u++ {
			if w := (wave{u, v}); (v > 0 || u > 0) && w.radius() >= minRadius {
				all = append(all, w)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b wave) int { return cmp.Compare(a.u*a.u+a.v*a.v, b.u*b.u+b.v*b.v) })
	return all[:pilots+carriers]
}

// A phasor is a complex number of small precision.
type phasor struct{ re, im float32 }

// over returns a times the conjugate of b.
func (a phasor) over(b phasor) phasor { return phasor{a.re*b.re + a.im*b.im, a.im*b.re - a.re*b.im} }

func (a phasor) times(b phasor) phasor { return phasor{a.re*b.re - a.im*b.im, a.im*b.re + a.re*b.im} }

func (a phasor) power() float32 { return a.re*a.re + a.im*a.im }

func turn(radians float64) phasor {
	s, c := math.Sincos(radians)
	return phasor{float32(c), float32(s)}
}

// A lattice is what a key makes of the band.
type lattice struct {
	key    Key
	pilots [pilots]int // places in the band
	data   [carriers]int
	order  [coded]int32               // which coded bit each dimension of data carries
	weight [pilots + carriers]float32 // power in the spectrum, that of data being 1
	phases [variants][pilots]phasor   // of the pilots
	flips  [variants][coded]float32   // signs of the dimensions
}

// newLattice derives a lattice from a key.
func newLattice(k Key) *lattice {
	l := &lattice{key: k}
	random := rand.NewChaCha8(k.mac("image lattice 1"))
	below := func(n int) int { return int(random.Uint64() % uint64(n)) }
	isPilot := make(map[int]bool)
	for len(isPilot) < pilots {
		w := below(len(band))
		if r := band[w].radius(); r > minPilot && r < maxPilot && !isPilot[w] {
			l.pilots[len(isPilot)] = w
			isPilot[w] = true
		}
	}
	n := 0
	for w := range band {
		l.weight[w] = amplitude(band[w]) * amplitude(band[w])
		if isPilot[w] {
			l.weight[w] = pilotGain * pilotGain
		}
		if !isPilot[w] {
			l.data[n] = w
			n++
		}
	}
	for i := range l.order {
		j := below(i + 1)
		l.order[i] = l.order[j]
		l.order[j] = int32(i)
	}
	for v := range variants {
		for i := range l.phases[v] {
			l.phases[v][i] = turn(2 * math.Pi * float64(random.Uint64()>>11) / (1 << 53))
		}
		for i := range l.flips[v] {
			l.flips[v][i] = 1 - 2*float32(random.Uint64()&1)
		}
	}
	return l
}

// codes are the codes of the two sizes of payload.
var (
	code64  = polar.New(coded, 64+checkBits)
	code128 = polar.New(coded, 128+checkBits)
)

func codeOf(bits int) *polar.Code {
	if bits == 128 {
		return code128
	}
	return code64
}

// message returns what is coded for a payload: its own bytes, and checks.
func (l *lattice) message(p Payload, variant int) []byte {
	sum := l.key.mac("image check 1", []byte{byte(variant), byte(p.n)}, p.Bytes())
	return append(slices.Clone(p.Bytes()), sum[:checkBits/8]...)
}

// read returns the payload of a message, if its checks are right.
func (l *lattice) read(message []byte, variant int) (Payload, bool) {
	p, err := NewPayload(message[:len(message)-checkBits/8])
	return p, err == nil && hmac.Equal(l.message(p, variant), message)
}

// A nonce is what differs from file to file under one key.
type nonce struct {
	variant int
	shift   [2]float64 // grid pixels
}

// newNonce derives a nonce from the payload and the picture.
func (l *lattice) newNonce(p Payload, picture []byte) nonce {
	sum := l.key.mac("image nonce 1", p.Bytes(), picture)
	shift := func(b []byte) float64 { return tileSide * float64(binary.BigEndian.Uint32(b)) / (1 << 32) }
	return nonce{int(sum[0]) % variants, [2]float64{shift(sum[4:]), shift(sum[8:])}}
}

// amplitude returns how strong a wave is: the longer, the stronger, as it lasts longer
// when a picture is compressed, made smaller or blurred.
func amplitude(w wave) float32 {
	return float32(math.Pow(6/max(w.radius(), 4.5), tilt))
}
