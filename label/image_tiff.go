package label

import (
	"errors"
	"io"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/tiffpix"
)

// A tiffCanvas is the pages of a TIFF file, each with its own notice.
//
// All but their pixels stays. Strips and tiles under a notice are compressed anew in
// the way they were; the others are not touched.
type tiffCanvas struct {
	rasterCanvas
	further []canvas
}

func openTIFF(src io.ReaderAt, size, limit int64) (canvas, error) {
	pages, err := tiffpix.Open(src, size, limit)
	if err != nil {
		return nil, tiffError(err)
	}
	var all []canvas
	for _, p := range pages {
		c := rasterCanvas{p, view{p.Width, p.Height, p.Orientation}, src, size, tiffError}
		if p.Reduced {
			all = append(all, preview{c})
		} else {
			all = append(all, c)
		}
	}
	first := all[0]
	if p, ok := first.(preview); ok {
		first = p.rasterCanvas
	}
	return tiffCanvas{first.(rasterCanvas), all[1:]}, nil
}

func (c tiffCanvas) pages() []canvas { return c.further }

func tiffError(err error) error {
	if errors.Is(err, tiffpix.ErrUnsupported) || errors.Is(err, tiffpix.ErrColors) || errors.Is(err, splice.ErrInvalid) {
		return unsuited(err)
	}
	return codecError("tiff", err)
}
