package fft_test

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/fft"
)

// tolerance is the largest error, relative to the largest value.
const tolerance = 1e-5

func Example() {
	p := fft.New(8)
	re := []float32{1, 0, -1, 0, 1, 0, -1, 0} // two turns of a cosine
	im := make([]float32, 8)
	p.Forward(re, im)
	fmt.Printf("%.0f\n", re)
	p.Inverse(re, im)
	fmt.Printf("%.0f\n", re) // eight times as large
	// Output:
	// [0 0 4 0 0 0 4 0]
	// [8 0 -8 0 8 0 -8 0]
}

// noise returns n values from -1 to 1, the same ones in each run.
func noise(n int) []float32 {
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = 2*rng.Float32() - 1
	}
	return x
}

// zip returns the complex values of two parts.
func zip(re, im []float32) []complex128 {
	z := make([]complex128, len(re))
	for i := range z {
		z[i] = complex(float64(re[i]), float64(im[i]))
	}
	return z
}

// naive is the definition of the transform; sign is -1, or 1 for the inverse.
func naive(x []complex128, sign float64) []complex128 {
	n := len(x)
	roots := make([]complex128, n)
	for i := range roots {
		roots[i] = cmplx.Rect(1, sign*2*math.Pi*float64(i)/float64(n))
	}
	z := make([]complex128, n)
	for k := range z {
		for i, v := range x {
			z[k] += v * roots[k*i%n]
		}
	}
	return z
}

// naive2 is naive over the rows and then the columns of a square.
func naive2(x []complex128, n int, sign float64) []complex128 {
	z := make([]complex128, 0, n*n)
	for y := range n {
		z = append(z, naive(x[y*n:][:n], sign)...)
	}
	column := make([]complex128, n)
	for u := range n {
		for y := range n {
			column[y] = z[y*n+u]
		}
		for v, c := range naive(column, sign) {
			z[v*n+u] = c
		}
	}
	return z
}

// near requires that two results differ by the tolerance at most.
func near(t *testing.T, want, got []complex128) {
	t.Helper()
	require.Len(t, got, len(want))
	var peak, worst float64
	for i := range want {
		peak = max(peak, cmplx.Abs(want[i]))
		worst = max(worst, cmplx.Abs(want[i]-got[i]))
	}
	require.LessOrEqual(t, worst, tolerance*peak)
}

// lengths calls f for each length up to most.
func lengths(t *testing.T, most int, f func(t *testing.T, p *fft.Plan)) {
	if testing.Short() {
		most = min(most, 64)
	}
	for n := fft.MinLength; n <= most; n *= 2 {
		t.Run(fmt.Sprint(n), func(t *testing.T) { f(t, fft.New(n)) })
	}
}

func TestDefinition(t *testing.T) {
	lengths(t, fft.MaxLength, func(t *testing.T, p *fft.Plan) {
		x, y := noise(2 * p.Len())[:p.Len()], noise(2 * p.Len())[p.Len():]
		z := zip(x, y)
		re, im := append([]float32{}, x...), append([]float32{}, y...)
		p.Forward(re, im)
		near(t, naive(z, -1), zip(re, im))
		p.Inverse(x, y)
		near(t, naive(z, 1), zip(x, y))
	})
}

func TestSquareDefinition(t *testing.T) {
	lengths(t, 128, func(t *testing.T, p *fft.Plan) {
		n := p.Len()
		x, y := noise(2 * n * n)[:n*n], noise(2 * n * n)[n*n:]
		z := zip(x, y)
		re, im := append([]float32{}, x...), append([]float32{}, y...)
		p.Forward2(re, im)
		near(t, naive2(z, n, -1), zip(re, im))
		p.Inverse2(x, y)
		near(t, naive2(z, n, 1), zip(x, y))
	})
}

func TestRoundTrip(t *testing.T) {
	lengths(t, fft.MaxLength, func(t *testing.T, p *fft.Plan) {
		n := p.Len()
		re, im := noise(n), noise(n)
		z := zip(re, im)
		p.Forward(re, im)
		p.Inverse(re, im)
		scale(1/float32(n), re, im)
		near(t, z, zip(re, im))
	})
}

func TestSquareRoundTrip(t *testing.T) {
	lengths(t, 512, func(t *testing.T, p *fft.Plan) {
		n := p.Len()
		re, im := noise(n*n), noise(n*n)
		z := zip(re, im)
		p.Forward2(re, im)
		p.Inverse2(re, im)
		scale(1/float32(n*n), re, im)
		near(t, z, zip(re, im))
	})
}

func scale(by float32, parts ...[]float32) {
	for _, x := range parts {
		for i := range x {
			x[i] *= by
		}
	}
}

func TestLinear(t *testing.T) {
	lengths(t, fft.MaxLength, func(t *testing.T, p *fft.Plan) {
		n := p.Len()
		a, b := noise(2*n), noise(4*n)
		sum := make([]float32, 2*n)
		for i := range sum {
			sum[i] = 3*a[i] - 2*b[i]
		}
		p.Forward(a[:n], a[n:])
		p.Forward(b[:n], b[n:])
		p.Forward(sum[:n], sum[n:])
		want, minus := zip(a[:n], a[n:]), zip(b[:n], b[n:2*n])
		for i := range want {
			want[i] = 3*want[i] - 2*minus[i]
		}
		near(t, want, zip(sum[:n], sum[n:]))
	})
}

// TestParseval tests that a transform keeps the energy.
func TestParseval(t *testing.T) {
	lengths(t, fft.MaxLength, func(t *testing.T, p *fft.Plan) {
		n := p.Len()
		re, im := noise(n), noise(n)
		want := float64(n) * energy(re, im)
		p.Forward(re, im)
		require.InEpsilon(t, want, energy(re, im), tolerance)
	})
}

func energy(re, im []float32) (sum float64) {
	for _, z := range zip(re, im) {
		sum += real(z)*real(z) + imag(z)*imag(z)
	}
	return sum
}

func TestPower2(t *testing.T) {
	var scratch fft.Scratch
	lengths(t, 128, func(t *testing.T, p *fft.Plan) {
		n := p.Len()
		for _, size := range [][2]int{
			{1, 1}, {n, n}, {n, 1}, {1, n}, {3, 2}, {2, 3}, {n/2 + 1, n/4 + 1}, {n - 1, n/2 + 1}, {n/2 - 1, n/2 - 1}, {n - 1, n - 1},
		} {
			width, height := size[0], size[1]
			src := noise(width * height)
			dst := noise(n * (n/2 + 1))
			p.Power2(dst, src, width, height, &scratch)
			near(t, naivePower(src, width, height, n), zip(dst, make([]float32, len(dst))))
		}
	})
}

// naivePower is the definition of Power2.
func naivePower(src []float32, width, height, n int) []complex128 {
	x := make([]complex128, n*n)
	for y := range height {
		for i, v := range src[y*width:][:width] {
			x[y*n+i] = complex(float64(v), 0)
		}
	}
	var power []complex128
	for i, z := range naive2(x, n, -1) {
		if i%n <= n/2 {
			power = append(power, z*cmplx.Conj(z))
		}
	}
	return power
}

// TestPower2Large compares a large picture with the square's transform.
func TestPower2Large(t *testing.T) {
	if testing.Short() {
		t.Skip("much arithmetic")
	}
	const n, width, height = 1024, 767, 511
	p := fft.New(n)
	src := noise(width * height)
	dst := make([]float32, n*(n/2+1))
	p.Power2(dst, src, width, height, new(fft.Scratch))
	re, im := make([]float32, n*n), make([]float32, n*n)
	for y := range height {
		copy(re[y*n:], src[y*width:][:width])
	}
	p.Forward2(re, im)
	want := make([]complex128, 0, len(dst))
	for i, z := range zip(re, im) {
		if i%n <= n/2 {
			want = append(want, z*cmplx.Conj(z))
		}
	}
	near(t, want, zip(dst, make([]float32, len(dst))))
}

// TestSquareImpulse tests a square with more columns than the stack has room
// for: a single point becomes a wave.
func TestSquareImpulse(t *testing.T) {
	if testing.Short() {
		t.Skip("much arithmetic")
	}
	const n, x, y = 2048, 5, 1029
	re, im := make([]float32, n*n), make([]float32, n*n)
	re[y*n+x] = 1
	fft.New(n).Forward2(re, im)
	for _, at := range []int{0, 1, n, n + 1, 77*n + 1023, n*n - 1} {
		u, v := at%n, at/n
		sin, cos := math.Sincos(-2 * math.Pi * float64((u*x+v*y)%n) / n)
		require.InDelta(t, cos, re[at], tolerance)
		require.InDelta(t, sin, im[at], tolerance)
	}
	require.InEpsilon(t, n*n, energy(re, im), tolerance)
}

// TestNoAllocation tests that a call uses the memory it is given. The average of several
// calls does not count what the runtime allocates beside them.
func TestNoAllocation(t *testing.T) {
	for _, n := range []int{64, 256, 1024} {
		p := fft.New(n)
		re, im := noise(n*n), noise(n*n)
		dst := make([]float32, n*(n/2+1))
		var scratch fft.Scratch
		require.Zero(t, testing.AllocsPerRun(10, func() {
			p.Forward(re, im)
			p.Inverse2(re, im)
			p.Power2(dst, re, n, n, &scratch)
		}))
	}
}

func TestWrongUse(t *testing.T) {
	for _, n := range []int{-4, 0, 1, 2, 3, 48, 8192} {
		require.Panics(t, func() { fft.New(n) }, n)
	}
	p := fft.New(16)
	dst, src := make([]float32, 16*9), make([]float32, 16*16)
	var s fft.Scratch
	require.Panics(t, func() { p.Forward(src, src[:15]) })
	require.Panics(t, func() { p.Forward2(src, src[:255]) })
	require.Panics(t, func() { p.Power2(dst, src, 17, 1, &s) })
	require.Panics(t, func() { p.Power2(dst, src, 1, 0, &s) })
	require.Panics(t, func() { p.Power2(dst[1:], src, 16, 16, &s) })
	require.Panics(t, func() { p.Power2(dst, src[1:], 16, 16, &s) })
}

func BenchmarkForward(b *testing.B) {
	for _, n := range []int{64, 512, 1024, 4096} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := fft.New(n)
			re, im := make([]float32, n), make([]float32, n)
			b.SetBytes(int64(8 * n))
			b.ReportAllocs()
			for b.Loop() {
				p.Forward(re, im)
			}
		})
	}
}

func BenchmarkForward2(b *testing.B) {
	for _, n := range []int{64, 256, 1024} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := fft.New(n)
			re, im := make([]float32, n*n), make([]float32, n*n)
			b.SetBytes(int64(8 * n * n))
			b.ReportAllocs()
			for b.Loop() {
				p.Forward2(re, im)
			}
		})
	}
}

func BenchmarkPower2(b *testing.B) {
	const n, width, height = 1024, 768, 512
	p := fft.New(n)
	src := noise(width * height)
	dst := make([]float32, n*(n/2+1))
	var scratch fft.Scratch
	b.SetBytes(4 * width * height)
	b.ReportAllocs()
	for b.Loop() {
		p.Power2(dst, src, width, height, &scratch)
	}
}
