package container

import (
	"cmp"
	"errors"
	"iter"
)

// ErrNoMedia reports a file of which it cannot be told what is media.
var ErrNoMedia = errors.New("no media that can be told from metadata")

// A mediaWalk yields the parts of a file that are content. One part may stand in several
// places; the slice is used again for the next.
//
// What yield returns may be ignored: after a false one it does nothing.
type mediaWalk func(src *Source, yield func(...Range) bool) error

// mediaWalks has the formats whose content can be told from their metadata.
var mediaWalks = map[string]mediaWalk{
	"svg": svgMedia, "html": textMedia(HTML), "xml": textMedia(XML), "rtf": rtfMedia, "vtt": textMedia(WebVTT), "ass": textMedia(ASS),
	"json": textMedia(JSON), "jsonl": textMedia(JSONLines), "ipynb": textMedia(Jupyter),
	"png": pngMedia, "jpeg": jpegMedia, "webp": webpMedia, "gif": gifMedia, "tiff": tiffMediaParts,
	"heic": heifMedia, "avif": heifMedia, "jxl": jxlMedia, "jp2": jp2Media,
	"mp4": bmffMedia, "mov": bmffMedia, "m4a": bmffMedia, "mkv": mkvMedia, "webm": mkvMedia,
	"flv": flvMedia, "avi": aviMedia, "wmv": asfMedia, "wma": asfMedia,
	"mp3": taggedMedia, "aac": taggedMedia, "wav": riffMedia("fmt ", "fact", "data"), "aiff": riffMedia("COMM", "SSND"),
	"flac": flacMedia, "caf": cafMedia, "ogg": oggMedia, "opus": oggMedia, "ogv": oggMedia,
	"docx": ooxmlMedia, "xlsx": ooxmlMedia, "pptx": ooxmlMedia, "odt": odfMedia, "ods": odfMedia, "odp": odfMedia,
	"epub": epubMedia, "xmind": xmindMedia, "pdf": pdfMedia, "markdown": markdownMedia,
}

// Media yields the parts of a file that are its content, in an order that depends on
// nothing else: what a record, an XMP packet, Exif or Content Credentials are written
// into is none of them, so that such a write leaves their bytes and lengths as they
// are, though not their offsets. A part is the ranges that it stands in, valid until the
// next. The last error is [ErrNoMedia] for a format that does not tell, a *[FormatError]
// for a broken file, a *[LimitError], or that of a read.
func Media(src *Source, format string) iter.Seq2[[]Range, error] {
	return func(yield func([]Range, error) bool) {
		walk := mediaWalks[format]
		if walk == nil {
			yield(nil, ErrNoMedia)
			return
		}
		m := mediaParts{size: src.Size(), yield: yield}
		err := walk(src, m.part)
		if err = cmp.Or(m.err, err); err != nil && !m.stopped {
			if errors.Is(err, errTruncated) {
				err = atEnd(src, err)
			}
			yield(nil, err)
		}
	}
}

// atEnd gives a truncation that has no place the end of the file.
func atEnd(src *Source, err error) error {
	if errors.As(err, new(*FormatError)) {
		return err
	}
	return &FormatError{Offset: src.Size(), Err: err}
}

// whole returns why a file does not have all that it should.
func (l *Layout) whole() error {
	if l.Damage != nil || len(l.Limits) == 0 {
		return l.Damage
	}
	return l.Limits[0]
}

// A mediaParts passes parts on that are in the file. Parts may overlap, as strips of TIFF
// that are alike, but the sum of hostile ones is no more than twice the file.
type mediaParts struct {
	size, spent int64
	yield       func([]Range, error) bool
	stopped     bool
	err         error
}

func (m *mediaParts) part(ranges ...Range) bool {
	if m.stopped || m.err != nil {
		return false
	}
	for _, r := range ranges {
		switch {
		case r.Offset < 0 || r.Length < 0 || r.Offset > m.size || r.Length > m.size-r.Offset:
			m.err = &FormatError{Offset: r.Offset, Err: errTruncated}
			return false
		case r.Length > 2*m.size-m.spent:
			m.err = &LimitError{What: "bytes of overlapping media", Limit: 2 * m.size}
			return false
		}
		m.spent += r.Length
	}
	m.stopped = !m.yield(ranges, nil)
	return !m.stopped
}
