package ffmpeg

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Media is what a file holds.
type Media struct {
	Streams  []Stream  `json:"streams"`
	Chapters []Chapter `json:"chapters"`
	Format   struct {
		Start    Seconds           `json:"start_time"`
		Duration Seconds           `json:"duration"`
		Tags     map[string]string `json:"tags"`
	} `json:"format"`
}

// A Chapter is a part of a file.
type Chapter struct {
	Start Seconds           `json:"start_time"`
	End   Seconds           `json:"end_time"`
	Tags  map[string]string `json:"tags"`
}

// A Stream is one track of a file.
type Stream struct {
	Index    int               `json:"index"`
	ID       string            `json:"id"`         // the number in the file: "0x1"
	Kind     string            `json:"codec_type"` // "video", "audio", "subtitle", "data", "attachment"
	Codec    string            `json:"codec_name"` // "h264"...
	Tag      string            `json:"codec_tag_string"`
	Profile  string            `json:"profile"`
	Level    int               `json:"level"`
	Start    Seconds           `json:"start_time"`
	Duration Seconds           `json:"duration"`
	TimeBase Ratio             `json:"time_base"`
	Tags     map[string]string `json:"tags"`
	SideData []SideData        `json:"side_data_list"`
	// Disposition has "default", "forced", "attached_pic"... with 1 for what the stream is.
	Disposition map[string]int `json:"disposition"`

	// Of video.
	Width         int    `json:"width"`
	Height        int    `json:"height"`
	PixelAspect   Ratio  `json:"sample_aspect_ratio"` // 0 if unknown
	PixelFormat   string `json:"pix_fmt"`
	Range         string `json:"color_range"`
	Space         string `json:"color_space"`
	Transfer      string `json:"color_transfer"`
	Primaries     string `json:"color_primaries"`
	Chroma        string `json:"chroma_location"`
	Fields        string `json:"field_order"`
	BFrames       int    `json:"has_b_frames"`
	FrameRate     Ratio  `json:"r_frame_rate"`
	MeanFrameRate Ratio  `json:"avg_frame_rate"`
	Frames        Count  `json:"nb_frames"` // 0 if unknown

	// Of sound.
	SampleRate Count  `json:"sample_rate"`
	Channels   int    `json:"channels"`
	Layout     string `json:"channel_layout"`
	SampleFmt  string `json:"sample_fmt"`
	BitRate    Count  `json:"bit_rate"`
}

// SideData says more about a stream or a frame.
type SideData struct {
	Type     string  `json:"side_data_type"`
	Rotation float64 `json:"rotation"` // of "Display Matrix": degrees, counterclockwise
	Matrix   string  `json:"displaymatrix"`

	// Of "Mastering display metadata".
	RedX   Ratio `json:"red_x"`
	RedY   Ratio `json:"red_y"`
	GreenX Ratio `json:"green_x"`
	GreenY Ratio `json:"green_y"`
	BlueX  Ratio `json:"blue_x"`
	BlueY  Ratio `json:"blue_y"`
	WhiteX Ratio `json:"white_point_x"`
	WhiteY Ratio `json:"white_point_y"`
	Min    Ratio `json:"min_luminance"`
	Max    Ratio `json:"max_luminance"`

	// Of "Content light level metadata".
	MaxContent int `json:"max_content"`
	MaxAverage int `json:"max_average"`
}

// Probe reads what a file holds.
func (p *Programs) Probe(ctx context.Context, in Input) (*Media, error) {
	m := new(Media)
	return m, p.probe(ctx, in, m, "-show_streams", "-show_format", "-show_chapters")
}

// FirstFrame reads what a stream's first picture says about itself.
func (p *Programs) FirstFrame(ctx context.Context, in Input, stream int) ([]SideData, error) {
	var out struct {
		Frames []struct {
			SideData []SideData `json:"side_data_list"`
		} `json:"frames"`
	}
	err := p.probe(ctx, in, &out, "-select_streams", strconv.Itoa(stream), "-read_intervals", "%+#1",
		"-show_frames", "-show_entries", "frame=pts:side_data")
	if err != nil || len(out.Frames) == 0 {
		return nil, err
	}
	return out.Frames[0].SideData, nil
}

// probe runs ffprobe and reads its JSON into v.
func (p *Programs) probe(ctx context.Context, in Input, v any, args ...string) error {
	named, err := in.Args()
	if err != nil {
		return err
	}
	const limit = 8 << 20
	all := append([]string{"-hide_banner", "-loglevel", "error", "-of", "json"}, args...)
	out, err := output(ctx, p.ffprobe, limit, append(all, named...))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, v); err != nil {
		return fmt.Errorf("ffmpeg: what ffprobe says: %w", err)
	}
	return nil
}

// Seconds are a time that ffprobe writes as a decimal string.
type Seconds time.Duration

// UnmarshalJSON reads "1.5"; anything else is 0.
func (s *Seconds) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(unquoted(b), 64)
	if limit := math.MaxInt64 / float64(time.Second); err != nil || !(math.Abs(f) < limit) {
		f = 0
	}
	*s = Seconds(math.Round(f * float64(time.Second)))
	return nil
}

// A Count is a number that ffprobe may write as a string.
type Count int64

// UnmarshalJSON reads "15" or 15; anything else is 0.
func (c *Count) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(unquoted(b), 10, 64)
	if err != nil {
		n = 0
	}
	*c = Count(n)
	return nil
}

// A Ratio is a fraction that ffprobe writes as "16/9" or "16:9".
type Ratio struct{ Num, Den int64 }

// UnmarshalJSON reads a fraction; anything else, and what has no value, is 0/1.
func (r *Ratio) UnmarshalJSON(b []byte) error {
	num, den, _ := strings.Cut(strings.Replace(unquoted(b), ":", "/", 1), "/")
	n, err1 := strconv.ParseInt(num, 10, 64)
	d, err2 := strconv.ParseInt(den, 10, 64)
	if err1 != nil || err2 != nil || d <= 0 {
		n, d = 0, 1
	}
	*r = Ratio{n, d}
	return nil
}

// Float returns the value of the fraction.
func (r Ratio) Float() float64 { return float64(r.Num) / float64(max(r.Den, 1)) }

// Given reports whether the fraction was there and is not 0.
func (r Ratio) Given() bool { return r.Num > 0 && r.Den > 0 }

func unquoted(b []byte) string { return strings.Trim(string(b), `"`) }
