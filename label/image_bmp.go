package label

import (
	"errors"
	"io"

	"github.com/aigclabel/aigclabel/internal/bmp"
)

// openBMP opens a BMP file, of which nothing but the pixels of the notice changes.
func openBMP(src io.ReaderAt, size, limit int64) (canvas, error) {
	p, err := bmp.Open(src, size, limit)
	if err != nil {
		return nil, bmpError(err)
	}
	return rasterCanvas{p, view{p.Width, p.Height, 1}, src, size, bmpError}, nil
}

func bmpError(err error) error {
	if errors.Is(err, bmp.ErrUnsupported) || errors.Is(err, bmp.ErrColors) {
		return unsuited(err)
	}
	return codecError("bmp", err)
}
