package container

import (
	"github.com/aigclabel/aigclabel/internal/splice"
)

// JPEG 2000, ISO/IEC 15444-1 Annex I (JP2) and 15444-2 (JPX): boxes, of which
// jp2c holds the codestream.

const (
	jp2Signature = "\x00\x00\x00\x0cjP  \r\n\x87\n"
	uuidEXIF     = "JpgTiffExif->JP2"
)

type jp2File struct {
	bmffFile
	insert int64 // after the image header, before the codestream
	stream bool  // a codestream is there
}

// JP2 walks a JP2, JPX or JPH file. It reads box headers and metadata.
func JP2(src *Source) (File, error) {
	f := &jp2File{bmffFile: bmffFile{src: src, name: "JP2"}}
	head, err := src.Head(len(jp2Signature))
	if err != nil {
		return f, err
	}
	if string(head) != jp2Signature {
		f.damage(0, "no JPEG 2000 signature")
	}
	if err := f.roots(f.root); err != nil {
		return f, err
	}
	switch {
	case f.insert == 0:
		f.damage(int64(len(jp2Signature)), "no image header before a codestream")
	case !f.stream:
		f.damage(src.Size(), "no codestream")
	}
	return f, nil
}

// root lists what is in a box of the root.
func (f *jp2File) root(b bmffBox) error {
	switch b.kind {
	case "ftyp", "rreq", "jp2h":
		if !f.stream {
			f.insert = b.end()
		}
	case "jp2c":
		f.stream = true
		if b.open {
			return f.ended(b)
		}
	case "ftbl", "cidx", "fidx", "moov": // say where in the file the codestream is
		f.stream = f.stream || b.kind == "ftbl"
		f.opaque = &b
	case "xml ":
		return f.xml(b, false)
	case "jumb":
		return f.store(b)
	case "uuid":
		return f.user(b)
	}
	return nil
}

// ended checks the end of a codestream that runs to the end of the file: the
// marker EOC (15444-1, A.4.4).
func (f *jp2File) ended(b bmffBox) error {
	if b.size-b.header < 2 {
		return errTruncated
	}
	h, err := f.src.Peek(b.end()-2, 2)
	if err == nil && string(h) != "\xff\xd9" {
		err = errTruncated
	}
	return err
}

// user lists a uuid box. Some writers of Exif keep the header that it has in JPEG.
func (f *jp2File) user(b bmffBox) error {
	const n = len(uuidEXIF)
	h, err := f.src.Peek(b.body(), int(min(int64(n+len(jpegEXIF)), b.size-b.header)))
	switch {
	case err != nil:
		return err
	case len(h) < n || string(h[:n]) != uuidEXIF:
		return f.uuid(b)
	}
	from := b.body() + int64(n)
	if string(h[n:]) == jpegEXIF {
		from += int64(len(jpegEXIF))
	}
	return f.whole(Slot{Kind: EXIF, Place: " Exif", Guide: true}, b, from)
}

// Plan implements [File]. A new packet goes into a uuid box before the
// codestream. A file with boxes that point into it is not written.
func (f *jp2File) Plan(changes []Change) (*splice.Plan, error) {
	return f.planAt(changes, f.insert, jp2Box)
}

// jp2Box returns a box with a new value, nil if there is none for its kind.
func jp2Box(c Change) []byte {
	switch c.Kind {
	case XMP:
		return bmffEncode("uuid", []byte(uuidXMP), c.Value)
	case EXIF:
		return bmffEncode("uuid", []byte(uuidEXIF), c.Value)
	}
	return nil
}
