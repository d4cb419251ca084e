package label

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/ffmpeg"
)

// A coder says how ffmpeg encodes a codec again. What is encoded again keeps its
// codec: who could play the file still can.
type coder struct {
	names []string // of encoders, the best first
	name  string   // of the one that is there
	args  func(f *film) []string
	intra bool // all its pictures stand alone
}

// coders are the codecs that a notice can be put into, at a quality of 42 dB and
// more: a fixed quantiser, because what the eye forgives is measured all the same.
var coders = map[string]coder{
	"h264":       {names: []string{"libx264"}, args: x264},
	"hevc":       {names: []string{"libx265"}, args: x265},
	"vp8":        {names: []string{"libvpx"}, args: vpx},
	"vp9":        {names: []string{"libvpx-vp9"}, args: vpx},
	"av1":        {names: []string{"libsvtav1", "libaom-av1"}, args: av1},
	"mpeg4":      {names: []string{"mpeg4"}, args: mpeg},
	"msmpeg4v3":  {names: []string{"msmpeg4"}, args: mpeg},
	"mpeg1video": {names: []string{"mpeg1video"}, args: mpeg},
	"mpeg2video": {names: []string{"mpeg2video"}, args: mpeg},
	"h263":       {names: []string{"h263"}, args: mpeg},
	"flv1":       {names: []string{"flv"}, args: mpeg},
	"wmv2":       {names: []string{"wmv2"}, args: mpeg},
	"mjpeg":      {names: []string{"mjpeg"}, args: mpeg, intra: true},
	"prores":     {names: []string{"prores_ks"}, args: prores, intra: true},
	"theora":     {names: []string{"libtheora"}, args: theora},
	"ffv1":       {names: []string{"ffv1"}, args: withoutLoss, intra: true},
	"huffyuv":    {names: []string{"huffyuv"}, args: withoutLoss, intra: true},
	"ffvhuff":    {names: []string{"ffvhuff"}, args: withoutLoss, intra: true},
	"utvideo":    {names: []string{"utvideo"}, args: withoutLoss, intra: true},
	"png":        {names: []string{"png"}, args: withoutLoss, intra: true},
	"qtrle":      {names: []string{"qtrle"}, args: withoutLoss},
	"rawvideo":   {names: []string{"rawvideo"}, args: withoutLoss, intra: true},
}

// chooseCoder chooses how the video is encoded again.
func (f *film) chooseCoder() error {
	v := f.video
	c, ok := coders[v.Codec]
	if !ok {
		return missing{fmt.Sprintf("no encoder for the codec %q", v.Codec)}
	}
	have, err := f.programs.Encoders(f.ctx)
	if err != nil {
		return f.ffmpegError(err)
	}
	i := slices.IndexFunc(c.names, func(name string) bool { return have[name] })
	if i < 0 {
		return missing{fmt.Sprintf("this ffmpeg has no encoder for the codec %q: install one with %s", v.Codec, c.names[0])}
	}
	if interlaced(v) && v.Codec != "h264" && v.Codec != "mpeg2video" && !c.intra {
		return missing{fmt.Sprintf("no encoder for interlaced pictures of the codec %q", v.Codec)}
	}
	c.name = c.names[i]
	f.coder = c
	f.args = slices.Concat([]string{"-c", c.name, "-pix_fmt", v.PixelFormat}, c.args(f), colours(v))
	return nil
}

// interlaced reports whether pictures are two fields.
func interlaced(v ffmpeg.Stream) bool {
	return slices.Contains([]string{"tt", "bb", "tb", "bt"}, v.Fields)
}

// colours returns the options that keep the colour tags.
func colours(v ffmpeg.Stream) (args []string) {
	for _, tag := range [][2]string{
		{"-color_range", v.Range}, {"-colorspace", v.Space}, {"-color_trc", v.Transfer},
		{"-color_primaries", v.Primaries}, {"-chroma_sample_location", v.Chroma},
	} {
		if tag[1] != "" && tag[1] != "unknown" && tag[1] != "unspecified" && tag[1] != "reserved" {
			args = append(args, tag[0], tag[1])
		}
	}
	if interlaced(v) {
		args = append(args, "-flags", "+ildct+ilme")
	}
	return args
}

// x264 encodes H.264 in the profile of the source.
func x264(f *film) []string {
	args := []string{"-preset", "veryfast", "-qp", "17"}
	args = append(args, [][]string{{"-bf", "0"}, {"-bf", "2", "-b-pyramid", "none"}, {"-bf", "3", "-b-pyramid", "normal"}}[f.reordering()]...)
	profile := map[string]string{
		"Constrained Baseline": "baseline", "Baseline": "baseline", "Main": "main", "High": "high",
		"High 10": "high10", "High 4:2:2": "high422", "High 4:4:4 Predictive": "high444",
	}[f.video.Profile]
	if profile != "" {
		args = append(args, "-profile:v", profile)
	}
	return args
}

// reordering returns how far pictures stand from the order of time in the source, 0 to
// 2: new ones keep to that, so that players wait as long for them.
func (f *film) reordering() int { return min(max(f.video.BFrames, 0), 2) }

// x265 encodes HEVC, with what it says of high dynamic range.
func x265(f *film) []string {
	params := []string{"qp=15", [...]string{"bframes=0", "bframes=2:b-pyramid=0", "bframes=3:b-pyramid=1"}[f.reordering()], "open-gop=0", "log-level=error", "repeat-headers=0", "info=0"}
	return []string{"-preset", "superfast", "-forced-idr", "1", "-x265-params", strings.Join(append(params, f.mastering()...), ":")}
}

func vpx(f *film) []string {
	args := []string{"-deadline", "realtime", "-qmin", "0", "-auto-alt-ref", "0", "-lag-in-frames", "0"}
	if f.video.Codec == "vp8" {
		return append(args, "-crf", "4", "-qmax", "10", "-b:v", "200M", "-cpu-used", "4")
	}
	return append(args, "-crf", "6", "-qmax", "14", "-b:v", "0", "-cpu-used", "6", "-row-mt", "1")
}

func av1(f *film) []string {
	if f.coder.name == "libsvtav1" {
		return []string{"-preset", "10", "-qp", "8"}
	}
	return []string{"-usage", "realtime", "-cpu-used", "8", "-crf", "6", "-qmax", "20", "-b:v", "0"}
}

func mpeg(*film) []string { return []string{"-q:v", "1", "-qmin", "1", "-bf", "0"} }

func theora(*film) []string { return []string{"-q:v", "10"} }

func withoutLoss(*film) []string { return nil }

// prores keeps the flavour: proxy to 4444 XQ.
func prores(f *film) []string {
	flavour := map[string]string{"apco": "0", "apcs": "1", "apcn": "2", "apch": "3", "ap4h": "4", "ap4x": "5"}[f.video.Tag]
	if flavour == "" {
		flavour = "3"
	}
	return []string{"-profile:v", flavour, "-vendor", "apl0", "-q:v", "3"}
}

// mastering returns the display that high dynamic range was made on, and its light
// levels, as x265 wants them (SMPTE ST 2086, CTA-861.3).
func (f *film) mastering() (params []string) {
	for _, s := range f.first {
		switch s.Type {
		case "Mastering display metadata":
			xy := func(x, y ffmpeg.Ratio) string { return fmt.Sprintf("(%.0f,%.0f)", x.Float()*50000, y.Float()*50000) }
			params = append(params, fmt.Sprintf("master-display=G%sB%sR%sWP%sL(%.0f,%.0f)", xy(s.GreenX, s.GreenY), xy(s.BlueX, s.BlueY),
				xy(s.RedX, s.RedY), xy(s.WhiteX, s.WhiteY), s.Max.Float()*10000, s.Min.Float()*10000))
		case "Content light level metadata":
			params = append(params, fmt.Sprintf("max-cll=%d,%d", s.MaxContent, s.MaxAverage))
		}
	}
	return params
}

// readRange reads what the first picture says of high dynamic range. What changes from
// picture to picture is lost when they are encoded again.
func (f *film) readRange() (err error) {
	if graphicsWhite[f.video.Transfer] == 0 {
		return nil
	}
	if f.first, err = f.programs.FirstFrame(f.ctx, f.in, f.video.Index); err != nil {
		return f.ffmpegError(err)
	}
	for _, s := range slices.Concat(f.video.SideData, f.first) {
		for _, kind := range []string{"DOVI", "Dolby Vision", "HDR10+", "Vivid"} {
			if strings.Contains(s.Type, kind) {
				return missing{s.Type + " would not survive another encoding"}
			}
		}
	}
	return nil
}
