package label

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/watermark"
)

// marked are the formats whose pixels are searched for watermarks: those that can be
// decoded here, whether or not they get watermarks here.
var marked = map[string]canvasOpener{
	"png":  openPNG,
	"jpeg": openJPEG,
	"gif":  openGIF,
	"webp": openWebP,
	"bmp":  openBMP,
	"tiff": openTIFF,
}

// lookForWatermarks lists the watermarks of a picture. Where it does not look, unseen says why.
func (v *Verifier) lookForWatermarks(r *Report, src metadata.Source, deep bool) (unseen string, err error) {
	open := marked[r.Format]
	switch {
	case len(v.Keys) == 0:
		return "not looked for without keys", nil
	case open == nil && markers[r.Format] != nil:
		return "not looked for in this format; convert the picture to PNG, in which it is found", nil
	case open == nil:
		return "not looked for in this format", nil
	case r.Verdict == Confirmed && !deep:
		return "not looked for: the metadata decides; Deep asks for all layers", nil
	}
	found, small, err := findWatermarks(open, src, cmp.Or(v.MaxPixels, defaultPixels), v.Keys)
	_, broken := errors.AsType[*metadata.FormatError](err)
	lacking, unfit := errors.AsType[missing](err)
	switch {
	case unfit:
		return "not looked for: " + lacking.reason, nil
	case broken:
		return fmt.Sprintf("not looked for: %v", err), nil
	case err != nil:
		return "not looked for to the end", err
	}
	if small && len(found) == 0 {
		return "none under these keys; the picture is too small to be given one", nil
	}
	for _, d := range found {
		r.Watermarks = append(r.Watermarks, FoundWatermark{d.Payload, d.Probability, d.Transform, d.Key})
		r.raise(Confirmed)
	}
	return "", nil
}

// findWatermarks returns the watermarks of a picture, of several frames or pages the first.
// A small one may be what is left of a larger, but gets none.
func findWatermarks(open canvasOpener, src metadata.Source, limit int64, keys []watermark.Key) (found []watermark.Detection, small bool, err error) {
	c, err := open(src.R, src.Size, limit)
	if err != nil {
		return nil, false, err
	}
	picture := c.(lit)
	grid, err := gridOf(picture)
	if err != nil {
		return nil, false, err
	}
	return grid.Detect(keys...).Found, picture.view().small(), nil
}
