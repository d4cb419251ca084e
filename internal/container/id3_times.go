package container

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// What ID3v2 frames say of the time of the sound: TLEN is its length in milliseconds;
// CHAP (id3v2-chapters-1.0) has where a chapter starts and ends, in milliseconds and
// bytes; the comment iTunSMPB has what Apple's players leave out, in samples.

const (
	id3MaxChapters = 1 << 10
	id3Chapter     = 16 // its times and offsets, behind its name
	id3NoOffset    = math.MaxUint32
)

// An id3Shift is how the sound behind tags grows.
type id3Shift struct {
	rate    int64
	front   int64 // samples
	back    int64
	bytes   int64 // in front
	padding int64 // samples that are to be left out at the end, if back is not 0
}

// millis returns how long samples last.
func (s *id3Shift) millis(samples int64) int64 { return (samples*1000 + s.rate/2) / s.rate }

// listChapter notes a chapter whose bytes are stored as they are, in a tag without a
// checksum.
func (t *id3Tag) listChapter(f *id3Frame) {
	if extra, compressed, unsync := t.extras(f); extra > 0 || compressed || unsync || t.flags&id3Extended != 0 {
		return
	}
	if len(t.chapters) < id3MaxChapters && f.data.Length > id3Chapter {
		t.chapters = append(t.chapters, f.data)
	}
}

// shift returns the edits of the tags before and behind sound that grows.
func (f *taggedStream) shift(s *id3Shift) ([]splice.Edit, error) {
	var changes []Change
	for i := range f.Slots {
		slot := &f.Slots[i]
		switch {
		case slot.Kind != Text || !strings.HasPrefix(slot.Place, "ID3v2"):
		case slot.Key == "TLEN" || slot.Key == "TLE":
			if n, err := strconv.ParseInt(string(slot.Value), 10, 32); err == nil && n > 0 {
				changes = append(changes, Change{Slot: slot, Value: strconv.AppendInt(nil, n+s.millis(s.front+s.back), 10)})
			}
		case slot.Key == "iTunSMPB":
			if v := s.gapless(string(slot.Value)); v != "" {
				changes = append(changes, Change{Slot: slot, Value: []byte(v)})
			}
		}
	}
	edits, err := planID3(&f.Layout, f.tags, nil, changes, nil)
	for _, t := range f.tags {
		for _, r := range t.chapters {
			if err != nil {
				return nil, err
			}
			var e []splice.Edit
			e, err = t.shiftChapter(r, s)
			edits = append(edits, e...)
		}
	}
	return edits, err
}

// gapless returns the comment of Apple's players, "" if it is none: hexadecimal
// numbers, of which the second to fourth are the samples that are left out in front and
// behind, and those that are played.
func (s *id3Shift) gapless(v string) string {
	fields := strings.Fields(v)
	if len(fields) < 4 {
		return ""
	}
	padding, err := strconv.ParseInt(fields[2], 16, 32)
	played, err2 := strconv.ParseInt(fields[3], 16, 63)
	if err != nil || err2 != nil || padding < 0 || played < 0 {
		return ""
	}
	played += s.front + s.back
	if s.back > 0 {
		played += padding - s.padding
		padding = s.padding
	}
	fields[2], fields[3] = fmt.Sprintf("%08X", padding), fmt.Sprintf("%016X", max(played, 0))
	return " " + strings.Join(fields, " ")
}

// shiftChapter returns the edit of the chapter in r.
func (t *id3Tag) shiftChapter(r Range, s *id3Shift) ([]splice.Edit, error) {
	b, err := t.src.Bytes(r.Offset, min(r.Length, 256), "ID3v2 CHAP frame")
	if err != nil {
		return nil, err
	}
	at := bytes.IndexByte(b, 0) + 1
	if at == 0 || len(b)-at < id3Chapter {
		return nil, nil
	}
	b = bytes.Clone(b[at : at+id3Chapter])
	for i, by := range [4]int64{s.millis(s.front), s.millis(s.front), s.bytes, s.bytes} {
		if v := int64(binary.BigEndian.Uint32(b[4*i:])); v != id3NoOffset {
			binary.BigEndian.PutUint32(b[4*i:], uint32(min(v+by, id3NoOffset-1)))
		}
	}
	return []splice.Edit{{Offset: r.Offset + int64(at), Delete: id3Chapter, Insert: bytes.NewReader(b)}}, nil
}
