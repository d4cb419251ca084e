package label

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// muxers are the writers of ffmpeg for the formats that it has to write anew, with
// their options.
var muxers = map[string][]string{
	"mp4":  {"mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof+use_metadata_tags"},
	"mov":  {"mov", "-movflags", "+frag_keyframe+empty_moov+default_base_moof+use_metadata_tags"},
	"mkv":  {"matroska", "-avoid_negative_ts", "disabled"}, // it counts the delay of Opus itself
	"webm": {"webm", "-avoid_negative_ts", "disabled"},
	"avi":  {"avi"},
	"flv":  {"flv"},
}

// rewriteFile returns the edit that replaces the file by one that ffmpeg wrote: its
// video encoded again, all other tracks, attachments, chapters and tags copied.
func (f *film) rewriteFile() (*splice.Plan, error) {
	in := f.in
	in.Options = append([]string{"-noautorotate"}, in.Options...)
	args := []string{"-copyts", "-map_metadata", "0", "-map_chapters", "0", "-c", "copy"}
	position := 0
	for i, s := range f.media.Streams {
		if s.Kind == "data" && (s.Codec == "" || s.Codec == "bin_data") {
			continue // the chapters of MP4, which are written anew
		}
		if i == f.video.Index {
			args = append(args, f.encodeStream(position)...)
		}
		args = append(args, "-map", "0:"+strconv.Itoa(s.Index))
		position++
	}
	if !strings.HasPrefix(f.video.Codec, "mpeg") || f.video.Codec == "mpeg4" { // MPEG-1 and 2 know few frame rates
		args = append(args, "-enc_time_base", "-1")
	}
	args = append(args, "-fps_mode", "passthrough", "-max_interleave_delta", "0", "-f")
	args = append(append(args, muxers[f.format]...), "file:"+f.file(resultName))
	if err := f.run(in, args, time.Duration(f.media.Format.Duration).Seconds()); err != nil {
		return nil, err
	}
	out, err := f.scratch.source(f.file(resultName))
	if err != nil {
		return nil, err
	}
	return f.rewritten(io.NewSectionReader(out.R, 0, out.Size))
}

// encodeStream returns the options of the stream of the output that is encoded.
func (f *film) encodeStream(position int) []string {
	of := ":" + strconv.Itoa(position)
	args := []string{"-filter" + of, f.overlay("null", f.when(), "null")}
	for i, a := range f.args {
		if i%2 == 0 {
			a += of
		}
		args = append(args, a)
	}
	return args
}

// when is the condition for the notice, in seconds of the file.
func (f *film) when() string {
	if f.duration >= f.length() {
		return ""
	}
	start := time.Duration(f.video.Start)
	cond := fmt.Sprintf("lt(t,%.6f)", (start + f.duration).Seconds())
	if f.atEnd() {
		cond += fmt.Sprintf("+gte(t,%.6f)", (start + f.length() - f.duration).Seconds())
	}
	return cond
}
