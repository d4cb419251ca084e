package mp3

import (
	"fmt"
	"math"
	"testing"
)

func TestX(t *testing.T) {
	for _, hdr := range []Header{0xFFFB50C4, 0xFFFB9000, 0xFFFB9044,0xFFF350C4,0xFFF38000,0xFFE384C4,0xFFE388C4,0xFFE318C4,0xFFE380C4,0xFFE388C4} {
		rate := hdr.Rate()
		pcm := make([]float64, rate)
		for i := range pcm {
			pcm[i] = 0.3 * math.Sin(2*math.Pi*800*float64(i)/float64(rate))*min(1,float64(i)/float64(rate)*200, float64(len(pcm)-i)/float64(rate)*200)
		}
		frames := Clip{Like: hdr, Samples: pcm, Delay: MinDelay}.Frames()
		d := NewDecoder(hdr.Channels())
		var out []float64
		for _, f := range frames {
			out = d.Decode(f, out)
		}
		best, at := -99.0, 0
		for lag := 900; lag < 1200; lag++ {
			var s, n float64
			for i, v := range pcm {
				e := v - out[(i+lag)*hdr.Channels()]
				s += v * v
				n += e * e
			}
			if v := 10 * math.Log10(s/n); v > best {
				best, at = v, lag
			}
		}
		fmt.Println(hdr.Rate(), hdr.Channels(), hdr.BitRate(), hdr.Size(), len(frames), best, at)
	}
}
