package container

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBMFFDamage(t *testing.T) {
	ftyp := bmffEncode("ftyp", []byte("isom\x00\x00\x00\x00"))
	record := bmffEncode("moov", bmffEncode("udta", bmffRecordMeta(someRecord)))
	sized := func(size uint32, kind string, body ...byte) []byte {
		return slices.Concat(binary.BigEndian.AppendUint32(nil, size), []byte(kind), body)
	}
	keys := bmffEncode("keys", make([]byte, 4), []byte("\xff\xff\xff\xff"), bmffEncode("mdta", []byte("AIGC")))
	hidden := bmffEncode("meta", make([]byte, 4), bmffEncode("hdlr", make([]byte, 8), []byte("mdta")), keys,
		bmffEncode("ilst", bmffEncode("\x00\x00\x00\x01", bmffEncode("data", dataText(someRecord)))))
	for name, tail := range map[string][]byte{
		"cut media":         sized(9000, "mdat", 1, 2, 3),
		"cut header":        {0, 0, 1},
		"size below header": sized(7, "mdat"),
		"2^31":              sized(1<<31, "free"),
		"2^63":              append(sized(1, "free"), 0x80, 0, 0, 0, 0, 0, 0, 0),
		"64-bit below 16":   append(sized(1, "free"), 0, 0, 0, 0, 0, 0, 0, 15),
		"64-bit cut":        append(sized(1, "free"), 0, 0),
		"key of no size":    bmffEncode("moov", bmffEncode("meta", make([]byte, 4), bmffEncode("keys", make([]byte, 4), uint32Bytes(1), make([]byte, 8)))),
		"false key count":   bmffEncode("moov", bmffEncode("udta", hidden)),
		"too large a child": bmffEncode("moov", sized(99, "udta")),
		"short data":        bmffEncode("moov", bmffEncode("meta", make([]byte, 4), bmffEncode("ilst", bmffEncode("xxxx", bmffEncode("data"))))),
	} {
		f := walk(t, BMFF, slices.Concat(ftyp, record, tail))
		var damage *FormatError
		require.ErrorAs(t, f.Summary().Damage, &damage, name)
		require.GreaterOrEqual(t, damage.Offset, int64(len(ftyp)+len(record)), name)
		require.Equal(t, string(someRecord), string(guide(f, Record).Value), name)
	}
	require.ErrorContains(t, walk(t, BMFF, ftyp).Summary().Damage, "no moov")
	require.Equal(t, 2, countKind(walk(t, BMFF, slices.Concat(ftyp, record, bmffEncode("moov", bmffEncode("udta", hidden)))), Record), "beside the damage")
}

// A value that loses its end is still listed.
func TestBMFFCutRecord(t *testing.T) {
	b := movie{tables: twoTracks, moovLast: true, user: bmffRecordMeta(someRecord)}.bytes()
	f := walk(t, BMFF, b[:len(b)-1])
	require.Error(t, f.Summary().Damage)
	require.Equal(t, string(someRecord[:len(someRecord)-1]), string(guide(f, Record).Value))
}

// nested returns n boxes of one kind, one inside the other.
func nested(kind string, n int) []byte {
	b := make([]byte, 0, 8*n)
	for i := n; i > 0; i-- {
		b = append(append(b, uint32Bytes(8*i)...), kind...)
	}
	return b
}

func TestBMFFNesting(t *testing.T) {
	for _, kind := range []string{"moov", "trak", "udta"} {
		l := walk(t, BMFF, slices.Concat(nested(kind, 10_000), bmffEncode("moov"))).Summary()
		require.NoError(t, l.Damage)
		require.Len(t, l.Limits, 1)
	}
	b := bmffEncode("moov", nested("mdia", 10_000))
	_, err := walk(t, BMFF, b).Plan([]Change{{Kind: Record, Value: someRecord}})
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
}

// No megabyte of input costs more than four, and 16 for the walk itself.
func TestBMFFBombs(t *testing.T) {
	const size = 1 << 20
	item := bmffEncode("\xa9nam", bmffEncode("data", dataText([]byte("x"))))
	text := bmffEncode("\xa9nam", []byte{0, 1, 0, 0, 'x'})
	key := bmffEncode("mdta", []byte("AIGC"))
	fill := func(b []byte) []byte { return bytes.Repeat(b, size/len(b)) }
	meta := func(boxes ...[]byte) []byte {
		return bmffEncode("moov", bmffEncode("udta", bmffEncode("meta", append([][]byte{make([]byte, 4)}, boxes...)...)))
	}
	for name, b := range map[string][]byte{
		"empty boxes":   append(fill(bmffEncode("free")), bmffEncode("moov")...),
		"frees in moov": bmffEncode("moov", fill(bmffEncode("free"))),
		"tracks":        bmffEncode("moov", fill(trak(stco(1)))),
		"fragments":     append(bmffEncode("moov"), fill(bmffEncode("moof", bmffEncode("traf", bmffEncode("tfhd", []byte{0, 0, 0, 1}, make([]byte, 12)))))...),
		"items":         meta(bmffEncode("ilst", fill(item))),
		"texts":         bmffEncode("moov", bmffEncode("udta", fill(text))),
		"keys":          meta(bmffEncode("keys", make([]byte, 4), uint32Bytes(size/len(key)), fill(key)), bmffEncode("ilst", fill(item))),
		"metas":         bmffEncode("moov", bmffEncode("udta", fill(bmffRecordMeta(nil)))),
		"indexes":       append(bmffEncode("moov"), fill(bmffEncode("sidx", make([]byte, 24)))...),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f := walk(t, BMFF, b)
		runtime.ReadMemStats(&after)
		t.Log(name, (after.TotalAlloc-before.TotalAlloc)>>10, "KiB")
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4*len(b)+16<<20), name)
		if f.Summary().Damage == nil {
			before = after
			_, err := f.Plan([]Change{{Kind: Record, Value: someRecord}})
			require.NoError(t, err, name)
			runtime.ReadMemStats(&after)
			t.Log("plan", (after.TotalAlloc-before.TotalAlloc)>>10, "KiB")
		}
	}
}

// A sparse file is zeros but for some parts.
type sparse struct {
	size  int64
	parts map[int64][]byte
	read  int64
}

func (s *sparse) ReadAt(b []byte, off int64) (int, error) {
	n := int(min(int64(len(b)), s.size-off))
	clear(b[:n])
	for at, part := range s.parts {
		if at < off+int64(n) && off < at+int64(len(part)) {
			copy(b[max(at-off, 0):n], part[max(off-at, 0):])
		}
	}
	s.read += int64(n)
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// largeMovie returns a file of moov and one media box of 64-bit size.
func largeMovie(size int64, traks ...[]byte) *sparse {
	head := slices.Concat(bmffEncode("ftyp", []byte("isom\x00\x00\x00\x00")), bmffEncode("moov", traks...))
	mdat := binary.BigEndian.AppendUint64([]byte("\x00\x00\x00\x01mdat"), uint64(size-int64(len(head))))
	return &sparse{size: size, parts: map[int64][]byte{0: append(head, mdat...)}}
}

// The record pushes one offset over 4 GiB; the table that grows for it pushes
// another.
func TestBMFFTablesOutgrow32Bits(t *testing.T) {
	edge := int64(math.MaxUint32) - int64(len(bmffEncode("udta", bmffRecordMeta(someRecord))))
	src := largeMovie(5<<30, trak(stco(1000, edge+1)), trak(stco(2000, edge)), trak(stco(3000)))
	src.parts[edge] = []byte("edges")
	src.parts[2000], src.parts[3000] = []byte("2000"), []byte("3000")
	want := targets(t, src, src.size)
	require.Contains(t, want, "dges")
	f, err := BMFF(NewSource(src, src.size, Limits{}))
	require.NoError(t, err)
	plan, err := f.Plan([]Change{{Kind: Record, Value: someRecord}})
	require.NoError(t, err)
	require.Equal(t, want, targets(t, plan, plan.Size()))
	head := make([]byte, 2000)
	_, err = plan.ReadAt(head, 0)
	require.NoError(t, err)
	require.Equal(t, 2, bytes.Count(head, []byte("co64")))
	require.Equal(t, 1, bytes.Count(head, []byte("stco")))
	again, err := BMFF(NewSource(plan, plan.Size(), Limits{}))
	require.NoError(t, err)
	require.Equal(t, string(someRecord), string(guide(again, Record).Value))
}

// Free space that takes the record leaves the tables as they are.
func TestBMFFTablesStay32Bits(t *testing.T) {
	src := largeMovie(5<<30, trak(stco(1000, math.MaxUint32)), bmffEncode("free", make([]byte, 900)))
	f, err := BMFF(NewSource(src, src.size, Limits{}))
	require.NoError(t, err)
	plan, err := f.Plan([]Change{{Kind: Record, Value: someRecord}})
	require.NoError(t, err)
	require.Equal(t, src.size, plan.Size())
	head := make([]byte, 2000)
	_, err = plan.ReadAt(head, 0)
	require.NoError(t, err)
	require.NotContains(t, string(head), "co64")
}

type sink struct{}

func (sink) Write(b []byte) (int, error) { return len(b), nil }

// A gigabyte with a million chunks is walked without its tables, and written
// in a few megabytes of memory.
func TestBMFFMemory(t *testing.T) {
	offsets := make([]int64, 1<<20)
	for i := range offsets {
		offsets[i] = 8<<20 + int64(i)*900
	}
	src := largeMovie(1<<30, trak(stco(offsets...)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := BMFF(NewSource(src, src.size, Limits{}))
	require.NoError(t, err)
	require.LessOrEqual(t, src.read, int64(HeadSize+aheadBlocks*aheadSize))
	plan, err := f.Plan([]Change{{Kind: Record, Value: someRecord}})
	require.NoError(t, err)
	_, err = plan.WriteTo(sink{})
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
}
