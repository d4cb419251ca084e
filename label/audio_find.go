package label

import (
	"iter"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/signal"
)

// How much sound may be around a notice where it is looked for, in seconds: programs that
// convert files put silence there, and one that is mixed has the programme beside it.
const (
	aroundHead = 1.9
	aroundTail = 0.4
)

// How alike a sound and a notice are, as in [signal.Correlate], where it is one: other
// tones of its pitch are much like the rhythm, nothing is like the words.
const (
	alikeRhythm = 0.88
	alikeWords  = 0.5
)

// lacking reports the sides where a sound shall have a notice, and has none.
func lacking(s container.Sound, said *Clip, at Position) (head, tail bool, err error) {
	shape := s.Shape()
	samples := func(seconds float64) int64 { return int64((said.seconds() + seconds) * float64(shape.Rate)) }
	if at != End {
		if head, err = lacks(s, said, 0, samples(aroundHead)); err != nil {
			return false, false, err
		}
	}
	if at != Start {
		n := samples(aroundTail)
		tail, err = lacks(s, said, max(shape.Length-n, 0), n)
	}
	return head, tail, err
}

// lacks reports whether no notice is in a stretch of a sound.
func lacks(s container.Sound, said *Clip, from, length int64) (bool, error) {
	shape := s.Shape()
	thin := thinner{by: max(shape.Rate/8000, 1), channels: shape.Channels}
	var stretch []soundWindow
	for w, err := range windows(thin.watch(s.Samples(from)), shape.Rate, shape.Channels) {
		if err != nil {
			return false, err
		}
		if stretch = append(stretch, w); int64(len(stretch))*int64(shape.Rate) >= length*soundWindows {
			break
		}
	}
	if said == nil && holdsCue(stretch) {
		return false, nil
	}
	return !holdsPattern(thin.out, said.pattern(shape.Rate, thin.by), said), nil
}

// holdsPattern reports whether samples hold a notice that can be heard.
func holdsPattern(samples, pattern []float64, said *Clip) bool {
	alike, at := signal.Correlate(samples, pattern)
	least := alikeWords
	if said == nil {
		least = alikeRhythm
	}
	if alike < least {
		return false
	}
	sum := 0.0
	for _, v := range samples[at : at+len(pattern)] {
		sum += v * v
	}
	return sum >= cueFaintest*float64(len(pattern))
}

// A thinner makes one sample of several, and of all channels: 8000 to 16,000 a second
// are enough to find words.
type thinner struct {
	by, channels int
	out          []float64
	sum          float64
	n            int
}

// watch yields samples, and keeps them.
func (t *thinner) watch(samples iter.Seq2[[]float64, error]) iter.Seq2[[]float64, error] {
	return func(yield func([]float64, error) bool) {
		for block, err := range samples {
			for rest := block; len(rest) >= t.channels; rest = rest[t.channels:] {
				t.sum += mix(rest[:t.channels])
				if t.n++; t.n == t.by {
					t.out = append(t.out, t.sum/float64(t.by))
					t.sum, t.n = 0, 0
				}
			}
			if !yield(block, err) {
				return
			}
		}
	}
}
