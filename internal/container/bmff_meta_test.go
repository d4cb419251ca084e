package container

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// metaBox returns a meta box; parts are its children after hdlr.
func metaBox(handler string, parts ...[]byte) []byte {
	hdlr := bmffEncode("hdlr", make([]byte, 8), []byte(handler), make([]byte, 13))
	return bmffEncode("meta", append([][]byte{make([]byte, 4), hdlr}, parts...)...)
}

// quickTime returns a meta box as QuickTime has it: without version and flags.
func quickTime(meta []byte) []byte { return bmffEncode("meta", meta[12:]) }

// keyList returns keys, all of namespace mdta.
func keyList(names ...string) []byte {
	b := slices.Concat(make([]byte, 4), uint32Bytes(len(names)))
	for _, name := range names {
		b = append(b, bmffEncode("mdta", []byte(name))...)
	}
	return bmffEncode("keys", b)
}

// dataItem returns an ilst item with a value of a well-known type.
func dataItem(kind string, typ byte, value string) []byte {
	return bmffEncode(kind, bmffEncode("data", []byte{0, 0, 0, typ, 0, 0, 0, 0}, []byte(value)))
}

func user(children ...[]byte) []byte {
	return bmffEncode("moov", bmffEncode("udta", children...))
}

// Where generators are known to put records, and what else is a slot.
func TestBMFFPlaces(t *testing.T) {
	const value = `{"Label":"1"}`
	list := bmffEncode("ilst", dataItem("\x00\x00\x00\x01", 1, value))
	mdta := metaBox("mdta", keyList("AIGC"), list)
	freeform := bmffEncode("----", bmffEncode("mean", make([]byte, 4), []byte("com.apple.iTunes")),
		bmffEncode("name", make([]byte, 4), []byte("AIGC")), bmffEncode("data", dataText([]byte(value))))
	wide := "\x00{\x00\"\x00L\x00a\x00b\x00e\x00l\x00\"\x00:\x00\"\x001\x00\"\x00}"
	for name, c := range map[string]struct {
		file []byte
		want Slot
	}{
		"guide":                {user(mdta), Slot{Kind: Record, Key: "AIGC", Place: "MP4 moov.udta.meta keys AIGC", Guide: true}},
		"keys after items":     {user(metaBox("mdta", list, keyList("AIGC"))), Slot{Kind: Record, Key: "AIGC", Place: "MP4 moov.udta.meta keys AIGC", Guide: true}},
		"name with AIGC":       {user(metaBox("mdta", keyList("com.x.AIGC"), list)), Slot{Kind: Record, Key: "com.x.AIGC", Place: "MP4 moov.udta.meta keys com.x.AIGC"}},
		"QuickTime in moov":    {bmffEncode("moov", quickTime(mdta)), Slot{Kind: Record, Key: "AIGC", Place: "MP4 moov.meta keys AIGC", Guide: true}},
		"meta in moov":         {bmffEncode("moov", mdta), Slot{Kind: Record, Key: "AIGC", Place: "MP4 moov.meta keys AIGC", Guide: true}},
		"root":                 {append(mdta, user()...), Slot{Kind: Record, Key: "AIGC", Place: "MP4 meta keys AIGC"}},
		"track":                {bmffEncode("moov", bmffEncode("trak", bmffEncode("udta", mdta))), Slot{Kind: Record, Key: "AIGC", Place: "MP4 moov.trak.udta.meta keys AIGC"}},
		"iTunes comment":       {user(metaBox("mdir", bmffEncode("ilst", dataItem("\xa9cmt", 1, value)))), Slot{Kind: Record, Key: "©cmt", Place: "MP4 moov.udta.meta ilst ©cmt"}},
		"untyped item":         {user(metaBox("mdir", bmffEncode("ilst", dataItem("desc", 0, value)))), Slot{Kind: Record, Key: "desc", Place: "MP4 moov.udta.meta ilst desc"}},
		"item AIGC":            {user(metaBox("mdir", bmffEncode("ilst", dataItem("AIGC", 1, value)))), Slot{Kind: Record, Key: "AIGC", Place: "MP4 moov.udta.meta ilst AIGC"}},
		"iTunes freeform":      {user(metaBox("mdir", bmffEncode("ilst", freeform))), Slot{Kind: Record, Key: "AIGC", Place: "MP4 moov.udta.meta ilst ----:com.apple.iTunes:AIGC"}},
		"UTF-16":               {user(metaBox("mdta", keyList("AIGC"), bmffEncode("ilst", dataItem("\x00\x00\x00\x01", 2, wide)))), Slot{Kind: Record, Key: "AIGC", Place: "MP4 moov.udta.meta keys AIGC", Guide: true, Encoding: "utf-16"}},
		"user data":            {user(bmffEncode("AIGC", []byte(value))), Slot{Kind: Record, Key: "AIGC", Place: "MP4 moov.udta.AIGC"}},
		"user data, QuickTime": {user(bmffEncode("AIGC", []byte{0, byte(len(value)), 0, 0}, []byte(value))), Slot{Kind: Record, Key: "AIGC", Place: "MP4 moov.udta.AIGC"}},
		"user text":            {user(bmffEncode("\xa9cmt", []byte{0, byte(len(value)), 0, 0}, []byte(value+" and more"))), Slot{Kind: Text, Key: "©cmt", Place: "MP4 moov.udta.©cmt"}},
		"QuickTime XMP":        {user(bmffEncode("XMP_", []byte(value))), Slot{Kind: XMP, Place: "MP4 moov.udta.XMP_", Guide: true}},
		"XMP":                  {append(user(), bmffEncode("uuid", []byte(uuidXMP), []byte(value))...), Slot{Kind: XMP, Place: "MP4 uuid XMP", Guide: true}},
	} {
		t.Run(name, func(t *testing.T) {
			l := walk(t, BMFF, c.file).Summary()
			require.NoError(t, l.Damage)
			require.Len(t, l.Slots, 1)
			got := l.Slots[0]
			r := got.Ranges[0]
			if got.Encoding == "" {
				require.Equal(t, value, string(c.file[r.Offset:r.Offset+r.Length]))
			}
			require.Equal(t, value, string(got.Value))
			got.Value, got.Ranges = nil, nil
			require.Equal(t, c.want, got)

			f := walk(t, BMFF, c.file) // any slot takes another value, and can go
			plan, err := f.Plan([]Change{{Slot: &f.Summary().Slots[0], Value: longRecord}})
			require.NoError(t, err)
			f = walk(t, BMFF, output(t, plan, c.file))
			require.NoError(t, f.Summary().Damage)
			require.Equal(t, string(longRecord), string(f.Summary().Slots[0].Value))
			require.Equal(t, c.want.Place, f.Summary().Slots[0].Place)
		})
	}
}

func TestBMFFTexts(t *testing.T) {
	two := bmffEncode("\xa9ART", bmffEncode("data", dataText([]byte("one"))), bmffEncode("data", dataText([]byte("two"))))
	b := user(metaBox("mdir", bmffEncode("ilst", two, dataItem("covr", 13, "\xff\xd8"), dataItem("\xa9cmt", 1, "{braces}"), dataItem("xxxx", 0, "{}"))))
	f := walk(t, BMFF, b)
	var texts []string
	for _, s := range f.Summary().Slots {
		require.Equal(t, Text, s.Kind)
		texts = append(texts, s.Key+"="+string(s.Value))
	}
	require.Equal(t, []string{"©ART=one", "©ART=two", "©cmt={braces}"}, texts)
	plan, err := f.Plan([]Change{{Slot: &f.Summary().Slots[0]}})
	require.NoError(t, err)
	f = walk(t, BMFF, output(t, plan, b))
	require.Equal(t, "two", string(f.Summary().Slots[0].Value), "the other value of the item stays")
}

// A record moves from a place of its own to the guide's in one plan.
func TestBMFFRecordMoves(t *testing.T) {
	for name, b := range map[string][]byte{
		"freeform":     fixtures(t, "m4a")["freeform.m4a"],
		"iTunes":       user(metaBox("mdir", bmffEncode("ilst", dataItem("\xa9cmt", 1, `{"Label":"old"}`)))),
		"other key":    user(metaBox("mdta", keyList("old AIGC"), bmffEncode("ilst", dataItem("\x00\x00\x00\x01", 1, `{"Label":"old"}`)))),
		"second keys":  bmffEncode("moov", quickTime(metaBox("mdta", keyList("make"), bmffEncode("ilst"))), bmffEncode("udta", metaBox("mdta", keyList("AIGC"), bmffEncode("ilst", dataItem("\x00\x00\x00\x01", 1, `{"Label":"old"}`))))),
		"user data":    user(bmffEncode("AIGC", []byte(`{"Label":"old"}`))),
		"unnamed item": user(metaBox("mdta", keyList("x"), bmffEncode("ilst", dataItem("\x00\x00\x00\x02", 1, `unnamed`), dataItem("AIGC", 1, `{"Label":"old"}`)))),
	} {
		f := walk(t, BMFF, b)
		slots := f.Summary().Slots
		i := slices.IndexFunc(slots, func(s Slot) bool { return s.Kind == Record })
		require.False(t, slots[i].Guide, name)
		plan, err := f.Plan([]Change{{Slot: &slots[i]}, {Kind: Record, Value: someRecord}})
		require.NoError(t, err)
		out := output(t, plan, b)
		require.False(t, bytes.Contains(out, slots[i].Value), "%s: the old value is still there", name)
		f = walk(t, BMFF, out)
		require.NoError(t, f.Summary().Damage)
		require.Equal(t, 1, countKind(f, Record), name)
		require.Equal(t, string(someRecord), string(guide(f, Record).Value), name)
	}
}

// An item without a key must not take the name of the next key.
func TestBMFFUnnamedItem(t *testing.T) {
	b := user(metaBox("mdta", keyList("x"), bmffEncode("ilst", dataItem("\x00\x00\x00\x02", 1, "unnamed"))))
	f := walk(t, BMFF, put(t, BMFF, b, Record, someRecord))
	require.Equal(t, 1, countKind(f, Record))
	require.Equal(t, string(someRecord), string(guide(f, Record).Value))
}

func TestBMFFCredentials(t *testing.T) {
	b := movie{before: credentials, tables: twoTracks}.bytes()
	f := walk(t, BMFF, b)
	slot := guide(f, C2PA)
	r := slot.Ranges[0]
	require.Equal(t, string(bmffEncode("jumb", []byte("store"))), string(b[r.Offset:r.Offset+r.Length]), "without padding")
	store := bmffEncode("jumb", []byte("another store"))
	plan, err := f.Plan([]Change{{Slot: slot, Value: store}})
	require.NoError(t, err)
	out := output(t, plan, b)
	r = guide(walk(t, BMFF, out), C2PA).Ranges[0]
	require.Equal(t, string(store), string(out[r.Offset:r.Offset+r.Length]))
	require.Equal(t, fileTargets(t, b), fileTargets(t, out))

	plan, err = f.Plan([]Change{{Slot: slot}, {Kind: C2PA, Value: store}})
	require.NoError(t, err)
	out = output(t, plan, b)
	require.Equal(t, 1, countKind(walk(t, BMFF, out), C2PA))
	require.Equal(t, "uuid", string(out[24:28]), "after ftyp")
}

func TestBMFFBrand(t *testing.T) {
	ftyp := func(brand string) []byte { return bmffEncode("ftyp", []byte(brand+"\x00\x00\x00\x00")) }
	for name, c := range map[string]struct {
		head []byte
		want string
	}{
		"mp4":          {ftyp("isom"), "isom"},
		"avif":         {ftyp("avif"), "avif"},
		"jxl":          {append(bmffEncode("JXL ", []byte("\r\n\x87\n")), ftyp("jxl ")...), "jxl "},
		"segment":      {bmffEncode("styp", []byte("msdh\x00\x00\x00\x00")), "msdh"},
		"old movie":    {bmffEncode("moov"), "qt  "},
		"old media":    {[]byte("\x1f\x00\x00\x00mdat"), "qt  "},
		"wide":         {bmffEncode("wide"), "qt  "},
		"free":         {append(bmffEncode("free"), ftyp("mp42")...), "mp42"},
		"many skips":   {bytes.Repeat(bmffEncode("skip"), 5000), "qt  "},
		"short ftyp":   {bmffEncode("ftyp", []byte("iso")), ""},
		"other":        {bmffEncode("abcd"), ""},
		"too small":    {[]byte("\x00\x00\x00\x07moov"), ""},
		"empty":        {nil, ""},
		"three bytes":  {[]byte("moo"), ""},
		"prose":        {[]byte("The free lunch"), ""},
		"prose, moov":  {[]byte("The moov box"), ""},
		"cut media":    {[]byte("\x00\x00\x00\x01mdat\x00\x00\x00\x09\x00\x00\x00\x00"), "qt  "},
		"cut long box": {[]byte("\x00\x00\x00\x01mdat\x00"), ""},
	} {
		got, ok, err := BMFFBrand(NewSource(bytes.NewReader(c.head), int64(len(c.head)), Limits{}))
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
		require.Equal(t, c.want != "", ok, name)
	}
}
