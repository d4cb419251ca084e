package container

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// The end of a JPEG file, and the index of the images in it (multi-picture
// format, CIPA DC-007): gain maps of HDR pictures, stereo pairs, previews. Maker
// notes of some cameras point behind the image as well, in ways of their own;
// these are not followed.

// A jpegIndex is an MPF segment's list of images. Offsets count from its TIFF
// header, so they change when something between the header and an image does.
type jpegIndex struct {
	base   int64 // of the TIFF header
	order  byteOrder
	images []jpegImage
}

type jpegImage struct {
	at           int64 // of its size in the index; its offset follows
	offset, size int64 // in the file
}

const (
	tagMPEntry    = 0xB002
	mpfEntrySize  = 16
	mpfSizeOffset = 4 // of the size in an entry
)

// index reads an MPF segment. What is malformed in it is no damage: decoders
// ignore it.
func (f *jpegFile) index(s jpegSegment) error {
	b, err := f.src.Bytes(s.payload(), s.end-s.payload(), "JPEG APP2 MPF")
	if err != nil || f.mpf != nil {
		return err
	}
	b = b[len(jpegMPF):]
	block := parseEXIF(b)
	if block == nil || len(block.directories) == 0 {
		return nil
	}
	index := &jpegIndex{base: s.payload() + int64(len(jpegMPF)), order: block.order}
	for _, e := range block.find(tagMPEntry) {
		for p := e.offset; e.offset+e.length-p >= mpfEntrySize; p += mpfEntrySize {
			i := jpegImage{at: index.base + p + mpfSizeOffset}
			i.size = int64(block.order.Uint32(b[p+mpfSizeOffset:]))
			if i.offset = int64(block.order.Uint32(b[p+mpfSizeOffset+4:])); i.offset > 0 {
				i.offset += index.base
			}
			index.images = append(index.images, i)
		}
	}
	f.mpf = index
	return nil
}

// fits reports whether all images lie in a file of the size.
func (x *jpegIndex) fits(size int64) bool {
	return x != nil && len(x.images) > 0 && !slices.ContainsFunc(x.images, func(i jpegImage) bool {
		return i.offset+i.size > size
	})
}

// FollowJPEG adds the edits that keep the index of images in a JPEG file, if it has
// one, true to edits of its image data.
func FollowJPEG(f File, edits []splice.Edit) []splice.Edit {
	if jpeg, ok := f.(*jpegFile); ok {
		return jpeg.mpf.follow(edits)
	}
	return edits
}

// follow adds the edits that keep the index true to the others.
func (x *jpegIndex) follow(edits []splice.Edit) []splice.Edit {
	if x == nil || len(edits) == 0 {
		return edits
	}
	slices.SortStableFunc(edits, func(a, b splice.Edit) int { return cmp.Compare(a.Offset, b.Offset) })
	to := func(off int64) int64 {
		pos, _ := splice.Map(edits, off)
		return pos
	}
	base := to(x.base)
	out := edits
	for _, i := range x.images {
		start := int64(0) // the first image has no offset, and begins before all edits
		offset := int64(0)
		if i.offset > 0 {
			start = to(i.offset)
			offset = start - base
		}
		size := to(i.offset+i.size) - start
		b := x.order.AppendUint32(x.order.AppendUint32(nil, uint32(size)), uint32(offset))
		if size != i.size || i.offset > 0 && offset != i.offset-x.base {
			out = append(out, splice.Edit{Offset: i.at, Delete: int64(len(b)), Insert: bytes.NewReader(b)})
		}
	}
	return out
}

const (
	jpegTail     = 64       // where the end of image is looked for first
	jpegTrailers = 64 << 10 // and then, for small data after it
)

var endOfImage = []byte{0xFF, markerEOI}

// tail reports a file without end of image as damaged. A scan cannot hold the
// bytes of that marker (B.1.1.5), so where they are, an image has ended. Large
// data after the image hides it; then the file must announce such data.
func (f *jpegFile) tail() error {
	if f.motion() {
		f.Trailer = motionVideo
	}
	for _, n := range []int64{jpegTail, jpegTrailers} {
		n = min(n, f.src.Size()-f.scan)
		b, err := f.src.Bytes(f.src.Size()-n, n, "JPEG trailer")
		if err != nil {
			return err
		}
		if bytes.HasSuffix(b, []byte("SEFT")) {
			f.Trailer = "data of a Samsung camera"
		}
		if i := jpegEnd(b); i >= 0 {
			f.End = f.src.Size() - n + int64(i)
		}
		if f.End > 0 || f.Trailer != "" || f.mpf.fits(f.src.Size()) {
			return nil
		}
	}
	f.damage(f.src.Size(), "no end of image: %w", errTruncated)
	return nil
}

// jpegEnd returns where the last image of b ends: before a video, which may hold
// the bytes of a marker by chance. It is -1 if there is no end.
func jpegEnd(b []byte) int {
	if i := bytes.Index(b, []byte("ftyp")) - len("size"); i >= len(endOfImage) && bytes.HasSuffix(b[:i], endOfImage) {
		return i
	}
	if i := bytes.LastIndex(b, endOfImage); i >= 0 {
		return i + len(endOfImage)
	}
	return -1
}

// motion reports whether the XMP announces a video after the image.
func (f *jpegFile) motion() bool {
	return slices.ContainsFunc(f.Slots, func(s Slot) bool {
		return s.Kind == XMP && (bytes.Contains(s.Value, []byte("MotionPhoto")) || bytes.Contains(s.Value, []byte("MicroVideo")))
	})
}
