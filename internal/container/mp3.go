package container

import "github.com/aigclabel/aigclabel/internal/mp3"

// MP3: MPEG audio frames (see [findMPEG]) between tags.

// IsMP3 reports whether src is MPEG-1, 2 or 2.5 audio of layers I to III: behind
// an ID3v2 tag one frame header that another one confirms, else three headers
// in a row. A tag that is all there is of the file counts as MP3.
func IsMP3(src *Source) (bool, error) {
	pos, more, err := skipID3(src)
	if err != nil {
		return false, err
	}
	if more || pos > 0 && pos > src.Size()-mp3.HeaderSize {
		return true, nil
	}
	_, ok, err := findMPEG(src, pos, pos > 0)
	return ok, err
}

// MP3 walks an MP3 file. Of the audio it reads the first frame and the last ones:
// a cut is seen where a Xing, Info or VBRI header states the length of the stream,
// and where the last frame lacks bytes.
func MP3(src *Source) (File, error) { return walkTagged(src, (*taggedStream).mpeg) }

// mpeg checks the first frame, the length that it states, and the last frame.
// Some encoders count the tags behind the audio: they are given the benefit of
// the doubt.
func (f *taggedStream) mpeg(pos, end int64) error {
	first, ok, err := findMPEG(f.src, pos, len(f.tags) > 0)
	if err != nil {
		return err
	}
	if !ok {
		f.damage(pos, "no MPEG audio frame")
		return nil
	}
	f.audio = Range{first, end - first}
	n, err := mpegBytes(f.src, first)
	if err != nil {
		return err
	}
	cut := n > f.src.Size()-first
	if !cut {
		cut, err = mpegCut(f.src, first, end)
	}
	if cut {
		f.damage(f.src.Size(), "MPEG audio: %w", errTruncated)
	}
	return err
}
