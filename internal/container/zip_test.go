package container

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A zipBuilder writes stored entries in forms that archive/zip does not write.
type zipBuilder struct {
	prefix     string
	zip64      bool // all sizes and offsets of the directory
	relative   bool // offsets do not count the prefix
	descriptor int  // length: 0 for none, 12, 16, 20 or 24
	comment    string
	out        bytes.Buffer
	central    bytes.Buffer
	count      uint16
}

// build returns an archive of names and contents, in turn.
func (z *zipBuilder) build(entries ...string) []byte {
	z.out.WriteString(z.prefix)
	for i := 0; i < len(entries); i += 2 {
		z.entry(entries[i], entries[i+1])
	}
	directory, size := z.offset(), uint64(z.central.Len())
	z.out.Write(z.central.Bytes())
	if z.zip64 {
		end := z.offset()
		z.put(zip64End, uint64(44), uint16(45), uint16(45), uint32(0), uint32(0), uint64(z.count), uint64(z.count), size, directory)
		z.put(zip64Locator, uint32(0), end, uint32(1))
		z.put(zipEnd, uint32(0), uint32(math.MaxUint32), uint32(math.MaxUint32), uint32(math.MaxUint32))
	} else {
		z.put(zipEnd, uint32(0), z.count, z.count, uint32(size), uint32(directory))
	}
	binary.Write(&z.out, binary.LittleEndian, uint16(len(z.comment)))
	z.out.WriteString(z.comment)
	return z.out.Bytes()
}

func (z *zipBuilder) entry(name, content string) {
	offset, crc, size := z.offset(), crc32.ChecksumIEEE([]byte(content)), uint32(len(content))
	var flags uint16
	head := []any{crc, size, size}
	if z.descriptor > 0 {
		flags, head = zipDeferred, []any{uint32(0), uint32(0), uint32(0)}
	}
	z.put(zipLocal, uint16(20), flags, uint16(zipStored), uint32(zipEpoch<<16))
	z.put("", head...)
	z.put("", uint16(len(name)), uint16(0))
	z.out.WriteString(name + content)
	if z.descriptor == 16 || z.descriptor == 24 {
		z.put(zipDescriptor)
	}
	switch z.descriptor {
	case 12, 16:
		z.put("", crc, size, size)
	case 20, 24:
		z.put("", crc, uint64(size), uint64(size))
	}

	sizes, at, extra := []any{size, size}, uint32(offset), []any(nil)
	if z.zip64 {
		sizes, at = []any{uint32(math.MaxUint32), uint32(math.MaxUint32)}, math.MaxUint32
		extra = []any{uint16(0x7777), uint16(1), byte(7), uint16(zip64Extra), uint16(24), uint64(size), uint64(size), offset}
	}
	c := &zipBuilder{}
	c.put("", extra...)
	n := uint16(c.out.Len())
	c.out.Reset()
	c.put(zipCentral, uint16(20), uint16(20), flags, uint16(zipStored), uint32(zipEpoch<<16), crc)
	c.put("", sizes...)
	c.put("", uint16(len(name)), n, uint16(2), uint16(0), uint16(0), uint32(0), at)
	c.out.WriteString(name)
	c.put("", extra...)
	c.put("//")
	z.central.Write(c.out.Bytes())
	z.count++
}

func (z *zipBuilder) put(signature string, values ...any) {
	z.out.WriteString(signature)
	for _, v := range values {
		binary.Write(&z.out, binary.LittleEndian, v)
	}
}

// offset returns the current position, as the archive counts it.
func (z *zipBuilder) offset() uint64 {
	if z.relative {
		return uint64(z.out.Len() - len(z.prefix))
	}
	return uint64(z.out.Len())
}

// openForTest returns the archive in b, which must be whole.
func openForTest(t *testing.T, b []byte) *zipArchive {
	t.Helper()
	var l Layout
	z, err := openZIP(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}), &l)
	require.NoError(t, err)
	require.NoError(t, l.Damage)
	require.Empty(t, l.Limits)
	return z
}

// contents returns the names and contents of the archive in b, as both we and,
// unless it differs in what it supports, archive/zip read them.
func contents(t *testing.T, b []byte, standard bool) (names, texts []string) {
	t.Helper()
	z := openForTest(t, b)
	for i := range z.entries {
		text, err := z.read(&z.entries[i], 1<<20)
		require.NoError(t, err)
		require.NoError(t, z.Damage)
		names, texts = append(names, z.entries[i].name), append(texts, text)
	}
	if !standard {
		return names, texts
	}
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	require.Len(t, r.File, len(names))
	for i, f := range r.File {
		require.Equal(t, names[i], f.Name, "the directory is in the order of the file")
		rc, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(rc)
		require.NoError(t, err)
		require.Equal(t, texts[i], string(text))
	}
	return names, texts
}

var zipVariants = map[string]zipBuilder{
	"plain":                    {},
	"comment":                  {comment: "a comment"},
	"false end in comment":     {comment: "see PK\x05\x06 here, which does not end this archive"},
	"prefix":                   {prefix: "#!/bin/sh\n"},
	"prefix, relative":         {prefix: "#!/bin/sh\n", relative: true},
	"zip64":                    {zip64: true},
	"zip64, prefix":            {zip64: true, prefix: "#!/bin/sh\n"},
	"zip64, prefix, relative":  {zip64: true, prefix: "#!/bin/sh\n", relative: true, comment: "c"},
	"descriptor":               {descriptor: 16},
	"descriptor, bare":         {descriptor: 12},
	"descriptor, 64 bit":       {descriptor: 24},
	"descriptor, 64 bit, bare": {descriptor: 20, zip64: true},
}

func TestZIPPlan(t *testing.T) {
	for name, variant := range zipVariants {
		t.Run(name, func(t *testing.T) {
			b := variant.build("a", "first", "b/", "", "b/c", "third", "d", "last")
			z := openForTest(t, b)
			none, err := z.plan(nil, "")
			require.NoError(t, err)
			require.Empty(t, none.Edits())

			plan, err := z.plan(map[string][]byte{"a": []byte("another first"), "d": {}, "new": []byte("x"), "later": []byte("y")}, "a")
			require.NoError(t, err)
			b = output(t, plan, b)
			standard := (!variant.zip64 || !variant.relative) && !strings.Contains(variant.comment, "PK")
			names, texts := contents(t, b, standard)
			require.Equal(t, []string{"a", "later", "new", "b/", "b/c", "d"}, names)
			require.Equal(t, []string{"another first", "y", "x", "", "third", ""}, texts)
			z = openForTest(t, b)
			plan, err = z.plan(map[string][]byte{"a": nil, "b/c": nil, "end": []byte("e")}, "")
			require.NoError(t, err)
			b = output(t, plan, b)
			names, texts = contents(t, b, standard)
			require.Equal(t, []string{"later", "new", "b/", "d", "end"}, names)
			require.Equal(t, []string{"y", "x", "", "", "e"}, texts)
			require.True(t, bytes.HasPrefix(b, []byte(variant.prefix)))
			require.True(t, bytes.HasSuffix(b, []byte(variant.comment)))
		})
	}
}

// TestZIPPlanWidens moves an entry past 4 GiB, where its offset needs ZIP64.
func TestZIPPlanWidens(t *testing.T) {
	b := (&zipBuilder{}).build("a", "first")
	e := openForTest(t, b).entries[0]
	wide, err := parseZIPEntry(e.centralHeader(math.MaxUint32))
	require.NoError(t, err)
	require.EqualValues(t, int64(math.MaxUint32), wide.local)
	require.Equal(t, e.size, wide.size)
	require.Equal(t, byte(45), wide.central[6], "version needed")
	require.Equal(t, "//", string(wide.central[len(wide.central)-2:]), "comment")
	narrow := e.centralHeader(math.MaxUint32 - 1)
	require.Len(t, narrow, len(e.central))
}

// TestZIPPlanWidensBeforePadding that is no field, such as one that claims more
// than there is: a field behind it was part of that.
func TestZIPPlanWidensBeforePadding(t *testing.T) {
	e := openForTest(t, (&zipBuilder{}).build("a", "first")).entries[0]
	name := e.central[:zipCentralSize+1]
	e.central = []byte(string(name) + "\x01\x00\xff" + "//")
	e.central[30] = 3 // bytes of padding
	wide, err := parseZIPEntry(e.centralHeader(1<<32 + 5))
	require.NoError(t, err)
	require.EqualValues(t, int64(1<<32+5), wide.local)
}

func TestZIPScan(t *testing.T) {
	for name, variant := range zipVariants {
		if variant.prefix != "" || strings.Contains(name, "bare") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			b := variant.build("a", "first", "b", strings.Repeat("PK\x07\x08 in the data ", 5000), "c", "last")
			cut := b[:bytes.LastIndex(b, []byte(zipEnd))]
			if variant.comment != "" {
				cut = b[:bytes.Index(b, []byte(zipCentral))]
			}
			var l Layout
			z, err := openZIP(NewSource(bytes.NewReader(cut), int64(len(cut)), Limits{}), &l)
			require.NoError(t, err)
			require.Error(t, l.Damage)
			require.Len(t, z.entries, 3)
			got, err := z.read(z.find("C"), 1<<20)
			require.NoError(t, err)
			require.Equal(t, "last", string(got))
			_, err = z.plan(map[string][]byte{"a": nil}, "")
			require.Error(t, err)
		})
	}
}

// TestZIPDescriptorOfNegativeSize: that used to panic.
func TestZIPDescriptorOfNegativeSize(t *testing.T) {
	b := (&zipBuilder{descriptor: 24}).build("a", "first")
	b = b[:bytes.Index(b, []byte(zipCentral))]
	b[len(b)-1] = 0x80
	z, err := openZIP(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}), &Layout{})
	require.NoError(t, err)
	require.Len(t, z.entries, 1)
	_, err = z.read(&z.entries[0], 1<<20)
	require.NoError(t, z.fail(0, err))
	require.Error(t, z.Damage)
}

// TestZIPPlanComparesHeaders of the entry that a new one goes behind: the walk
// need not have read it.
func TestZIPPlanComparesHeaders(t *testing.T) {
	b := (&zipBuilder{}).build("a", "first", "b", "second")
	b[14]++
	_, err := openForTest(t, b).plan(map[string][]byte{"new": nil}, "a")
	require.Error(t, err)
}

func TestZIPDamage(t *testing.T) {
	whole := func() []byte { return (&zipBuilder{}).build("a", "first", "b", "second") }
	central := bytes.Index(whole(), []byte(zipCentral))
	end := len(whole()) - zipEndSize
	put32 := func(at int, v uint32) func(b []byte) []byte {
		return func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[at:], v)
			return b
		}
	}
	for name, c := range map[string]struct {
		change  func(b []byte) []byte
		entries int
	}{
		"65535 entries claimed":        {func(b []byte) []byte { b[end+8], b[end+9], b[end+10], b[end+11] = 255, 255, 255, 255; return b }, 2},
		"directory beyond the file":    {put32(end+16, 1<<30), 2},
		"directory of 4 GiB":           {put32(end+12, math.MaxUint32-1), 2},
		"entry beyond the directory":   {put32(central+42, uint32(end)), 2},
		"entry of 4 GiB":               {put32(central+20, math.MaxUint32), 2},
		"both entries at one place":    {put32(central+49+42, 0), 2},
		"offset of the second, loop":   {put32(central+49+42, 1), 2},
		"central header broken":        {put32(central+49, 0), 2},
		"name beyond the directory":    {put32(central+49+28, 0xffff), 2},
		"end record lost":              {func(b []byte) []byte { return b[:end] }, 2},
		"comment cut":                  {func(b []byte) []byte { b[end+20] = 9; return b }, 2},
		"comment cut, directory wrong": {func(b []byte) []byte { b[end+20] = 9; b[end+16] = 0; return b }, 2},
		"second volume":                {func(b []byte) []byte { b[end+4] = 1; return b }, 2},
		"nothing but an end record":    {func(b []byte) []byte { return b[end:] }, 0},
		"cut in the second entry":      {func(b []byte) []byte { return b[:central-3] }, 2},
		"cut in the second header":     {func(b []byte) []byte { return b[:central-9] }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := c.change(whole())
			var l Layout
			z, err := openZIP(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}), &l)
			require.NoError(t, err)
			require.Error(t, l.Damage)
			require.Len(t, z.entries, c.entries)
		})
	}
}

func TestZIPReadDamage(t *testing.T) {
	data := zipLocalSize + 1
	for name, c := range map[string]struct {
		change func(b []byte)
		want   string
	}{
		"other name":         {func(b []byte) { b[zipLocalSize] = 'x' }, "first"},
		"other method":       {func(b []byte) { b[8] = zipDeflated }, "first"},
		"other checksum":     {func(b []byte) { b[14]++ }, "first"},
		"other size":         {func(b []byte) { b[18]++ }, "first"},
		"other content":      {func(b []byte) { b[data] = 'F' }, "First"},
		"longer local extra": {func(b []byte) { b[29] = 0xff }, ""},
		"extra, next entry":  {func(b []byte) { b[28] = 8 }, ""}, // used to be written over that
		"no local header":    {func(b []byte) { b[0] = 0 }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := (&zipBuilder{}).build("a", "first", "b", "second")
			c.change(b)
			z := openForTest(t, b)
			got, err := z.read(&z.entries[0], 1<<20)
			require.NoError(t, z.fail(0, err))
			require.Error(t, z.Damage)
			require.Equal(t, c.want, string(got))
		})
	}
}
