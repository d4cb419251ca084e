package label

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/ffmpeg"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// In files of the MP4 and QuickTime family only pictures change: ffmpeg encodes the
// first ones anew, up to one from which decoding needs nothing before it, or else
// all, and these take the place of the old ones, at the same times. The parameter
// sets of H.264 stand beside the old ones in the decoder configuration, under a
// number of their own. All other pictures, and all that is no picture, stay byte for
// byte.

// replacePictures returns the edits, and says how much was encoded again. The error
// is a [container.ErrTrack] where it cannot be done.
func (f *film) replacePictures() (*splice.Plan, string, error) {
	old, err := f.openVideo(f.src, f.video.ID)
	if err != nil {
		return nil, "", err
	}
	m := &movie{film: f, old: old}
	m.target()
	if plan, parts, ok := m.replaceSome(); ok {
		return plan, fmt.Sprintf("%d of %d frames encoded again", count(parts), len(old.Samples)), nil
	}
	if err := f.ctx.Err(); err != nil {
		return nil, "", err
	}
	plan, err := m.replaceAll()
	return plan, fmt.Sprintf("all %d frames encoded again", len(old.Samples)), err
}

// openVideo reads where the pictures of a video track are: that of the file, or of one
// that was encoded for it.
func (f *film) openVideo(of metadata.Source, track string) (v *container.Video, err error) {
	src := container.NewSource(of.R, of.Size, container.Limits{})
	switch f.format {
	case "mp4", "mov":
		id, bad := strconv.ParseUint(track, 0, 32)
		if bad != nil {
			return nil, container.ErrTrack
		}
		v, err = container.OpenVideo(src, uint32(id))
	case "mkv", "webm":
		v, err = container.OpenMatroskaVideo(src)
	default:
		return nil, container.ErrTrack
	}
	if _, ok := errors.AsType[*container.LimitError](err); ok {
		return nil, fmt.Errorf("%w: %w", container.ErrTrack, err)
	}
	if err != nil && !errors.Is(err, container.ErrTrack) {
		err = codecError(f.format, err)
	}
	return v, err
}

// A movie is a film whose pictures can be replaced one by one.
type movie struct {
	*film
	old     *container.Video
	shown   []int64 // the times of the pictures, in order
	opening int     // so many pictures have the notice
	ending  int     // the first one that has it again
}

// target finds the pictures that show the notice.
func (m *movie) target() {
	for _, s := range m.old.Samples {
		m.shown = append(m.shown, s.Shown)
	}
	slices.Sort(m.shown)
	n := len(m.shown)
	m.opening, m.ending = n, n
	if !m.old.Simple || m.duration >= m.length() {
		return
	}
	length := int64(math.Ceil(m.duration.Seconds() * float64(m.old.Timescale)))
	end := m.old.Start + int64(m.length().Seconds()*float64(m.old.Timescale))
	m.opening, _ = slices.BinarySearch(m.shown, m.old.Start+length)
	if m.atEnd() {
		m.ending, _ = slices.BinarySearch(m.shown, end-length+1)
		m.ending = max(m.ending-1, 0) // the one that shows then
	}
	if m.ending <= m.opening {
		m.opening, m.ending = n, n
	}
}

// count returns how many pictures are replaced.
func count(parts []container.VideoPart) (n int) {
	for _, p := range parts {
		n += p.To - p.From
	}
	return n
}

// parts returns the pictures to be encoded again if the others are to be copied:
// where they end, nothing reaches over, neither in the order of time nor, by restart,
// in that of decoding.
func (m *movie) parts(restarts func(sample int) (bool, error)) (parts []container.VideoPart, err error) {
	n := len(m.shown)
	earlier, cut := int64(math.MinInt64), make([]bool, n+1) // whether all before show before the rest
	for i, s := range m.old.Samples {
		cut[i] = earlier < m.shown[min(i, n-1)]
		earlier = max(earlier, s.Shown)
	}
	start := m.opening
	for ; start < n; start++ {
		if !cut[start] || !m.old.Samples[start].Sync {
			continue
		}
		if ok, err := restarts(start); err != nil || ok {
			if err != nil {
				return nil, err
			}
			break
		}
	}
	parts = []container.VideoPart{{To: start}}
	if m.ending < n {
		end := m.ending
		for end > 0 && !cut[end] {
			end--
		}
		if end <= start {
			return []container.VideoPart{{To: n}}, nil
		}
		parts = append(parts, container.VideoPart{From: end, To: n, With: start})
	}
	return parts, nil
}

// replaceSome encodes what must be, and reports whether that did.
func (m *movie) replaceSome() (*splice.Plan, []container.VideoPart, bool) {
	seam, err := m.seam()
	if err != nil || interlaced(m.video) {
		return nil, nil, false
	}
	parts, err := m.parts(seam.restarts)
	if err != nil || count(parts) == len(m.shown) {
		return nil, nil, false
	}
	with, err := m.encode(parts, seam.args...)
	if err != nil {
		return nil, nil, false
	}
	with, config, err := seam.join(with)
	if err != nil {
		return nil, nil, false
	}
	plan, err := m.old.Replace(with, parts, config)
	return plan, parts, err == nil && m.sound(plan, parts)
}

// replaceAll encodes all pictures.
func (m *movie) replaceAll() (*splice.Plan, error) {
	parts := []container.VideoPart{{To: len(m.shown)}}
	with, err := m.encode(parts)
	if err != nil {
		return nil, err
	}
	plan, err := m.old.Replace(with, parts, with.Config)
	return plan, codecError(m.format, err)
}

// encode has the parts encoded, one behind the other.
func (m *movie) encode(parts []container.VideoPart, more ...string) (*container.Video, error) {
	var wanted, starts []string
	for _, p := range parts {
		wanted = append(wanted, fmt.Sprintf("between(n,%d,%d)", p.From, p.To-1))
		starts = append(starts, fmt.Sprintf("eq(n,%d)", p.With))
	}
	rate := m.rate()
	time := func(n int) float64 { return (float64(n) - 0.5) / rate.Float() }
	filter := m.overlay(
		fmt.Sprintf("settb=%d/%d,setpts=N,select='%s'", rate.Den, rate.Num, strings.Join(wanted, "+")),
		fmt.Sprintf("lt(t,%f)+gte(t,%f)", time(m.opening), time(m.ending)),
		fmt.Sprintf("settb=%d/%d,setpts=N", rate.Den, rate.Num))
	in := m.whole(m.in)
	args := append([]string{"-map", m.stream(), "-filter:v", filter, "-fps_mode", "passthrough", "-enc_time_base", "-1",
		"-force_key_frames", "expr:" + strings.Join(starts, "+"), "-frames:v", strconv.Itoa(count(parts)), "-g", strconv.Itoa(m.interval())}, m.args...)
	args = append(append(args, more...), "-f", m.muxer(), "-map_metadata", "-1", "-map_chapters", "-1", "file:"+m.file(newName))
	if err := m.run(in, args, float64(count(parts))/rate.Float()); err != nil {
		return nil, err
	}
	return m.check(count(parts))
}

// whole has a file read without its edit list, and its pictures left as they are.
func (m *movie) whole(in ffmpeg.Input) ffmpeg.Input {
	options := []string{"-noautorotate"}
	if m.format == "mp4" || m.format == "mov" {
		options = append(options, "-ignore_editlist", "1")
	}
	in.Options = append(options, in.Options...)
	return in
}

// rate returns a frame rate for the encoder: the tables have the true times.
func (m *movie) rate() ffmpeg.Ratio {
	if r := m.video.MeanFrameRate; r.Given() && r.Float() >= 1 && r.Float() <= 1000 && r.Num < 1<<31 && r.Den < 1<<31 {
		return r
	}
	return ffmpeg.Ratio{Num: 25, Den: 1}
}

// muxer returns the format in which pictures are encoded, which has the codecs of the
// file's.
func (m *movie) muxer() string {
	if m.format == "mkv" || m.format == "webm" {
		return "matroska"
	}
	return m.format
}

// interval returns how far apart pictures stand from which decoding can start.
func (m *movie) interval() int {
	const most = 250
	syncs := 0
	for _, s := range m.old.Samples {
		if s.Sync {
			syncs++
		}
	}
	return min((len(m.old.Samples)+syncs)/max(syncs, 1), most)
}

// run has ffmpeg do a job of so many seconds of output.
func (f *film) run(in ffmpeg.Input, args []string, seconds float64) error {
	const ratio, least = 64, 1 << 30
	job := ffmpeg.Job{Inputs: []ffmpeg.Input{in}, Args: args, Dir: f.dir, MaxSize: max(ratio*f.src.Size, least)}
	if f.progress != nil && seconds > 0 {
		job.Progress = func(done time.Duration) { f.progress(min(done.Seconds()/seconds, 1)) }
	}
	if err := f.programs.Run(f.ctx, job); err != nil {
		return f.ffmpegError(err)
	}
	return nil
}

// check opens what was encoded, which must be so many pictures.
func (m *movie) check(n int) (*container.Video, error) {
	src, err := m.scratch.source(m.file(newName))
	if err != nil {
		return nil, err
	}
	v, err := m.openVideo(src, "1")
	if err != nil {
		return nil, err
	}
	if len(v.Samples) != n {
		return nil, fmt.Errorf("%w: %d pictures became %d", container.ErrTrack, n, len(v.Samples))
	}
	return v, nil
}

// sound reports whether a decoder makes the same of the pictures behind the first
// part as before. If the first of them come out, all do: nothing reaches over.
func (m *movie) sound(plan *splice.Plan, parts []container.VideoPart) bool {
	const enough = 60 // pictures
	from, to := parts[0].To, len(m.shown)
	if len(parts) > 1 {
		to = parts[1].From
	}
	to = min(to, from+enough)
	if err := m.scratch.write(m.file(resultName), plan.Source()); err != nil {
		return false
	}
	result := m.in
	result.Path = m.file(resultName)
	before, err := m.digest(m.in, from, to)
	if err != nil {
		return false
	}
	after, err := m.digest(result, from, to)
	return err == nil && before == after
}

// digest returns a digest of decoded pictures.
func (m *movie) digest(in ffmpeg.Input, from, to int) (string, error) {
	in = m.whole(in)
	in.Options = append(in.Options, "-xerror")
	out, err := m.programs.Output(m.ctx, 1<<10, in, "-map", m.stream(), "-filter:v", fmt.Sprintf("select='between(n,%d,%d)'", from, to-1),
		"-fps_mode", "passthrough", "-frames:v", strconv.Itoa(to-from), "-f", "md5", "pipe:1")
	return string(out), err
}
