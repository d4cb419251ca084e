package container

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A field is one entry of a directory under construction.
type field struct {
	tag, typ uint16
	value    string // or, for a pointer, nothing
	fields   []field
}

// exifOf builds a block.
func exifOf(order byteOrder, fields ...field) []byte {
	b := append([]byte("II"), order.AppendUint16(nil, 42)...)
	if order == binary.BigEndian {
		copy(b, "MM")
	}
	b = order.AppendUint32(b, 8)
	return appendDirectory(b, order, fields)
}

func appendDirectory(b []byte, order byteOrder, fields []field) []byte {
	at := len(b) + 2
	b = order.AppendUint16(b, uint16(len(fields)))
	b = append(b, make([]byte, len(fields)*ifdEntrySize+4)...)
	for i, f := range fields {
		e := at + i*ifdEntrySize
		order.PutUint16(b[e:], f.tag)
		order.PutUint16(b[e+2:], f.typ)
		switch {
		case f.fields != nil:
			order.PutUint32(b[e+4:], 1)
			order.PutUint32(b[e+8:], uint32(len(b)))
			b = appendDirectory(b, order, f.fields)
			continue
		case len(f.value) <= 4:
			copy(b[e+8:], f.value)
		default:
			order.PutUint32(b[e+8:], uint32(len(b)))
			b = append(append(b, f.value...), make([]byte, len(f.value)&1)...)
		}
		order.PutUint32(b[e+4:], uint32(len(f.value)))
	}
	return b
}

func wide(order byteOrder, s string) (b string) {
	var out []byte
	for _, c := range s {
		out = order.AppendUint16(out, uint16(c))
	}
	return string(out)
}

// eachOrder runs a test for both byte orders.
func eachOrder(t *testing.T, test func(t *testing.T, order byteOrder)) {
	t.Run("II", func(t *testing.T) { test(t, binary.LittleEndian) })
	t.Run("MM", func(t *testing.T) { test(t, binary.BigEndian) })
}

// comments returns the values of all user comments.
func comments(block []byte) (values []string) {
	for _, x := range EXIFTexts(block) {
		if x.Tag == tagUserComment {
			values = append(values, string(x.Value))
		}
	}
	return values
}

func TestEXIFTexts(t *testing.T) {
	eachOrder(t, func(t *testing.T, order byteOrder) {
		other := byteOrder(binary.BigEndian)
		if order == other {
			other = binary.LittleEndian
		}
		for name, tt := range map[string]struct {
			field
			want, encoding string
		}{
			"ascii":           {field{tag: tagUserComment, typ: 7, value: charsetASCII + "x{} \x00\x00 "}, "x{}", ""},
			"undefined":       {field{tag: tagUserComment, typ: 7, value: "\x00\x00\x00\x00\x00\x00\x00\x00abc"}, "abc", ""},
			"no charset":      {field{tag: tagUserComment, typ: 7, value: `{"AIGC":{}}`}, `{"AIGC":{}}`, ""},
			"shorter":         {field{tag: tagUserComment, typ: 7, value: "ab"}, "ab", ""},
			"wrong type":      {field{tag: tagUserComment, typ: 2, value: charsetASCII + "abc\x00"}, "abc", ""},
			"jis":             {field{tag: tagUserComment, typ: 7, value: "JIS\x00\x00\x00\x00\x00\x1b$B"}, "\x1b$B", "jis"},
			"unicode":         {field{tag: tagUserComment, typ: 7, value: charsetUnicode + wide(order, "ab人")}, "ab人", "utf-16"},
			"other order":     {field{tag: tagUserComment, typ: 7, value: charsetUnicode + wide(other, "ab人")}, "ab人", "utf-16"},
			"byte order mark": {field{tag: tagUserComment, typ: 7, value: charsetUnicode + wide(other, "\uFEFF人工")}, "人工", "utf-16"},
			"no latin":        {field{tag: tagUserComment, typ: 7, value: charsetUnicode + wide(order, "人工")}, "人工", "utf-16"},
			"odd length":      {field{tag: tagUserComment, typ: 7, value: charsetUnicode + wide(order, "ab") + "\x00"}, "ab", "utf-16"},
			"XPComment":       {field{tag: tagXPComment, typ: 1, value: wide(binary.LittleEndian, "ab\x00")}, "ab", "utf-16"},
			"description":     {field{tag: 0x010E, typ: 2, value: "人工智能\x00"}, "人工智能", ""},
		} {
			t.Run(name, func(t *testing.T) {
				for _, block := range [][]byte{
					exifOf(order, tt.field),
					exifOf(order, field{tag: tagExifIFD, typ: 4, fields: []field{tt.field}}),
				} {
					texts := EXIFTexts(block)
					require.Len(t, texts, 1)
					x := texts[0]
					require.Equal(t, tt.want, string(x.Value))
					require.Equal(t, tt.encoding, x.Encoding)
					if x.Encoding == "" {
						require.Equal(t, tt.want, string(block[x.Offset:x.Offset+x.Length]))
					}
				}
			})
		}
	})
}

// removeComments returns the block without its user comments.
func removeComments(t *testing.T, block []byte) []byte {
	t.Helper()
	out, err := RemoveEXIF(block, tagUserComment)
	require.NoError(t, err)
	return out
}

// blocks are Exif blocks with and without a comment.
func blocks(order byteOrder) map[string][]byte {
	software := field{tag: 0x0131, typ: 2, value: "Some Encoder\x00"}
	iso := field{tag: 0x8827, typ: 3, value: "\x01\x01"}
	return map[string][]byte{
		"no Exif directory": exifOf(order, software),
		"no directory":      exifOf(order),
		"no comment":        exifOf(order, software, field{tag: tagExifIFD, typ: 4, fields: []field{iso, {tag: 0xA002, typ: 4}}}),
		"comment":           exifOf(order, software, field{tag: tagExifIFD, typ: 4, fields: []field{iso, {tag: tagUserComment, typ: 7, value: charsetASCII + "old value"}}}),
		"long comment":      exifOf(order, software, field{tag: tagExifIFD, typ: 4, fields: []field{{tag: tagUserComment, typ: 7, value: charsetASCII + strings.Repeat("old value", 50)}}}),
		"two comments":      exifOf(order, field{tag: tagUserComment, typ: 7, value: "old value"}, field{tag: tagExifIFD, typ: 4, fields: []field{{tag: tagUserComment, typ: 7, value: "old value"}}}),
		"short comment":     exifOf(order, field{tag: tagUserComment, typ: 7, value: "old"}),
	}
}

func TestRemoveEXIF(t *testing.T) {
	eachOrder(t, func(t *testing.T, order byteOrder) {
		for name, block := range blocks(order) {
			t.Run(name, func(t *testing.T) {
				out := removeComments(t, block)
				require.Len(t, out, len(block))
				require.Empty(t, comments(out))
				require.NotContains(t, string(out), "old")
				require.Len(t, EXIFTexts(out), len(EXIFTexts(block))-len(comments(block)), "other texts")
				again := removeComments(t, out)
				require.Same(t, &out[0], &again[0])
			})
		}
	})
}

func TestRemoveEXIFKeepsSharedValues(t *testing.T) {
	block := exifOf(binary.LittleEndian, field{tag: 0x010E, typ: 2, value: "shared text"}, field{tag: tagUserComment, typ: 7, value: "x"})
	entry := block[10:]
	copy(block[10+ifdEntrySize+4:], entry[4:12]) // the comment has the description's value
	out := removeComments(t, block)
	require.Empty(t, comments(out))
	require.Equal(t, "shared text", string(EXIFTexts(out)[0].Value))

	block = exifOf(binary.LittleEndian, field{tag: tagUserComment, typ: 7, value: "x"})
	binary.LittleEndian.PutUint32(block[10+4:], 8)
	binary.LittleEndian.PutUint32(block[10+8:], 0) // the comment has the header's bytes
	require.Equal(t, "II*\x00", string(removeComments(t, block)[:4]))
}

// TestRemoveEXIFOfOverlappingDirectories: an edit of one directory used to turn
// the other into comments that nobody had seen.
func TestRemoveEXIFOfOverlappingDirectories(t *testing.T) {
	block := exifOf(binary.LittleEndian,
		field{tag: 0x0131, typ: 2, value: "\x00\x00\x01\x00"}, // ends in the count of the next directory
		field{tag: tagUserComment, typ: 7, value: charsetASCII + "old value"})
	second := 10 + ifdEntrySize - 2
	comment := second + 2
	binary.LittleEndian.PutUint32(block[comment+ifdEntrySize:], uint32(second))
	require.Equal(t, []string{"old value", "old value"}, comments(block))
	_, err := RemoveEXIF(block, tagUserComment)
	require.Error(t, err)

	binary.LittleEndian.PutUint32(block[comment+ifdEntrySize:], 2) // in the header, whose 42 is its count
	_, err = RemoveEXIF(append(block, make([]byte, 42*ifdEntrySize)...), tagUserComment)
	require.Error(t, err)
}

// TestRemoveEXIFZeroesWhatIsNotShared: a byte that a neighbour has too used to
// save the whole value.
func TestRemoveEXIFZeroesWhatIsNotShared(t *testing.T) {
	block := exifOf(binary.LittleEndian,
		field{tag: tagUserComment, typ: 7, value: "old value"},
		field{tag: 0x010E, typ: 2, value: "a description"})
	value := bytes.Index(block, []byte("old value"))
	binary.LittleEndian.PutUint32(block[10+ifdEntrySize+8:], uint32(value+8))
	out := removeComments(t, block)
	require.Equal(t, make([]byte, 8), out[value:value+8])
	require.Equal(t, EXIFTexts(block)[1].Value, EXIFTexts(out)[0].Value)
}

func TestEXIFOrientation(t *testing.T) {
	eachOrder(t, func(t *testing.T, order byteOrder) {
		orientation := func(value uint16) field {
			return field{tag: tagOrientation, typ: 3, value: string(order.AppendUint16(nil, value))}
		}
		software := field{tag: 0x0131, typ: 2, value: "Some Encoder\x00"}
		for i := range uint16(8) {
			require.EqualValues(t, i+1, EXIFOrientation(exifOf(order, orientation(i+1), software)))
		}
		for name, block := range map[string][]byte{
			"none":         exifOf(order, software),
			"0":            exifOf(order, orientation(0)),
			"9":            exifOf(order, orientation(9)),
			"bytes":        exifOf(order, field{tag: tagOrientation, typ: 1, value: "\x06\x06"}),
			"empty":        exifOf(order, field{tag: tagOrientation, typ: 3}),
			"no directory": exifOf(order, orientation(6))[:9],
			"nothing":      nil,
		} {
			require.Equal(t, 1, EXIFOrientation(block), name)
		}
	})
}

func TestHostileEXIF(t *testing.T) {
	for name, block := range map[string][]byte{
		"empty":        {},
		"no header":    []byte("GIF89a  "),
		"cut header":   []byte("II*\x00\x08\x00"),
		"no directory": []byte("II*\x00\xff\xff\xff\xff"),
		"zero":         []byte("II*\x00\x00\x00\x00\x00"),
		"cut entries":  []byte("II*\x00\x08\x00\x00\x00\xff\xff"),
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, EXIFTexts(block))
			require.Equal(t, block, removeComments(t, block))
		})
	}
	loop := exifOf(binary.LittleEndian, field{tag: tagExifIFD, typ: 4, fields: []field{{tag: tagExifIFD, typ: 4}}})
	copy(loop[len(loop)-4:], loop[4:8])
	require.Empty(t, EXIFTexts(loop))
}

// Fields that all point to the same megabyte do not multiply it.
func TestOverlappingEXIFIsCheap(t *testing.T) {
	fields := make([]field, maxEXIFEntries)
	for i := range fields {
		fields[i] = field{tag: tagUserComment, typ: 7}
	}
	block := exifOf(binary.LittleEndian, fields...)
	block = append(block, make([]byte, 1<<20)...)
	for i := range fields {
		e := block[10+i*ifdEntrySize:]
		binary.LittleEndian.PutUint32(e[4:], 1<<20)
		binary.LittleEndian.PutUint32(e[8:], uint32(len(block)-1<<20))
	}
	copy(block[len(block)-1<<20:], charsetUnicode)
	start := time.Now()
	require.Len(t, EXIFTexts(block), 4)
	require.Empty(t, comments(removeComments(t, block)))
	require.Less(t, time.Since(start), time.Minute)
}

// otherTexts returns the texts that are no user comments.
func otherTexts(block []byte) (values []string) {
	for _, x := range EXIFTexts(block) {
		if x.Tag != tagUserComment {
			values = append(values, x.Name+"="+string(x.Value))
		}
	}
	return values
}

func FuzzEXIF(f *testing.F) {
	for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, block := range blocks(order) {
			f.Add(block)
		}
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		EXIFOrientation(block)
		removed, err := RemoveEXIF(block, tagUserComment)
		if err != nil {
			return
		}
		require.Len(t, removed, len(block))
		require.Empty(t, comments(removed))
		require.Subset(t, otherTexts(removed), otherTexts(block))
	})
}
