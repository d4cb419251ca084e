package label

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/program"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// A heifCoder is the programs that decode a lossy format to PNG, and encode it again.
type heifCoder struct {
	decode  []string // names, the first that is installed
	encode  string
	debian  string // the package that has both
	setting string // at which a second generation is not seen
	turns   bool   // the decoder turns the picture to be shown

	decoding func(in, out string, pixels int64) []string
	encoding func(p *container.HEIFPicture, in, out, dir string) ([]string, error)
}

// planHEIF returns a HEIF or AVIF file with the notice in its picture, and the watermark
// if that is asked for too: both in one go.
func planHEIF(c heifCoder) func(*job) (*splice.Plan, string, error) {
	return func(j *job) (*splice.Plan, string, error) {
		where, marked := "", false
		plan, how, err := j.repaint(c, func(decoded metadata.Source, orientation int) (drawn *splice.Plan, err error) {
			open := func(src io.ReaderAt, size, limit int64) (canvas, error) {
				p, err := openPNG(src, size, limit)
				if err != nil {
					return nil, err
				}
				return turnedCanvas{p, p.(onlooker), orientation}, nil
			}
			drawn, where, err = onCanvas(open).plan(&job{Labeler: j.Labeler, ctx: j.ctx, src: decoded, format: "png", state: j.state, scratch: j.scratch})
			if err != nil || j.mark == nil {
				return drawn, err
			}
			both, err := j.mark.draw(openPNG, planned(drawn), j.pixels())
			marked, err = j.markedToo(err)
			if err != nil || !marked || len(both.Edits()) == 0 {
				return drawn, err
			}
			return both, nil
		})
		if err == nil && marked {
			err = j.settle(j.heldByHEIF(c, plan), how)
		}
		return plan, where + how, err
	}
}

// markHEIF returns a HEIF or AVIF file with the watermark in its picture.
func markHEIF(c heifCoder) marker {
	return func(j *job) (*splice.Plan, string, error) {
		plan, how, err := j.repaint(c, func(decoded metadata.Source, _ int) (*splice.Plan, error) {
			return j.mark.draw(openPNG, decoded, j.pixels())
		})
		if err == nil {
			err = j.heldByHEIF(c, plan)
		}
		return plan, how, err
	}
}

// heldByHEIF fails unless the watermark is in a file.
func (j *job) heldByHEIF(c heifCoder, plan *splice.Plan) error {
	if len(plan.Edits()) == 0 {
		return nil // was there before
	}
	written := *j
	written.src = planned(plan)
	decoded, err := written.decodeHEIF(c, j.pixels())
	if err != nil {
		return err
	}
	return j.mark.readBack(openPNG, decoded, j.pixels())
}

// repaint returns a HEIF or AVIF file with what paint makes of its picture as a PNG file:
// decoded and encoded again by programs, with the metadata, the colours, the depth and the
// orientation of the source. A file that would lose something is not repainted.
func (j *job) repaint(c heifCoder, paint func(decoded metadata.Source, orientation int) (*splice.Plan, error)) (plan *splice.Plan, how string, err error) {
	limit := j.pixels()
	p, err := container.ReadHEIFPicture(container.NewSource(j.src.R, j.src.Size, container.Limits{}))
	switch {
	case err != nil:
		return nil, "", codecError(j.format, err)
	case p.Else != "":
		return nil, "", missing{"the picture has to be encoded again, and the file would lose " + p.Else}
	case p.NCLX != nil && (p.NCLX.Transfer == transferPQ || p.NCLX.Transfer == transferHLG):
		return nil, "", missing{"the picture has a high dynamic range, in which white letters would dazzle"}
	case int64(p.Width)*int64(p.Height) > limit:
		return nil, "", codecError(j.format, &container.LimitError{What: "pixels of the picture", Limit: limit})
	}
	decoded, err := j.decodeHEIF(c, limit)
	if err != nil {
		return nil, "", err
	}
	orientation := p.Orientation
	if c.turns {
		orientation = 1
	}
	painted, err := paint(decoded, orientation)
	if err != nil {
		return nil, "", err
	}
	if len(painted.Edits()) == 0 { // there already
		plan, err := splice.New(j.src.R, j.src.Size, nil)
		return plan, "", err
	}
	plan, err = j.encodeHEIF(c, p, painted)
	return plan, encodedAgain(c.encode, c.setting), err
}

// Transfer characteristics of a high dynamic range (ITU-R BT.2100).
const (
	transferPQ  = 16
	transferHLG = 18
)

// A turnedCanvas is turned by what its file does not say.
type turnedCanvas struct {
	canvas
	onlooker
	orientation int
}

func (c turnedCanvas) view() view {
	v := c.canvas.view()
	v.orientation = c.orientation
	return v
}

// decodeHEIF returns the picture as a PNG file.
func (j *job) decodeHEIF(c heifCoder, limit int64) (metadata.Source, error) {
	var none metadata.Source
	decoder := c.decode[0]
	for _, name := range c.decode {
		if _, err := exec.LookPath(name); err == nil {
			decoder = name
			break
		}
	}
	if name := program.Missing(decoder, c.encode); name != "" {
		return none, j.encoderError(fmt.Errorf("%s: %w", name, program.ErrNotFound), c.debian)
	}
	dir, err := j.scratch.path()
	if err != nil {
		return none, err
	}
	in, out := filepath.Join(dir, "in."+j.format), filepath.Join(dir, "decoded.png")
	if err := j.scratch.write(in, io.NewSectionReader(j.src.R, 0, j.src.Size)); err != nil {
		return none, err
	}
	if err := j.encoderError(program.Run(j.ctx, decoder, c.decoding(in, out, limit)...), c.debian); err != nil {
		return none, err
	}
	decoded, err := j.scratch.source(out)
	if err != nil {
		return none, missing{"the picture cannot be encoded again: " + decoder + " wrote nothing"}
	}
	return decoded, nil
}

// encodeHEIF returns the file of a picture that is like p.
func (j *job) encodeHEIF(c heifCoder, p *container.HEIFPicture, picture *splice.Plan) (*splice.Plan, error) {
	dir, err := j.scratch.path()
	if err != nil {
		return nil, err
	}
	in, out := filepath.Join(dir, "drawn.png"), filepath.Join(dir, "out."+j.format)
	if err := j.scratch.write(in, picture.Source()); err != nil {
		return nil, err
	}
	args, err := c.encoding(p, in, out, dir)
	if err != nil {
		return nil, err
	}
	if err := j.encoderError(program.Run(j.ctx, c.encode, args...), c.debian); err != nil {
		return nil, err
	}
	encoded, err := j.scratch.source(out)
	if err != nil {
		return nil, err
	}
	tagged, err := retag(c, p, encoded)
	if err != nil {
		return nil, err
	}
	if lost := lostInHEIF(c, p, tagged); lost != "" {
		return nil, missing{fmt.Sprintf("the picture has to be encoded again, and %s keeps not its %s", c.encode, lost)}
	}
	return splice.New(j.src.R, j.src.Size, []splice.Edit{{Delete: j.src.Size, Insert: tagged}})
}

// retag gives an encoded picture the metadata of its source.
func retag(c heifCoder, p *container.HEIFPicture, encoded metadata.Source) (*splice.Plan, error) {
	file, err := container.HEIF(container.NewSource(encoded.R, encoded.Size, container.Limits{}))
	if err != nil {
		return nil, fmt.Errorf("label: %w", err)
	}
	l := file.Summary()
	if l.Damage != nil || len(l.Limits) > 0 {
		return nil, missing{c.encode + " wrote no picture that can be read"}
	}
	var changes []container.Change
	hasXMP := false
	for i := range l.Slots {
		switch s := &l.Slots[i]; s.Kind {
		case container.EXIF:
			changes = append(changes, container.Change{Slot: s, Value: exifFor(c, p)})
		case container.XMP:
			hasXMP = true
			changes = append(changes, container.Change{Slot: s, Value: p.XMP})
		}
	}
	if !hasXMP && p.XMP != nil {
		changes = append(changes, container.Change{Kind: container.XMP, Value: p.XMP})
	}
	plan, err := file.Plan(changes)
	if err != nil {
		return nil, codecError("heif", err)
	}
	return plan, nil
}

// exifFor returns the Exif block of the encoded picture: that of the source, which
// must not turn again what a decoder has turned.
func exifFor(c heifCoder, p *container.HEIFPicture) []byte {
	if c.turns && p.Orientation != 1 {
		return container.UprightEXIF(p.EXIF)
	}
	return p.EXIF
}

// lostInHEIF names what an encoded picture has not of its source, "" for nothing.
func lostInHEIF(c heifCoder, p *container.HEIFPicture, encoded *splice.Plan) string {
	got, err := container.ReadHEIFPicture(container.NewSource(encoded, encoded.Size(), container.Limits{}))
	if err != nil {
		return "structure"
	}
	want := *p
	if c.turns {
		if want.Orientation >= 5 {
			want.Width, want.Height = want.Height, want.Width
		}
		want.Orientation = 1
	}
	switch {
	case got.Else != "":
		return "structure"
	case got.Width != want.Width || got.Height != want.Height:
		return "size"
	case got.Orientation != want.Orientation:
		return "orientation"
	case got.Depth != want.Depth:
		return "depth"
	case want.Alpha && !got.Alpha:
		return "transparency"
	case !bytes.Equal(got.ICC, want.ICC):
		return "colour profile"
	case want.NCLX != nil && (got.NCLX == nil || *got.NCLX != *want.NCLX):
		return "colours"
	case !bytes.Equal(got.EXIF, exifFor(c, p)):
		return "Exif data"
	case !bytes.Equal(got.XMP, want.XMP):
		return "XMP"
	}
	return ""
}

// heicCoder is libheif's programs with an encoder for HEVC.
var heicCoder = heifCoder{
	decode: []string{"heif-dec", "heif-convert"}, encode: "heif-enc", debian: "libheif-examples", setting: "quality 95", turns: true,
	decoding: func(in, out string, _ int64) []string { return []string{in, out} },
	encoding: func(p *container.HEIFPicture, in, out, _ string) ([]string, error) {
		args := []string{"-q", "95", "-b", fmt.Sprint(p.Depth), "-p", "chroma=" + sampling(p)}
		if n := p.NCLX; n != nil {
			full := map[bool]string{false: "0", true: "1"}[n.FullRange]
			args = append(args, fmt.Sprintf("--matrix_coefficients=%d", n.Matrix), fmt.Sprintf("--colour_primaries=%d", n.Primaries),
				fmt.Sprintf("--transfer_characteristic=%d", n.Transfer), "--full_range_flag="+full)
			if p.ICC != nil {
				args = append(args, "--enable-two-colr-boxes")
			}
		}
		return append(args, in, "-o", out), nil
	},
}

// sampling returns the sampling that programs know: grey pictures have colours that are
// all alike.
func sampling(p *container.HEIFPicture) string {
	if p.Chroma == "400" {
		return "420"
	}
	return p.Chroma
}

// avifCoder is libavif's programs.
var avifCoder = heifCoder{
	decode: []string{"avifdec"}, encode: "avifenc", debian: "libavif-bin", setting: "quantizer 8 of 63",
	decoding: func(in, out string, pixels int64) []string {
		const most = 1 << 28 // that it takes
		return []string{"--size-limit", fmt.Sprint(min(pixels, most)), "-d", "16", in, out}
	},
	encoding: encodeAVIF,
}

func encodeAVIF(p *container.HEIFPicture, in, out, dir string) ([]string, error) {
	args := []string{"--min", "0", "--max", "8", "--minalpha", "0", "--maxalpha", "0", "-s", "6", "-d", fmt.Sprint(p.Depth), "-y", p.Chroma}
	if n := p.NCLX; n != nil {
		full := map[bool]string{false: "limited", true: "full"}[n.FullRange]
		args = append(args, "--cicp", fmt.Sprintf("%d/%d/%d", n.Primaries, n.Transfer, n.Matrix), "-r", full)
	}
	turn := map[int][2]string{2: {"", "1"}, 3: {"2", ""}, 4: {"", "0"}, 5: {"1", "0"}, 6: {"3", ""}, 7: {"3", "0"}, 8: {"1", ""}}[p.Orientation]
	for i, flag := range []string{"--irot", "--imir"} {
		if turn[i] != "" {
			args = append(args, flag, turn[i])
		}
	}
	for _, part := range []struct {
		flag  string
		value []byte
	}{{"--exif", container.UprightEXIF(p.EXIF)}, {"--icc", p.ICC}} { // some turn by Exif what is turned by irot
		if part.value == nil {
			continue
		}
		name := filepath.Join(dir, "block"+part.flag)
		if err := os.WriteFile(name, part.value, 0o600); err != nil {
			return nil, fmt.Errorf("label: %w", err)
		}
		args = append(args, part.flag, name)
	}
	return slices.Concat(args, []string{in, out}), nil
}
