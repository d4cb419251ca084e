package container

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A stream of audio frames between tags, as MP3 and ADTS files are: ID3v2 in
// front, and at the end any of an appended ID3v2.4 tag, APEv2, Lyrics3 v2 and
// ID3v1.

const (
	lyricsSize = 15 // of the end of a Lyrics3 v2 block: its size and a mark
	lyricsMark = "LYRICS200"
	maxTails   = 8
)

type taggedStream struct {
	Layout
	src     *Source
	tags    []*id3Tag // in the order of the file
	apes    []*apeTag
	v1      []byte // an ID3v1 tag
	comment int    // the slot of its comment, -1 for none
	audio   Range  // from the first MPEG frame to the tags behind
}

// walkTagged lists the tags, and has audio check what stands between them.
func walkTagged(src *Source, audio func(f *taggedStream, pos, end int64) error) (File, error) {
	f := &taggedStream{src: src, comment: -1}
	return f, f.fail(src.Size(), f.walk(audio))
}

// TaggedFrames returns where the frames of an ADTS or MP3 file are, between its tags.
func TaggedFrames(src *Source) (frames Range, err error) {
	file, err := walkTagged(src, func(_ *taggedStream, pos, end int64) error {
		frames = Range{pos, end - pos}
		return nil
	})
	return frames, cmp.Or(err, file.Summary().Damage)
}

func (f *taggedStream) walk(audio func(f *taggedStream, pos, end int64) error) error {
	tags, pos, err := f.readID3Tags(f.src, true)
	f.tags = tags
	if err != nil {
		return err
	}
	end, err := f.walkTails(pos)
	if err != nil {
		return err
	}
	return audio(f, pos, end)
}

// A tail is a tag behind the audio.
type tail struct {
	start, end int64
	read       func(start, end int64) error
}

// walkTails lists the tags behind the audio, which begins at from, and returns
// where the audio ends. They are found from the end of the file backwards.
func (f *taggedStream) walkTails(from int64) (int64, error) {
	var tails []tail
	end := f.src.Size()
	for range maxTails {
		t, ok, err := f.tail(from, end)
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
		tails = append(tails, t)
		end = t.start
	}
	for _, t := range f.tags {
		if t.seek >= from && t.seek < end {
			tails = append(tails, tail{t.seek, end, f.appended})
			end = t.seek
		}
	}
	slices.SortFunc(tails, func(a, b tail) int { return cmp.Compare(a.start, b.start) })
	for _, t := range tails {
		if err := f.fail(t.start, t.read(t.start, t.end)); err != nil {
			return 0, err
		}
	}
	return end, nil
}

// tail returns the tag that ends at end.
func (f *taggedStream) tail(from, end int64) (tail, bool, error) {
	if end == f.src.Size() && end-from >= id3v1Size {
		start := end - id3v1Size
		b, err := f.src.Peek(start, 3)
		if err != nil || string(b) == "TAG" {
			return tail{start, end, f.id3v1}, true, err
		}
	}
	if end-from < apeHeaderSize {
		return tail{}, false, nil
	}
	b, err := f.src.Peek(end-apeHeaderSize, apeHeaderSize)
	if err != nil {
		return tail{}, false, err
	}
	t := tail{end: end}
	var ok bool
	switch footer := b[apeHeaderSize-id3HeaderSize:]; {
	case string(b[:8]) == apeMagic:
		t.read = f.ape
		t.start, ok = apeStart(b, end)
	case string(footer[:3]) == "3DI":
		size, safe := syncsafe(footer[6:])
		t.read = f.appended
		t.start, ok = end-size-2*id3HeaderSize, safe
	case string(b[apeHeaderSize-len(lyricsMark):]) == lyricsMark:
		size, err := strconv.Atoi(string(b[apeHeaderSize-lyricsSize : apeHeaderSize-len(lyricsMark)]))
		t.read = func(int64, int64) error { return nil }
		t.start, ok = end-lyricsSize-int64(size), err == nil && size >= 0
	}
	return t, ok && t.start >= from, nil
}

func (f *taggedStream) ape(start, end int64) error {
	t, err := f.readAPE(f.src, start, end)
	if t != nil {
		f.apes = append(f.apes, t)
	}
	return err
}

func (f *taggedStream) appended(start, end int64) error {
	t, err := f.readID3(f.src, start, end, false)
	if t != nil {
		f.tags = append(f.tags, t)
	}
	return err
}

// Plan implements [File]. A file without a tag gets one in front, with what an
// ID3v1 tag says. That one is not edited.
func (f *taggedStream) Plan(changes []Change) (*splice.Plan, error) {
	edits, err := planID3(&f.Layout, f.tags, f.v1, changes, additions(changes))
	if err != nil {
		return nil, err
	}
	for _, t := range f.apes {
		e, err := t.plan(&f.Layout, changes)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e...)
	}
	if f.comment >= 0 {
		if _, ok := changed(changes, &f.Slots[f.comment]); ok {
			return nil, ErrNoPlace
		}
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits)
}
