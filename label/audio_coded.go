package label

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/ffmpeg"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// Sound that only other programs decode: ffmpeg makes samples of it, and the notice is
// planned for these as for any other. Where packets can stand side by side, only the
// notice is encoded, and those of the programme stay as they are. Elsewhere, and where a
// notice is mixed, all is encoded again, with the same codec.

// A recording is sound in a coding that ffmpeg knows.
type recording struct {
	*job
	programs *ffmpeg.Programs
	dir      string // for temporary files
	in       ffmpeg.Input
	media    *ffmpeg.Media
	stream   ffmpeg.Stream
	sound    container.Mixer // decoded
	source   *container.Source
}

// maxDecoded bounds the sound that is decoded into a file: 3 hours of a disc.
const maxDecoded = 2 << 30

// codedEdge is which part of a second of silence stands around the notice: coders lose
// some of it.
const codedEdge = 10

// planCoded is planSound for such files.
func planCoded(j *job) (*splice.Plan, string, error) {
	said, err := j.Notice.said(j.state)
	if err != nil {
		return nil, "", err
	}
	r, err := openRecording(j)
	if err != nil {
		return nil, "", err
	}
	defer r.source.Release()
	if j.Notice.Mix {
		return r.mix(said)
	}
	return r.insert(said)
}

// mix returns the edits for a notice over the sound.
func (r *recording) mix(said *Clip) (*splice.Plan, string, error) {
	decoded, seconds, err := mixed(r.sound, said, r.Notice.Position)
	if err != nil {
		return nil, "", err
	}
	place := soundPlace(r.Notice, seconds)
	if seconds == 0 {
		plan, err := r.unchanged()
		return plan, place, err
	}
	plan, how, err := r.encodeAll(decoded, 0)
	return plan, place + "; " + how, err
}

// insert returns the edits for a notice beside the sound.
func (r *recording) insert(said *Clip) (*splice.Plan, string, error) {
	front, back, err := soundNotice(r.sound, said, r.Notice.Position)
	if err != nil {
		return nil, "", err
	}
	rate := r.sound.Shape().Rate
	edge := make([]float64, rate/codedEdge)
	if len(front) > 0 {
		front = slices.Concat(edge, front)
	}
	if len(back) > 0 {
		back = slices.Concat(back, edge)
	}
	place := soundPlace(r.Notice, float64(len(front)+len(back))/float64(rate))
	if len(front)+len(back) == 0 {
		plan, err := r.unchanged()
		return plan, place, err
	}
	plan, how, err := r.join(front, back)
	if errors.Is(err, container.ErrCoding) {
		var decoded *splice.Plan
		if decoded, err = r.sound.Insert(front, back); err == nil {
			plan, how, err = r.encodeAll(decoded, float64(len(front))/float64(rate))
		}
	}
	return plan, place + "; " + how, err
}

func (r *recording) unchanged() (*splice.Plan, error) { return splice.New(r.src.R, r.src.Size, nil) }

// openRecording finds the programs and decodes the file.
func openRecording(j *job) (*recording, error) {
	programs, err := ffmpeg.Find(j.FFmpeg)
	if err != nil {
		return nil, missing{"sound in this coding needs the programs ffmpeg and ffprobe, 5.1 or later: install them, or say in Labeler.FFmpeg where they are"}
	}
	r := &recording{job: j, programs: programs}
	if r.dir, err = j.scratch.path(); err != nil {
		return nil, err
	}
	if r.in, err = r.input("sound", j.format, io.NewSectionReader(j.src.R, 0, j.src.Size)); err != nil {
		return nil, err
	}
	if r.media, err = programs.Probe(j.ctx, r.in); err != nil {
		return nil, r.ffmpegError(err)
	}
	if err := r.choose(); err != nil {
		return nil, err
	}
	return r, r.decode()
}

// file returns the path of a temporary file.
func (r *recording) file(name string) string { return filepath.Join(r.dir, name) }

// input writes a file for ffmpeg.
func (r *recording) input(name, format string, content io.Reader) (ffmpeg.Input, error) {
	in := ffmpeg.Input{Path: r.file(name), Format: format}
	return in, r.scratch.write(in.Path, content)
}

// run runs ffmpeg.
func (r *recording) run(inputs []ffmpeg.Input, args ...string) error {
	if err := r.programs.Run(r.ctx, ffmpeg.Job{Inputs: inputs, Args: args, MaxSize: maxDecoded}); err != nil {
		return r.ffmpegError(err)
	}
	return nil
}

// choose finds the one track of sound, and refuses what a new file would not have.
func (r *recording) choose() error {
	found := 0
	for _, s := range r.media.Streams {
		switch {
		case s.Kind == "audio":
			r.stream = s
			found++
		case s.Disposition["attached_pic"] == 0 && s.Codec != "bin_data":
			return missing{"the file has more than sound"}
		case s.Kind == "video" && r.format == "wma":
			return missing{"the cover of a WMA file would be lost"}
		}
	}
	if found != 1 {
		return missing{fmt.Sprintf("the file has %d tracks of sound", found)}
	}
	return nil
}

// decode makes samples of the file.
func (r *recording) decode() error {
	decoded, coding := r.file("decoded.wav"), "pcm_s16le"
	if strings.HasPrefix(r.stream.SampleFmt, "s32") {
		coding = "pcm_s32le"
	}
	if err := r.run([]ffmpeg.Input{r.in}, "-map", "0:a", "-c:a", coding, "-f", "wav", "file:"+decoded); err != nil {
		return err
	}
	src, err := r.scratch.source(decoded)
	if err != nil {
		return err
	}
	r.source = container.NewSource(src.R, src.Size, container.Limits{})
	sound, err := container.WAVSound(r.source)
	if err != nil {
		return soundError(r.format, err)
	}
	r.sound = sound.(container.Mixer) // as all of WAV is
	return nil
}

// A soundCoder says how ffmpeg encodes a codec: what is encoded again keeps its codec.
type soundCoder struct {
	encoder  string
	args     []string // at a quality that leaves no trace
	lossless bool
}

var soundCoders = map[string]soundCoder{
	"aac":    {encoder: "aac"},
	"mp3":    {encoder: "libmp3lame", args: []string{"-b:a", "320k"}},
	"opus":   {encoder: "libopus"},
	"vorbis": {encoder: "libvorbis", args: []string{"-q:a", "8"}},
	"speex":  {encoder: "libspeex", args: []string{"-cbr_quality", "10"}},
	"wmav1":  {encoder: "wmav1"},
	"wmav2":  {encoder: "wmav2"},
	"ac3":    {encoder: "ac3", args: []string{"-b:a", "640k"}},
	"alac":   {encoder: "alac", lossless: true},
	"flac":   {encoder: "flac", lossless: true},
}

// coder returns the options that encode the codec of the file.
func (r *recording) coder() (soundCoder, error) {
	codec := r.stream.Codec
	c, ok := soundCoders[codec]
	if strings.HasPrefix(codec, "pcm_") {
		c, ok = soundCoder{encoder: codec, lossless: true}, true
	}
	if !ok {
		return c, missing{fmt.Sprintf("no encoder for the codec %q", codec)}
	}
	have, err := r.programs.Encoders(r.ctx)
	if err != nil {
		return c, r.ffmpegError(err)
	}
	if !have[c.encoder] {
		return c, missing{fmt.Sprintf("this ffmpeg has no encoder for the codec %q: install one with %s", codec, c.encoder)}
	}
	if c.args == nil && !c.lossless {
		rate := min(max(int64(r.stream.BitRate), int64(r.stream.Channels)*96_000), 320_000)
		c.args = []string{"-b:a", fmt.Sprint(rate)}
	}
	return c, nil
}

// soundMuxers are the writers of ffmpeg, with options.
var soundMuxers = map[string][]string{
	"m4a": {"ipod", "-movflags", "+faststart"}, "aac": {"adts"}, "mp3": {"mp3", "-id3v2_version", "0", "-write_id3v1", "0"}, "opus": {"opus"}, "ogg": {"ogg"}, "caf": {"caf"}, "wma": {"asf"},
}

// encodeAll returns the edit that replaces the sound by other samples, in a WAV file,
// which is so many seconds later, and says how it was done.
func (r *recording) encodeAll(decoded *splice.Plan, later float64) (*splice.Plan, string, error) {
	c, err := r.coder()
	if err != nil {
		return nil, "", err
	}
	in, err := r.input("new.wav", "wav", decoded.Source())
	if err != nil {
		return nil, "", err
	}
	plan, err := r.rewrite(in, append([]string{"-c:a", c.encoder}, c.args...), later)
	if c.lossless {
		return plan, "all encoded again, without loss", err
	}
	return plan, "all encoded again", err
}

// rewrite returns the edit that replaces the file by one with the sound of another, and
// with its own tags, chapters and pictures.
func (r *recording) rewrite(in ffmpeg.Input, coding []string, later float64) (*splice.Plan, error) {
	chapters, err := r.input("chapters", "ffmetadata", bytes.NewReader(r.chapters(later)))
	if err != nil {
		return nil, err
	}
	out := r.file("result")
	args := []string{"-map", "0:a", "-c", "copy", "-map_metadata", "1", "-map_metadata:s:a:0", fmt.Sprintf("1:s:%d", r.stream.Index), "-map_chapters", "2"}
	if r.format == "m4a" {
		args = append(args, "-map", "1:v?") // the cover; others have it in their tags
	}
	args = slices.Concat(args, coding, []string{"-f"}, soundMuxers[r.format], []string{"file:" + out})
	if err := r.run([]ffmpeg.Input{in, r.in, chapters}, args...); err != nil {
		return nil, err
	}
	made, err := r.scratch.source(out)
	if err != nil {
		return nil, err
	}
	return r.tagged(made)
}

// tagged returns the edit that replaces the file by a new one, to which it gives its tags
// where they are not all that ffmpeg knows.
func (r *recording) tagged(made metadata.Source) (*splice.Plan, error) {
	old, s := r.opened(r.src), r.opened(made)
	var whole splice.Content = io.NewSectionReader(made.R, 0, made.Size)
	var err error
	switch r.format {
	case "m4a":
		whole, err = container.BMFFWithTags(s, old)
	case "opus", "ogg":
		whole, err = container.OggWithComments(s, old)
	case "aac", "mp3":
		frames, err := container.TaggedFrames(old)
		if err != nil {
			return nil, soundError(r.format, err)
		}
		return splice.New(r.src.R, r.src.Size, []splice.Edit{{Offset: frames.Offset, Delete: frames.Length, Insert: whole}})
	}
	if err != nil {
		return nil, soundError(r.format, err)
	}
	return r.rewritten(whole)
}

func (r *recording) opened(src metadata.Source) *container.Source {
	return container.NewSource(src.R, src.Size, container.Limits{})
}

// chapters returns the chapters, so many seconds later, in the format of ffmpeg.
func (r *recording) chapters(later float64) []byte {
	escape := strings.NewReplacer("\\", "\\\\", "=", "\\=", ";", "\\;", "#", "\\#", "\n", "\\\n", "\r", " ", "\x00", "")
	var b bytes.Buffer
	b.WriteString(";FFMETADATA1\n")
	shift := time.Duration(later * float64(time.Second))
	for _, c := range r.media.Chapters {
		fmt.Fprintf(&b, "[CHAPTER]\nTIMEBASE=1/1000000000\nSTART=%d\nEND=%d\n", time.Duration(c.Start)+shift, time.Duration(c.End)+shift)
		for key, value := range c.Tags {
			fmt.Fprintf(&b, "%s=%s\n", escape.Replace(key), escape.Replace(value))
		}
	}
	return b.Bytes()
}

// rawSound returns samples as ffmpeg reads them, the same ones in all channels.
func rawSound(samples []float64, channels int) []byte {
	b := make([]byte, 0, 4*channels*len(samples))
	for _, v := range samples {
		for range channels {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
		}
	}
	return b
}
