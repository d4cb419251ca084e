package watermark_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/watermark"
)

// What the watermark must not fall below: parts of the payloads that come back whole, and
// likeness. The photos of testdata are small, on which the stress is harder.
const (
	prototypeFloor   = 0.98
	stressFloor      = 0.88
	smallStressFloor = 0.72
	stretchFloor     = 0.95
	psnrMean         = 43.0 // dB
	psnrLeast        = 42.0
	ssimMean         = 0.988
)

var (
	reportDir  = flag.String("robustness", "", "write table.tsv, table.svg and view.html of TestRobustness to this `directory`")
	onlySuite  = flag.String("suite", "", "run one suite of attacks only: prototype, stress or stretch")
	onlyAttack = flag.String("attack", "", "run the attacks only whose names match this `expression`")
	onlyPhoto  = flag.String("photo", "", "take the photos only whose names match this `expression`")
	wide       = flag.Bool("wide", false, "embed 128 bits instead of 64")
	atPSNR     = flag.Float64("psnr", 0, "likeness to embed with, in `dB`; 0 is the default of the package")
)

// A photo is a picture with and without its watermark.
type photo struct {
	name       string
	source     *image.RGBA
	marked     *image.RGBA
	payload    watermark.Payload
	psnr, ssim float64
	embed      time.Duration
	outcomes   []outcome // of each attack
}

// An outcome is what was detected after an attack.
type outcome struct {
	found bool
	took  time.Duration
}

// TestRobustness marks photographs, does everything to them that people and platforms do,
// and reads the payload back. AIGCLABEL_PHOTOS names a directory of other photographs.
func TestRobustness(t *testing.T) {
	list := chosenAttacks(t)
	photos := loadPhotos(t)
	workers := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for _, p := range photos {
		workers <- struct{}{}
		wait.Go(func() {
			defer func() { <-workers }()
			p.run(t, list)
		})
	}
	wait.Wait()
	r := report{list, photos}
	t.Log("\n" + r.String())
	if *reportDir != "" {
		r.write(t, *reportDir)
	}
	r.check(t)
}

// chosenAttacks are those that the flags ask for; short runs do with every fourth.
func chosenAttacks(t *testing.T) []attack {
	name := regexp.MustCompile(*onlyAttack)
	wanted := map[string]suite{"": ^0, "prototype": prototype, "stress": stress, "stretch": stretch}[*onlySuite]
	require.NotZero(t, wanted, "no suite %s", *onlySuite)
	i := 0
	return slices.DeleteFunc(attacks(t), func(a attack) bool {
		i++
		return a.suite&wanted == 0 || !name.MatchString(a.name) || testing.Short() && i%4 != 1
	})
}

// loadPhotos reads the photographs that were asked for.
func loadPhotos(t *testing.T) (list []*photo) {
	dir := os.Getenv("AIGCLABEL_PHOTOS")
	if dir == "" {
		dir = "testdata"
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	name := regexp.MustCompile(*onlyPhoto)
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if (ext == ".png" || ext == ".jpg") && name.MatchString(e.Name()) {
			list = append(list, loadPhoto(t, filepath.Join(dir, e.Name())))
		}
	}
	require.NotEmpty(t, list, "no photographs in %s", dir)
	return list
}

func loadPhoto(t testing.TB, path string) *photo {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	m, _, err := image.Decode(f)
	require.NoError(t, err, path)
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return &photo{name: name, source: rgba(m), payload: payloadOf(t, name)}
}

// payloadOf returns the payload of a photo: another for each.
func payloadOf(t testing.TB, name string) watermark.Payload {
	sum := sha256.Sum256([]byte(name))
	n := 8
	if *wide {
		n = 16
	}
	p, err := watermark.NewPayload(sum[:n])
	require.NoError(t, err)
	return p
}

// run marks the photo and detects the mark after each attack.
func (p *photo) run(t *testing.T, list []attack) {
	start := time.Now()
	marked, err := watermark.EmbedImage(p.source, p.payload, watermark.OpenKey, &watermark.ImageOptions{PSNR: *atPSNR})
	p.embed = time.Since(start)
	p.outcomes = make([]outcome, len(list))
	if err != nil {
		t.Errorf("%s: %v", p.name, err)
		return
	}
	p.marked = marked.(*image.RGBA)
	p.psnr, p.ssim = psnr(p.source, p.marked), ssim(p.source, p.marked)
	for i, a := range list {
		p.outcomes[i] = p.detect(t, a)
	}
}

// detect reads the payload back after an attack. A wrong payload is an error in any suite.
func (p *photo) detect(t *testing.T, a attack) (o outcome) {
	m := a.apply(p.marked)
	start := time.Now()
	d := watermark.DetectImage(m, watermark.OpenKey)
	o.took = time.Since(start)
	for _, found := range d.Found {
		if !(found.Probability < 1e-9) {
			t.Errorf("%s, %s: probability %g", p.name, a.name, found.Probability)
		}
		if found.Payload == p.payload {
			o.found = true
			continue
		}
		t.Errorf("%s, %s: payload %v, which nobody embedded", p.name, a.name, found.Payload)
	}
	return o
}

// A report is the table of all outcomes.
type report struct {
	attacks []attack
	photos  []*photo
}

// rate returns how many outcomes there are in a suite, and how many found the payload.
func (r report) rate(s suite) (found, of int) {
	for i, a := range r.attacks {
		if a.suite&s != 0 {
			n, _ := r.attack(i)
			found, of = found+n, of+len(r.photos)
		}
	}
	return found, of
}

// attack returns in how many photos the payload was found after an attack, and how long
// detection took, by median.
func (r report) attack(i int) (found int, median time.Duration) {
	var took []time.Duration
	for _, p := range r.photos {
		if p.outcomes[i].found {
			found++
		}
		took = append(took, p.outcomes[i].took)
	}
	slices.Sort(took)
	return found, took[len(took)/2]
}

// quality returns the means and the least of the likeness of the marked photos.
func (r report) quality() (psnr, least, ssim float64) {
	least = 1000
	for _, p := range r.photos {
		psnr += p.psnr / float64(len(r.photos))
		ssim += p.ssim / float64(len(r.photos))
		least = min(least, p.psnr)
	}
	return psnr, least, ssim
}

// String is the table for people.
func (r report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s %7s %6s  missed\n", "attack", "exact", "ms")
	for i, a := range r.attacks {
		found, median := r.attack(i)
		var missed []string
		for _, p := range r.photos {
			if !p.outcomes[i].found {
				missed = append(missed, p.name)
			}
		}
		fmt.Fprintf(&b, "%-20s %3d/%-3d %6.1f  %s\n", a.name, found, len(r.photos), ms(median), strings.Join(missed, " "))
	}
	fmt.Fprintf(&b, "\n%-20s %9s %6s %7s %5s %6s  missed\n", "photo", "size", "PSNR", "SSIM", "ms/MP", "exact")
	for _, p := range r.photos {
		p.summary(&b, r.attacks)
	}
	r.totals(&b)
	return b.String()
}

func (p *photo) summary(b *strings.Builder, list []attack) {
	var missed []string
	for i, o := range p.outcomes {
		if !o.found {
			missed = append(missed, list[i].name)
		}
	}
	w, h := size(p.source)
	fmt.Fprintf(b, "%-20s %9s %6.2f %7.4f %5.1f %3d/%-3d %s\n", p.name, fmt.Sprintf("%.0fx%.0f", w, h),
		p.psnr, p.ssim, ms(p.embed)/(w*h/1e6), len(list)-len(missed), len(list), strings.Join(missed, " "))
}

func (r report) totals(b *strings.Builder) {
	b.WriteByte('\n')
	for _, s := range []struct {
		name string
		suite
	}{{"prototype", prototype}, {"stress", stress}, {"stretch", stretch}} {
		found, of := r.rate(s.suite)
		fmt.Fprintf(b, "%-10s %4d/%-4d %6.2f %%\n", s.name, found, of, 100*float64(found)/float64(max(of, 1)))
	}
	mean, least, ssim := r.quality()
	fmt.Fprintf(b, "PSNR mean %.2f, least %.2f dB; SSIM mean %.4f\n", mean, least, ssim)
}

// check compares with what must be reached.
func (r report) check(t *testing.T) {
	floors := map[suite]float64{prototype: prototypeFloor, stress: stressFloor, stretch: stretchFloor, unattacked: 1}
	if os.Getenv("AIGCLABEL_PHOTOS") == "" {
		floors[stress] = smallStressFloor
	}
	for s, floor := range floors {
		found, of := r.rate(s)
		require.GreaterOrEqual(t, float64(found), floor*float64(of), "%d of %d", found, of)
	}
	if *atPSNR == 0 {
		mean, least, ssim := r.quality()
		require.GreaterOrEqual(t, mean, psnrMean, "mean PSNR")
		require.GreaterOrEqual(t, least, psnrLeast, "least PSNR")
		require.GreaterOrEqual(t, ssim, ssimMean, "mean SSIM")
	}
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }
