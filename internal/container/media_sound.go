package container

import (
	"bytes"
	"cmp"
	"slices"
)

// What of sound is content: the coded sound, and what a decoder needs to know.

// taggedMedia yields the frames between the tags of MP3 and ADTS.
func taggedMedia(src *Source, yield func(...Range) bool) error {
	frames, err := TaggedFrames(src)
	if err == nil {
		yield(frames)
	}
	return err
}

// flacMedia yields STREAMINFO and the frames, up to tags behind them.
func flacMedia(src *Source, yield func(...Range) bool) error {
	file, err := FLAC(src)
	if err = cmp.Or(err, file.Summary().whole()); err != nil {
		return err
	}
	f := file.(*flacFile)
	from, tail := f.last.end(), &taggedStream{src: src, comment: -1}
	end, err := tail.walkTails(from)
	if err == nil && yield(Range{f.info.data(), f.info.size()}) {
		yield(Range{from, end - from})
	}
	return err
}

// cafMedia yields the description of the sound, its packets, and the sound.
func cafMedia(src *Source, yield func(...Range) bool) error {
	f := &cafFile{src: src}
	for pos := int64(cafHeaderSize); pos < src.Size(); {
		c, err := f.header(pos)
		if err = cmp.Or(err, f.Damage); err != nil {
			return err
		}
		if slices.Contains([]string{"desc", "kuki", "chan", "pakt", "data"}, c.id) && !yield(Range{c.start(), c.size}) {
			return nil
		}
		pos = c.end()
	}
	return nil
}

// An oggMediaStream is a logical stream of which the packets are content.
type oggMediaStream struct {
	skip   bool    // none is
	header int     // the packet that is not, -1 for none
	index  int     // of the next packet
	packet []Range // what earlier pages have of it
}

// oggSkeleton starts the stream of an index (Ogg Skeleton 4.0).
const oggSkeleton = "fishead\x00"

// oggMedia yields the packets of all streams, but for comment headers, Content
// Credentials and Skeleton. How they are put into pages does not matter.
func oggMedia(src *Source, yield func(...Range) bool) error {
	f := &oggFile{src: src}
	streams := map[uint32]*oggMediaStream{}
	heads := false
	for pos := int64(0); pos < src.Size(); {
		if err := src.Element(); err != nil {
			return err
		}
		p, ok, err := f.page(pos)
		if err != nil {
			return err
		}
		if !ok {
			return &FormatError{Offset: pos, Err: errNoPage}
		}
		if p.flags&oggFirst != 0 {
			if !heads { // a new link
				clear(streams)
			}
			if streams[p.serial], err = f.mediaStream(p); err != nil {
				return err
			}
			if len(streams) > oggMaxStreams {
				return &LimitError{What: "number of Ogg streams", Limit: oggMaxStreams}
			}
		}
		heads = p.flags&oggFirst != 0
		if s := streams[p.serial]; s != nil && !s.skip && !s.page(p, yield) {
			return nil
		}
		pos = p.end()
	}
	return nil
}

// mediaStream returns the stream that begins with p.
func (f *oggFile) mediaStream(p oggPage) (*oggMediaStream, error) {
	s := &oggMediaStream{header: -1}
	codec, err := f.identify(p)
	if err != nil {
		return nil, err
	}
	if codec != nil {
		s.header, s.skip = codec.packet, codec.name == oggC2PA
		return s, nil
	}
	b, err := f.src.Peek(p.body(), int(max(min(8, p.end()-p.body(), f.src.Size()-p.body()), 0)))
	s.skip = bytes.Equal(b, []byte(oggSkeleton))
	return s, err
}

// page yields the packets that end in a page.
func (s *oggMediaStream) page(p oggPage, yield func(...Range) bool) bool {
	at := Range{Offset: p.body()}
	for i, size := range p.lacing {
		at.Length += int64(size)
		ends := size < oggMaxLacing
		if !ends && i < len(p.lacing)-1 {
			continue
		}
		s.packet = append(s.packet, at)
		at = Range{Offset: at.end()}
		if !ends {
			break
		}
		if s.index != s.header && !yield(s.packet...) {
			return false
		}
		s.packet = s.packet[:0]
		s.index++
	}
	return true
}
