package container

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// ID3v1 and ID3v1.1 (id3.org/ID3v1): 128 bytes at the end of a file.

const (
	id3v1Size    = 128
	id3v1Comment = 97 // of 30 bytes; in 1.1 of 28, before a zero and the track
	id3v1Track   = 126
	id3v1Genre   = 127
)

// id3v1 reads an ID3v1 tag and lists its comment.
func (f *taggedStream) id3v1(start, _ int64) error {
	b, err := f.src.Bytes(start, id3v1Size, "ID3v1 tag")
	if err != nil {
		return err
	}
	f.v1 = b
	b = b[id3v1Comment:id3v1Genre]
	if b[len(b)-2] == 0 {
		b = b[:len(b)-2]
	}
	if b = bytes.TrimRight(b, "\x00 "); len(b) == 0 {
		return nil
	}
	s := Slot{Kind: Text, Key: "comment", Place: "ID3v1 comment", Ranges: []Range{{start + id3v1Comment, int64(len(b))}}}
	value, _ := id3Decode(id3Latin1, b, nil)
	if s.Value = []byte(value); value != string(b) {
		s.Encoding = id3EncodingName(id3Latin1)
	}
	i, err := f.addSlot(s)
	if err == nil {
		f.comment = i
	}
	return err
}

// fromID3v1 returns frames with what an ID3v1 tag says, nil without one. Many
// readers, ffmpeg among them, look at ID3v1 only where there is no ID3v2: a new
// tag would hide the title.
func (t *id3Tag) fromID3v1(v1 []byte) (frames []byte, err error) {
	if v1 == nil {
		return nil, nil
	}
	comment := id3v1Genre
	var track, genre []byte
	if v1[id3v1Track-1] == 0 && v1[id3v1Track] != 0 {
		comment = id3v1Track
		track = strconv.AppendUint(nil, uint64(v1[id3v1Track]), 10)
	}
	if v1[id3v1Genre] != 0xFF { // none
		genre = strconv.AppendUint(nil, uint64(v1[id3v1Genre]), 10)
	}
	for _, f := range []struct {
		id, prefix string // language and description of a comment
		value      []byte
	}{
		{"TIT2", "", v1[3:33]}, {"TPE1", "", v1[33:63]}, {"TALB", "", v1[63:93]}, {"TDRC", "", v1[93:97]},
		{"COMM", "XXX\x00", v1[id3v1Comment:comment]}, {"TRCK", "", track}, {"TCON", "", genre},
	} {
		value, _, _ := bytes.Cut(f.value, []byte{0})
		if value = bytes.TrimRight(value, " "); len(value) == 0 {
			continue
		}
		encoding := byte(id3Latin1) // or what stands for it: GBK stays GBK
		if utf8.Valid(value) {
			encoding = id3UTF8
		}
		data := append(append([]byte{encoding}, f.prefix...), value...)
		if frames, err = t.appendFrameHeader(append(frames, f.id...), len(data), [2]byte{}); err != nil {
			return nil, err
		}
		frames = append(frames, data...)
	}
	return frames, nil
}
