package label

import (
	"bufio"
	"errors"
	"os"
	"strconv"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A seam says how pictures of two encoders stand in one track.
type seam struct {
	// restarts reports whether nothing from a picture on needs what is before it.
	restarts func(sample int) (bool, error)

	args []string // for the encoder

	// join returns the new pictures as they go into the track, and the decoder
	// configuration for all.
	join func(with *container.Video) (*container.Video, []byte, error)
}

// seam returns the seam for the coding of the track, if there is one.
func (m *movie) seam() (seam, error) {
	switch m.old.Coding {
	case "avc1", "avc3":
		return m.seamAVC()
	case "hvc1", "hev1":
		return m.seamHEVC()
	case "vp08", "vp09": // each key picture says all
		return seam{
			restarts: func(int) (bool, error) { return true, nil },
			join:     func(with *container.Video) (*container.Video, []byte, error) { return with, m.old.Config, nil },
		}, nil
	}
	return seam{}, container.ErrTrack
}

// seamAVC has the encoder number its parameter sets.
func (m *movie) seamAVC() (seam, error) {
	config, err := container.ParseAVC(m.old.Config)
	if err != nil {
		return seam{}, err
	}
	number, err := config.FreeNumber()
	return seam{
		restarts: func(sample int) (bool, error) { return m.old.AVCRestarts(config, sample) },
		args:     []string{"-x264-params", "sps-id=" + strconv.Itoa(number)},
		join: func(with *container.Video) (*container.Video, []byte, error) {
			other, err := container.ParseAVC(with.Config)
			if err != nil {
				return nil, nil, err
			}
			joined, err := config.Join(other)
			return with, joined, err
		},
	}, err
}

// numberedName is the file of pictures with other numbers.
const numberedName = "numbered"

// seamHEVC numbers the parameter sets of the encoder, which has no option for that.
func (m *movie) seamHEVC() (seam, error) {
	config, err := container.ParseHEVC(m.old.Config)
	return seam{
		restarts: func(sample int) (bool, error) { return m.old.HEVCRestarts(config, sample) },
		join: func(with *container.Video) (*container.Video, []byte, error) {
			other, err := container.ParseHEVC(with.Config)
			if err == nil {
				err = other.Number()
			}
			if err != nil {
				return nil, nil, err
			}
			joined, err := config.Join(other)
			if err != nil {
				return nil, nil, err
			}
			numbered, err := m.number(with, other)
			return numbered, joined, err
		},
	}, err
}

// number writes pictures of HEVC with other numbers.
func (m *movie) number(with *container.Video, config *container.HEVCConfig) (*container.Video, error) {
	name := m.file(numberedName)
	out, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(out, 1<<20)
	numbered, err := with.NumberHEVC(w, config)
	if err := errors.Join(err, w.Flush(), out.Close()); err != nil {
		return nil, err
	}
	src, err := m.scratch.source(name)
	if err != nil {
		return nil, err
	}
	return numbered.At(src.R), nil
}
