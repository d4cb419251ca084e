package label

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/internal/ffmpeg"
)

// overlayFormats are the pixel formats that ffmpeg draws on as they are, and what its
// overlay filter calls them.
var overlayFormats = map[string]string{
	"yuv420p": "yuv420", "yuvj420p": "yuv420", "nv12": "yuv420", "yuv420p10le": "yuv420p10",
	"yuv422p": "yuv422", "yuvj422p": "yuv422", "yuv422p10le": "yuv422p10",
	"yuv444p": "yuv444", "yuvj444p": "yuv444",
	"gbrp": "gbrp", "bgr24": "rgb", "rgb24": "rgb", "bgra": "rgb", "rgba": "rgb", "bgr0": "rgb", "rgb0": "rgb",
}

// orientation returns how players turn the pictures of a stream, as EXIF numbers it.
func orientation(s ffmpeg.Stream) int {
	for _, side := range s.SideData {
		if side.Type == "Display Matrix" {
			return matrixOrientation(side.Matrix)
		}
	}
	return 1
}

// matrixOrientation reads the lines of a display matrix, "00000000: 0 65536 0" and
// so on. A matrix that does not turn by right angles turns nothing.
func matrixOrientation(text string) int {
	var m []int64
	for line := range strings.Lines(strings.TrimSpace(text)) {
		var at string
		var a, b, c int64
		if _, err := fmt.Sscanf(line, "%s %d %d %d", &at, &a, &b, &c); err != nil {
			return 1
		}
		m = append(m, a, b)
	}
	if len(m) < 4 {
		return 1
	}
	sign := func(v int64) int {
		switch {
		case v > 0:
			return 1
		case v < 0:
			return -1
		}
		return 0
	}
	turns := map[[4]int]int{
		{-1, 0, 0, 1}: 2, {-1, 0, 0, -1}: 3, {1, 0, 0, -1}: 4,
		{0, 1, 1, 0}: 5, {0, 1, -1, 0}: 6, {0, -1, -1, 0}: 7, {0, -1, 1, 0}: 8,
	}
	if o, ok := turns[[4]int{sign(m[0]), sign(m[1]), sign(m[2]), sign(m[3])}]; ok {
		return o
	}
	return 1
}

// opening returns what is under the plate, in grey, in the first seconds.
func (f *film) opening() ([]*image.NRGBA64, error) {
	const inSecond, most = 2, 4
	return f.samples(most, nil, fmt.Sprintf("fps=%d:round=up,", inSecond))
}

// at returns what is under the plate in the picture that comes next at a time, if there
// is one.
func (f *film) at(time time.Duration) ([]*image.NRGBA64, error) {
	return f.samples(1, []string{"-ss", fmt.Sprintf("%.6f", time.Seconds())}, "")
}

// samples returns what is under the plate, in grey, in up to so many pictures that options
// of the reader and a filter choose.
func (f *film) samples(most int, options []string, filter string) ([]*image.NRGBA64, error) {
	r := f.stamp.plate.Rect
	size := r.Dx() * r.Dy()
	filter += fmt.Sprintf("format=gray,crop=%d:%d:%d:%d:exact=1", r.Dx(), r.Dy(), r.Min.X, r.Min.Y)
	in := f.in
	in.Options = slices.Concat([]string{"-noautorotate"}, options, in.Options)
	raw, err := f.programs.Output(f.ctx, int64(most*size), in, "-map", f.stream(), "-filter:v", filter,
		"-frames:v", fmt.Sprint(most), "-f", "rawvideo", "pipe:1")
	if err != nil {
		return nil, f.ffmpegError(err)
	}
	var all []*image.NRGBA64
	for ; len(raw) >= size; raw = raw[size:] {
		p := image.NewNRGBA64(r)
		for i, v := range raw[:size] {
			c := uint16(v) * 257
			p.SetNRGBA64(r.Min.X+i%r.Dx(), r.Min.Y+i/r.Dx(), color.NRGBA64{c, c, c, 0xFFFF})
		}
		all = append(all, p)
	}
	return all, nil
}

// stream names the video track to ffmpeg.
func (f *film) stream() string { return fmt.Sprintf("0:%d", f.video.Index) }

// graphicsWhite is the part of the signal that is the white of graphics in high dynamic range:
// 58 % where that reaches 10,000 cd/m2, and 75 % in hybrid log-gamma (ITU-R BT.2408).
// More would dazzle.
var graphicsWhite = map[string]float64{"smpte2084": 0.58, "arib-std-b67": 0.75}

// videoInk chooses the colours for pictures.
func videoInk(pictures []*image.NRGBA64, transfer string) ink {
	if level := graphicsWhite[transfer]; level > 0 {
		v := uint16(level * 0xFFFF)
		k := dark
		k.text = color.NRGBA64{v, v, v, 0xFFFF}
		return k
	}
	bright := 0.0
	for _, p := range pictures {
		bright += brightness(p) / float64(len(pictures))
	}
	if bright > lightPicture {
		return light
	}
	return dark
}

// writePlate writes the notice for ffmpeg.
func (f *film) writePlate() error {
	var b bytes.Buffer
	if err := png.Encode(&b, f.stamp.picture(f.ink)); err != nil {
		return err
	}
	return f.scratch.write(f.file(plateName), &b)
}

// overlay returns the filter that draws the plate where a condition holds, "" for
// everywhere, between other filters.
func (f *film) overlay(before, when, after string) string {
	r := f.stamp.plate.Rect
	if when != "" {
		when = ":enable='" + when + "'"
	}
	return fmt.Sprintf("movie=filename=%s:format_name=png_pipe[plate];[in]%s[pictures];[pictures][plate]overlay=x=%d:y=%d:format=%s:eof_action=repeat%s,%s[out]",
		plateName, before, r.Min.X, r.Min.Y, overlayFormats[f.video.PixelFormat], when, after)
}
