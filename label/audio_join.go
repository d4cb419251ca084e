package label

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/ffmpeg"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// join returns the edits that put a notice beside the packets of the programme, and says
// how it was done. The error is a [container.ErrCoding] where that cannot be done.
func (r *recording) join(front, back []float64) (*splice.Plan, string, error) {
	var plan *splice.Plan
	var err error
	switch {
	case r.format == "opus":
		plan, err = r.joinOpus(front, back)
	case r.format == "aac" && r.plainAAC():
		plan, err = r.joinADTS(front, back)
	case r.format == "m4a" && r.plainAAC():
		plan, err = r.joinM4A(front, back)
	default:
		err = container.ErrCoding
	}
	return plan, "the rest copied", err
}

// plainAAC reports whether ffmpeg encodes AAC of this kind: whose packets have all that
// their headers say, in channels that have a number.
func (r *recording) plainAAC() bool {
	return r.stream.Codec == "aac" && r.stream.Profile == "LC" && slices.Contains([]int{1, 2}, r.stream.Channels)
}

// encode returns a file with samples, in the codec of the programme; nil for none.
func (r *recording) encode(name string, samples []float64, muxer string, args ...string) ([]byte, error) {
	if len(samples) == 0 {
		return nil, nil
	}
	c, err := r.coder()
	if err != nil {
		return nil, err
	}
	shape := r.sound.Shape()
	in, err := r.input(name, "f32le", bytes.NewReader(rawSound(samples, shape.Channels)))
	if err != nil {
		return nil, err
	}
	in.Options = []string{"-ar", fmt.Sprint(shape.Rate), "-ac", fmt.Sprint(shape.Channels)}
	const limit = 64 << 20
	args = slices.Concat([]string{"-c:a", c.encoder}, c.args, args, []string{"-f", muxer, "pipe:1"})
	b, err := r.programs.Output(r.ctx, limit, in, args...)
	if err != nil {
		return nil, r.ffmpegError(err)
	}
	return b, nil
}

// joinOpus puts the notice before and behind the packets of an Opus file.
func (r *recording) joinOpus(front, back []float64) (*splice.Plan, error) {
	sources := [2]*container.Source{}
	for i, samples := range [][]float64{front, back} {
		b, err := r.encode(fmt.Sprint("notice", i), samples, "opus", "-application", "audio")
		if err != nil {
			return nil, err
		}
		if b != nil {
			sources[i] = container.NewSource(bytes.NewReader(b), int64(len(b)), container.Limits{})
		}
	}
	return container.InsertOpus(r.opened(r.src), sources[0], sources[1])
}

// adts returns the frames of the notice.
func (r *recording) adts(front, back []float64) (frames [2][]byte, err error) {
	for i, samples := range [][]float64{front, back} {
		if frames[i], err = r.encode(fmt.Sprint("notice", i), samples, "adts"); err != nil {
			return frames, err
		}
	}
	return frames, nil
}

// likeADTS reports frames that cannot stand beside the one at off: all of a stream have the
// same profile, rate and channels, and either all or none a checksum (ISO/IEC 14496-3
// clause 1.A.2.2).
func likeADTS(notice [2][]byte, src io.ReaderAt, off int64) error {
	var h [4]byte
	if _, err := src.ReadAt(h[:], off); err != nil {
		return fmt.Errorf("label: %w", err)
	}
	for _, b := range notice {
		if len(b) > len(h) && ([3]byte(b) != [3]byte(h[:]) || (b[3]^h[3])&0xF0 != 0) {
			return fmt.Errorf("%w: AAC of another kind", container.ErrCoding)
		}
	}
	return nil
}

// joinADTS puts frames before and behind those of an ADTS file.
func (r *recording) joinADTS(front, back []float64) (*splice.Plan, error) {
	notice, err := r.adts(front, back)
	if err != nil {
		return nil, err
	}
	frames, err := container.TaggedFrames(r.opened(r.src))
	if err != nil {
		return nil, soundError(r.format, err)
	}
	if err := likeADTS(notice, r.src.R, frames.Offset); err != nil {
		return nil, err
	}
	return splice.New(r.src.R, r.src.Size, []splice.Edit{
		{Offset: frames.Offset, Insert: bytes.NewReader(notice[0])},
		{Offset: frames.Offset + frames.Length, Insert: bytes.NewReader(notice[1])},
	})
}

// joinM4A writes an M4A file with the frames of the notice and, unchanged, those of the
// programme: all that the file has, also those that players leave out at its start.
func (r *recording) joinM4A(front, back []float64) (*splice.Plan, error) {
	notice, err := r.adts(front, back)
	if err != nil {
		return nil, err
	}
	in, programme := r.in, r.file("programme.aac")
	in.Options = []string{"-ignore_editlist", "1"}
	if err := r.run([]ffmpeg.Input{in}, "-map", "0:a", "-c", "copy", "-f", "adts", "file:"+programme); err != nil {
		return nil, err
	}
	copied, err := r.scratch.source(programme)
	if err == nil {
		err = likeADTS(notice, copied.R, 0)
	}
	if err != nil {
		return nil, err
	}
	all := io.MultiReader(bytes.NewReader(notice[0]), io.NewSectionReader(copied.R, 0, copied.Size), bytes.NewReader(notice[1]))
	joined, err := r.input("joined.aac", "aac", all)
	if err != nil {
		return nil, err
	}
	later := float64(len(front)) / float64(r.sound.Shape().Rate)
	return r.rewrite(joined, []string{"-bsf:a", "aac_adtstoasc"}, later)
}
