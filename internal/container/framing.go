package container

import "bytes"

// A framing knows the frames of one stream of audio, each of which states its
// own length and starts with the byte 0xFF.
type framing struct {
	header  int                // bytes that say how long a frame is
	longest int64              // bytes of the longest frame to expect
	length  func(b []byte) int // of the frame with the header b; 0 for none of this stream
}

// run reports whether n frames follow each other from off on. A file that ends
// after at least one frame less is fine too.
func (s framing) run(src *Source, off int64, n int) (bool, error) {
	for ; n > 0; n-- {
		if off > src.Size()-int64(s.header) {
			return n == 1, nil
		}
		b, err := src.Peek(off, s.header)
		if err != nil {
			return false, err
		}
		length := s.length(b)
		if length == 0 {
			return false, nil
		}
		off += int64(length)
	}
	return true, nil
}

// cut reports whether the stream from first to end breaks off in its last frame,
// from a look at the last three. Streams that end in something else, such as
// padding, do not.
func (s framing) cut(src *Source, first, end int64) (bool, error) {
	from := max(first, end-3*s.longest)
	b, err := src.Bytes(from, end-from, "end of the audio")
	if err != nil {
		return false, err
	}
	if from == first {
		_, left := s.chain(b)
		return left < 0, nil
	}
	cut := false
	for i := bytes.IndexByte(b, 0xFF); i >= 0; i = nextSync(b, i) {
		frames, left := s.chain(b[i:])
		if frames > 0 && left == 0 {
			return false, nil
		}
		cut = cut || left < 0 && frames > 1
	}
	return cut, nil
}

// nextSync returns where the next byte after i may start a frame, or -1.
func nextSync(b []byte, i int) int {
	n := bytes.IndexByte(b[i+1:], 0xFF)
	if n < 0 {
		return -1
	}
	return i + 1 + n
}

// chain follows the frames that b starts with. It returns how many are whole, and
// how many bytes are left behind them, fewer than none where one more frame
// begins that b does not hold whole.
func (s framing) chain(b []byte) (frames, left int) {
	for len(b) >= s.header {
		n := s.length(b)
		if n == 0 {
			return frames, len(b)
		}
		if n > len(b) {
			return frames, -1
		}
		b = b[n:]
		frames++
	}
	if len(b) > 0 && b[0] == 0xFF {
		return frames, -1
	}
	return frames, len(b)
}
