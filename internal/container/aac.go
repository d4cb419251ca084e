package container

// AAC as a stream of ADTS frames (ISO/IEC 14496-3 clause 1.A.2.2) between tags.
// No guide names a place for the record. Ours is that of MP3, an ID3v2 tag in
// front, which players of AAC pass over and HTTP Live Streaming (RFC 8216, 3.4)
// asks for. ffmpeg does not show it where an APE or ID3v1 tag stands at the end.

const (
	adtsHeaderSize = 7 // without a checksum
	adtsLongest    = 5 << 10
)

// adtsLength returns the bytes of the frame with the header b, 0 if it is none.
func adtsLength(b []byte) int {
	length := int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5]>>5)
	header := adtsHeaderSize
	if b[1]&1 == 0 {
		header += 2
	}
	rate := b[2] >> 2 & 15
	if b[0] != 0xFF || b[1]&0xF6 != 0xF0 || rate > 12 || length < header {
		return 0
	}
	return length
}

// adtsFraming returns the frames of the stream that the header at off is of: they
// share the fixed part of the header, 28 bits. It is false if there is none.
func adtsFraming(src *Source, off int64) (framing, bool, error) {
	if off > src.Size()-adtsHeaderSize {
		return framing{}, false, nil
	}
	b, err := src.Peek(off, adtsHeaderSize)
	if err != nil || adtsLength(b) == 0 {
		return framing{}, false, err
	}
	first := [4]byte(b)
	return framing{header: adtsHeaderSize, longest: adtsLongest, length: func(b []byte) int {
		if [3]byte(b) != [3]byte(first[:]) || (b[3]^first[3])&0xF0 != 0 {
			return 0
		}
		return adtsLength(b)
	}}, true, nil
}

// IsAAC reports whether src is a stream of ADTS frames: behind an ID3v2 tag one
// header that another one confirms, else three in a row.
func IsAAC(src *Source) (bool, error) {
	pos, _, err := skipID3(src)
	if err != nil {
		return false, err
	}
	stream, ok, err := adtsFraming(src, pos)
	if !ok || err != nil {
		return false, err
	}
	if pos > 0 {
		return stream.run(src, pos, 2)
	}
	return stream.run(src, pos, 3)
}

// AAC walks a stream of ADTS frames. Of the audio it reads the first header and
// the last frames: a cut is seen where the last frame lacks bytes.
func AAC(src *Source) (File, error) { return walkTagged(src, (*taggedStream).adts) }

// adts checks the first frame and the last.
func (f *taggedStream) adts(pos, end int64) error {
	stream, ok, err := adtsFraming(f.src, pos)
	if err != nil {
		return err
	}
	if !ok {
		f.damage(pos, "no ADTS frame")
		return nil
	}
	cut, err := stream.cut(f.src, pos, end)
	if cut {
		f.damage(f.src.Size(), "ADTS: %w", errTruncated)
	}
	return err
}
