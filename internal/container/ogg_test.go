package container

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// oggFixtures returns the real files of all formats in Ogg.
func oggFixtures(t testing.TB) map[string][]byte {
	files := fixtures(t, "ogg")
	maps.Copy(files, fixtures(t, "opus"))
	maps.Copy(files, fixtures(t, "ogv"))
	return files
}

// An oggMaker makes the pages of one stream.
type oggMaker struct {
	serial, sequence uint32
}

// page returns a page with whole packets.
func (m *oggMaker) page(flags byte, packets ...string) string {
	var lacing []byte
	for _, p := range packets {
		lacing = append(lacing, oggLacing(len(p))...)
	}
	return m.segments(flags, lacing, strings.Join(packets, ""))
}

func (m *oggMaker) segments(flags byte, lacing []byte, body string) string {
	b, _ := oggPage{flags: flags, serial: m.serial, sequence: m.sequence, lacing: lacing}.encode([]byte(body))
	m.sequence++
	return string(b)
}

// spanning returns pages of up to so many segments that hold one packet.
func (m *oggMaker) spanning(segments int, packet string) (pages string) {
	lacing := oggLacing(len(packet))
	for flags := byte(0); len(lacing) > 0; flags = oggContinued {
		n := min(segments, len(lacing))
		size := min(n*oggMaxLacing, len(packet))
		pages += m.segments(flags, lacing[:n], packet[:size])
		lacing, packet = lacing[n:], packet[size:]
	}
	return pages
}

// opus returns a whole stream: its comment header in pages of so many segments,
// and pages of audio.
func opus(serial uint32, segments, audio int, entries ...string) []byte {
	m := &oggMaker{serial: serial}
	b := m.page(oggFirst, "OpusHead...........") + m.spanning(segments, "OpusTags"+vorbisComments(entries...))
	for range audio {
		b += m.page(0, strings.Repeat("audio", 200))
	}
	return []byte(b + m.page(oggLast, "end"))
}

// oggPages returns the pages of a file, each checked and without its number.
func oggPages(t *testing.T, b []byte) (pages []string) {
	t.Helper()
	next := map[uint32]uint32{}
	for pos := int64(0); pos < int64(len(b)); {
		p, ok := parseOggPage(pos, b[pos:])
		require.True(t, ok, "no page at %d", pos)
		page := bytes.Clone(b[pos:p.end()])
		require.Equal(t, p.checksum, oggChecksum(page), "checksum of the page at %d", pos)
		if p.flags&oggFirst == 0 {
			require.Equal(t, next[p.serial], p.sequence, "number of the page at %d", pos)
		}
		next[p.serial] = p.sequence + 1
		clear(page[18:26])
		pages = append(pages, string(page))
		pos = p.end()
	}
	return pages
}

// sameOggPages compares runs of pages, but for the numbers and checksums.
func sameOggPages(a, b []byte) bool {
	return bytes.Equal(unnumbered(a), unnumbered(b))
}

// unnumbered returns a run of pages without their numbers and checksums.
func unnumbered(b []byte) []byte {
	b = bytes.Clone(b)
	for pos := int64(0); pos < int64(len(b)); {
		p, ok := parseOggPage(pos, b[pos:])
		if !ok || p.end() > int64(len(b)) {
			break
		}
		clear(b[pos+18 : pos+26])
		pos = p.end()
	}
	return b
}

func TestOggChecksum(t *testing.T) {
	page := []byte(opus(7, 255, 0))[:100]
	reversed := bytes.Clone(page)
	clear(reversed[22:26])
	for i, c := range reversed { // the usual CRC-32 is the reflected one, inverted before and after
		reversed[i] = bits.Reverse8(c)
	}
	want := crc32.Update(0xFFFFFFFF, crc32.IEEETable, reversed) ^ 0xFFFFFFFF
	require.Equal(t, bits.Reverse32(want), oggChecksum(page))
	for _, n := range []int{0, 1, 23, oggMaxPage} {
		require.Equal(t, oggUpdate(0xABCDEF, make([]byte, n)), oggZeros(0xABCDEF, int64(n)))
	}
}

func TestOggRoundTrip(t *testing.T) {
	for name, b := range oggFixtures(t) {
		t.Run(name, func(t *testing.T) {
			b = without(t, Ogg, b, Record)
			big := bytes.Repeat([]byte("x"), 200_000)
			for _, value := range [][]byte{someRecord, big} {
				out := put(t, Ogg, b, Record, value)
				pages, after := oggPages(t, b), oggPages(t, out)
				same := 0
				for same < len(pages) && pages[len(pages)-1-same] == after[len(after)-1-same] {
					same++
				}
				require.GreaterOrEqual(t, same, 1, "pages of media are changed")
			}
			roundTrip(t, Ogg, b, Record, someRecord, []byte(`{"Label":"2"}`), big, []byte(`{"名":"值"}`))
		})
	}
}

// A cut is seen anywhere but between pages behind the headers, and hides no label
// that stands before it.
func TestOggTruncations(t *testing.T) {
	for name, b := range oggFixtures(t) {
		b = put(t, Ogg, without(t, Ogg, b, Record), Record, someRecord)
		whole := map[int]bool{}
		for pos := int64(0); pos < int64(len(b)); {
			p, _ := parseOggPage(pos, b[pos:])
			pos = p.end()
			whole[int(pos)] = true
		}
		label := bytes.Index(b, someRecord) + len(someRecord)
		for n := range b {
			f := walk(t, Ogg, b[:n:n])
			if n < label || !whole[n] {
				require.Error(t, f.Summary().Damage, "%s cut at %d", name, n)
			}
			if n >= label {
				require.NotNil(t, guide(f, Record), "%s cut at %d", name, n)
			}
		}
	}
}

func TestOggSamePages(t *testing.T) {
	for name, c := range map[string]struct {
		file  []byte
		value int
		more  int // pages
	}{
		"one page":             {opus(1, 255, 3), 1000, 0},
		"one page, full":       {opus(1, 255, 3), 64_000, 0},
		"one more":             {opus(1, 255, 3), 66_000, 1},
		"several more":         {opus(1, 255, 3), 600_000, 9},
		"three pages":          {opus(1, 2, 3, "A="+strings.Repeat("x", 1200)), 1000, 0},
		"three pages, all out": {opus(1, 100, 3, "A="+strings.Repeat("x", 60_000)), 190_000, 1},
	} {
		t.Run(name, func(t *testing.T) {
			out := put(t, Ogg, c.file, Record, bytes.Repeat([]byte("v"), c.value))
			before, after := oggPages(t, c.file), oggPages(t, out)
			require.Len(t, after, len(before)+c.more)
			require.Equal(t, before[len(before)-4:], after[len(after)-4:], "the audio")
			f := walk(t, Ogg, c.file)
			plan, err := f.Plan([]Change{{Kind: Record, Value: make([]byte, c.value)}})
			require.NoError(t, err)
			require.LessOrEqual(t, len(plan.Edits()), 3, "the audio's pages are not listed")
			left := oggPages(t, without(t, Ogg, out, Record))
			require.Equal(t, left[len(left)-4:], after[len(after)-4:])
		})
	}
}

// The setup header of Vorbis stands behind the comments in their page.
func TestOggKeepsSetupHeader(t *testing.T) {
	b := oggFixtures(t)["oggenc.ogg"]
	setup := "\x05vorbis"
	for _, n := range []int{10, 1000, 70_000} {
		out := put(t, Ogg, b, Record, bytes.Repeat([]byte("v"), n))
		packet := func(b []byte) string {
			f := &oggFile{src: NewSource(bytes.NewReader(b), int64(len(b)), Limits{}), current: map[uint32]*oggStream{}}
			codec := oggCodecs[0]
			codec.header, codec.packet = setup, 2
			s := &oggStream{codec: &codec}
			for pos := int64(0); !s.done; {
				p, ok, err := f.page(pos)
				require.True(t, ok)
				require.NoError(t, err)
				s.next = p.sequence
				require.NoError(t, s.collect(p, int64(len(b))))
				pos = p.end()
			}
			data, err := s.packet.bytes(f.src, 0, s.packet.size(), "")
			require.NoError(t, err)
			return string(data)
		}
		require.Equal(t, packet(b), packet(out))
		require.True(t, strings.HasPrefix(packet(out), setup))
	}
}

func TestOggPadding(t *testing.T) {
	b := oggFixtures(t)["opusenc.opus"]
	out := put(t, Ogg, b, Record, someRecord)
	require.Len(t, out, len(b), "opusenc leaves 512 bytes")
	require.Len(t, without(t, Ogg, out, Record), len(b))
	m := &oggMaker{}
	for _, kept := range []string{"\x01kept", "\x00\x00kept"} {
		b := m.page(oggFirst, "OpusHead") + m.page(0, "OpusTags"+vorbisComments()+kept) + m.page(oggLast, "audio")
		require.Contains(t, string(put(t, Ogg, []byte(b), Record, someRecord)), kept)
	}
}

// multiplexed returns a file of two streams whose pages take turns.
func multiplexed() []byte {
	a, b := &oggMaker{serial: 1}, &oggMaker{serial: 2}
	tags := "OpusTags" + vorbisComments("TITLE=T", "AIGC="+strings.Repeat("a", 700))
	file := a.page(oggFirst, "OpusHead") + b.page(oggFirst, "\x01vorbis") + (&oggMaker{serial: 3}).page(oggFirst, "unknown")
	one, two := a.spanning(1, tags), b.spanning(1, "\x03vorbis"+vorbisComments("aigc=other")+"\x01")
	file += one[:oggHeaderSize+1+255] + two + one[oggHeaderSize+1+255:] + b.page(0, "\x05vorbis")
	for range 3 {
		file += a.page(0, "a's audio") + b.page(0, "b's audio")
	}
	return []byte(file + a.page(oggLast, "end") + b.page(oggLast, "end"))
}

func TestOggMultiplexed(t *testing.T) {
	b := multiplexed()
	f := walk(t, Ogg, b)
	require.NoError(t, f.Summary().Damage)
	require.ElementsMatch(t, []string{
		"Ogg Vorbis comment vendor=vendor", "Ogg Vorbis comment aigc=other", "Ogg Opus comment vendor=vendor",
		"Ogg Opus comment TITLE=T", "Ogg Opus comment AIGC=" + strings.Repeat("a", 700) + " (guide)",
	}, located(t, f, b))
	var changes []Change
	for i, s := range f.Summary().Slots {
		changes = append(changes, Change{Slot: &f.Summary().Slots[i], Value: bytes.Repeat(s.Value, 300)})
	}
	plan, err := f.Plan(changes)
	require.NoError(t, err)
	out := output(t, plan, b)
	before, after := oggPages(t, b), oggPages(t, out)
	require.Equal(t, before[len(before)-8:], after[len(after)-8:])
	for i, s := range walk(t, Ogg, out).Summary().Slots {
		require.Equal(t, string(changes[i].Value), string(s.Value))
	}
	left := oggPages(t, without(t, Ogg, out, Record))
	require.Equal(t, before[len(before)-8:], left[len(left)-8:])
}

func TestOggChained(t *testing.T) {
	link := opus(5, 255, 2, "AIGC=second")
	b := slices.Concat(opus(4, 255, 2, "TITLE=first"), opus(6, 255, 2, "TITLE=middle"), link)
	f := walk(t, Ogg, b)
	require.NoError(t, f.Summary().Damage)
	require.Contains(t, located(t, f, b), "Ogg Opus comment AIGC=second")
	for _, value := range [][]byte{someRecord, make([]byte, 100_000)} {
		out := put(t, Ogg, b, Record, value)
		require.True(t, bytes.HasSuffix(out, link), "the other links are kept")
		require.Equal(t, 2, countKind(walk(t, Ogg, out), Record))
		require.Equal(t, "TITLE=first", string(out[bytes.Index(out, []byte("TITLE=")):][:11]))
	}
	require.NotContains(t, string(without(t, Ogg, b, Record)), "second")
	same := slices.Concat(opus(4, 255, 2), opus(4, 255, 2))
	out := put(t, Ogg, same, Record, make([]byte, 100_000))
	require.True(t, bytes.HasSuffix(out, same[len(same)/2:]), "a link of the same serial number")
}

// Reads anywhere in pages that are renumbered see the same bytes as a copy.
func TestOggRenumberedAtRandom(t *testing.T) {
	b := opus(1, 255, 3000)
	plan, err := walk(t, Ogg, b).Plan([]Change{{Kind: Record, Value: make([]byte, 100_000)}})
	require.NoError(t, err)
	want := output(t, plan, b)
	oggPages(t, want)
	for _, off := range []int{len(want) - 10, 2_500_000, 110_000, 1_000_000} {
		got := make([]byte, min(5000, len(want)-off))
		fresh, err := walk(t, Ogg, b).Plan([]Change{{Kind: Record, Value: make([]byte, 100_000)}})
		require.NoError(t, err)
		for range 2 {
			_, err = fresh.ReadAt(got, int64(off))
			require.NoError(t, err)
			require.True(t, bytes.Equal(want[off:][:len(got)], got))
		}
	}
}

// Pages that are renumbered keep a wrong checksum wrong, and pages behind a
// break keep their number.
func TestOggRenumberingHidesNoDamage(t *testing.T) {
	b := opus(1, 255, 4)
	at := bytes.Index(b, []byte("audio"))
	b[at] = 'A'
	out := put(t, Ogg, b, Record, make([]byte, 100_000))
	at = bytes.Index(out, []byte("Audio")) - oggHeaderSize - 4
	p, ok := parseOggPage(0, out[at:])
	require.True(t, ok)
	page := out[at:][:p.Length]
	require.NotEqual(t, p.checksum, oggChecksum(page))
	page[bytes.Index(page, []byte("Audio"))] = 'a'
	require.Equal(t, p.checksum, oggChecksum(page))

	b = bytes.Replace(opus(1, 255, 4), []byte(oggMagic), []byte("oggs"), 5)
	b = bytes.Replace(b, []byte("oggs"), []byte(oggMagic), 4) // the fifth page has lost its mark
	out = put(t, Ogg, b, Record, make([]byte, 100_000))
	at = bytes.Index(b, []byte("oggs"))
	require.True(t, bytes.HasSuffix(out, b[at:]))
}

func TestOggDamage(t *testing.T) {
	head := func(m *oggMaker) string { return m.page(oggFirst, "OpusHead") }
	label := "OpusTags" + vorbisComments("AIGC={}", "TITLE="+strings.Repeat("t", 600))
	gap := &oggMaker{}
	lost := &oggMaker{}
	wrong := opus(1, 255, 2, "AIGC={}")
	wrong[bytes.Index(wrong, []byte("vendor"))] = 'V'
	for name, b := range map[string]string{
		"page missing":         head(gap) + gap.segments(0, []byte{255}, label[:255]) + func() string { gap.sequence++; return gap.page(oggContinued, label[255:]) }(),
		"packet without end":   head(lost) + lost.segments(0, []byte{255}, label[:255]) + lost.page(0, label),
		"wrong checksum":       string(wrong),
		"entry past the end":   (&oggMaker{}).page(oggFirst, "OpusHead") + (&oggMaker{sequence: 1}).page(0, label[:200]),
		"no page in the chain": string(opus(1, 255, 2, "AIGC={}")) + "junk" + string(opus(2, 255, 2)),
	} {
		f := walk(t, Ogg, []byte(b))
		require.Error(t, f.Summary().Damage, name)
		require.NotNil(t, guide(f, Record), "%s: hides the label", name)
	}
	for name, b := range map[string]string{
		"empty": "", "magic alone": oggMagic, "other": "fLaC", "one page": head(&oggMaker{}),
		"empty header":   head(&oggMaker{}) + (&oggMaker{sequence: 1}).page(0, ""),
		"another header": head(&oggMaker{}) + (&oggMaker{sequence: 1}).page(0, "OpusFoo."+vorbisComments()),
		"version 1":      strings.Replace(string(opus(1, 255, 0)), "OggS\x00", "OggS\x01", 1),
	} {
		require.Error(t, walk(t, Ogg, []byte(b)).Summary().Damage, name)
	}
	for _, junk := range []string{"junk", id3v1(""), string(make([]byte, 100_000))} {
		b := append(opus(1, 255, 2), junk...)
		require.True(t, bytes.HasSuffix(put(t, Ogg, b, Record, someRecord), []byte(junk)))
	}
}

// A page behind the head of the file is checked when it is edited.
func TestOggChecksumOfEditedPages(t *testing.T) {
	b := opus(1, 200, 2, "A="+strings.Repeat("a", 200_000))
	b[len(b)-3000] ^= 1
	f := walk(t, Ogg, b)
	require.NoError(t, f.Summary().Damage)
	b[100_000] ^= 1
	_, err := f.Plan([]Change{{Kind: Record, Value: someRecord}})
	require.ErrorAs(t, err, new(*FormatError))
}

func TestOggRefuses(t *testing.T) {
	m := &oggMaker{}
	store := []byte(m.page(oggFirst, "\x00c2pajumb") + m.page(oggLast, ""))
	f := walk(t, Ogg, store)
	require.NoError(t, f.Summary().Damage)
	require.Equal(t, []string{"Ogg C2PA stream=jumb"}, located(t, f, store))
	unknown := (&oggMaker{}).page(oggFirst|oggLast, "unknown")
	for _, c := range []struct {
		f      File
		change Change
	}{
		{f, Change{Slot: &f.Summary().Slots[0]}},
		{f, Change{Kind: Record, Value: someRecord}},
		{walk(t, Ogg, []byte(unknown)), Change{Kind: Record, Value: someRecord}},
		{walk(t, Ogg, opus(1, 255, 0)), Change{Kind: XMP, Value: someRecord}},
	} {
		_, err := c.f.Plan([]Change{c.change})
		require.ErrorIs(t, err, ErrNoPlace)
	}
	_, err := walk(t, Ogg, opus(1, 255, 0)).Plan([]Change{{Kind: Record, Value: make([]byte, 9<<20)}})
	require.ErrorAs(t, err, new(*LimitError))
}

func TestOggCodec(t *testing.T) {
	m := &oggMaker{}
	want := map[string]string{
		"oggenc.ogg": "Vorbis", "chained.ogg": "Vorbis", "labelled.ogg": "Vorbis", "speex.spx": "Speex", "flac.oga": "FLAC",
		"opusenc.opus": "Opus", "ffmpeg.opus": "Opus", "muxed.ogv": "Theora", "silent.ogv": "Theora", "unknown": "", "no Ogg": "none", "cut": "none", "cut page": "Opus",
	}
	files := oggFixtures(t)
	files["unknown"] = []byte(m.page(oggFirst, ""))
	files["no Ogg"] = []byte("fLaC")
	files["cut"] = []byte(oggMagic)
	files["cut page"] = opus(1, 255, 0)[:oggHeaderSize+1+8]
	for name, b := range files {
		codec, ok, err := OggCodec(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
		require.NoError(t, err)
		if !ok {
			codec = "none"
		}
		require.Equal(t, want[name], codec, name)
	}
}

// Many short elements must not cost many times their size.
func TestOggCosts(t *testing.T) {
	m := &oggMaker{}
	head := m.page(oggFirst, "OpusHead")
	empty := (&oggMaker{sequence: 1}).segments(0, nil, "")
	tags := "OpusTags" + vorbisComments()
	flood := func(n int, page func(m *oggMaker) string) []byte {
		var b strings.Builder
		m := &oggMaker{}
		b.WriteString(head)
		for m.sequence = 1; b.Len() < n; {
			b.WriteString(page(m))
		}
		return []byte(b.String())
	}
	const size = 1 << 20
	var links strings.Builder
	for serial := uint32(0); links.Len() < size; serial++ {
		m := &oggMaker{serial: serial}
		links.WriteString(m.page(oggFirst, "OpusHead") + m.page(oggLast, tags))
	}
	for name, b := range map[string][]byte{
		"empty pages":     bytes.Repeat([]byte(empty), size/len(empty)),
		"nil pages":       flood(size, func(m *oggMaker) string { return m.segments(0, nil, "") }),
		"streams":         bytes.Repeat([]byte((&oggMaker{}).page(oggFirst, "OpusHead")), size/36),
		"endless packet":  flood(size, func(m *oggMaker) string { return m.segments(oggContinued, []byte{255}, strings.Repeat("\x00", 255)) }),
		"fragments":       []byte(head + (&oggMaker{sequence: 1}).spanning(1, "OpusTags"+vorbisComments(make([]string, 250_000)...))),
		"records":         []byte(head + (&oggMaker{sequence: 1}).spanning(1, "OpusTags"+vorbisComments(strings.Split(strings.Repeat("AIGC=,", 100_000), ",")...))),
		"links":           []byte(links.String()),
		"marks":           bytes.Repeat([]byte(oggMagic), size/4),
		"bad pages":       bytes.Repeat([]byte("OggS\x00"+string(make([]byte, 21))+"\x00"), size/27),
		"same serial BOS": bytes.Repeat([]byte(head+(&oggMaker{sequence: 1}).page(0, tags)), size/100),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, Ogg, b) })
	}
}

// repaired returns b with the checksums of its pages put right: fuzzing does not
// guess them.
func repaired(b []byte) []byte {
	b = bytes.Clone(b)
	for pos := int64(0); pos < int64(len(b)); {
		p, ok := parseOggPage(pos, b[pos:])
		if !ok || p.end() > int64(len(b)) {
			break
		}
		binary.LittleEndian.PutUint32(b[pos+22:], oggChecksum(b[pos:p.end()]))
		pos = p.end()
	}
	return b
}

func FuzzOgg(f *testing.F) {
	f.Add(multiplexed())
	f.Add(opus(1, 2, 3, "AIGC="+strings.Repeat("x", 2000)))
	f.Add(slices.Concat(opus(1, 1, 1), opus(2, 255, 1, "AIGC={}")))
	for _, b := range oggFixtures(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		withstand(t, Ogg, b, Record, someRecord)
		withstand(t, Ogg, repaired(b), Record, bytes.Repeat(someRecord, 1000))
	})
}

// A label before an hour of audio.
func BenchmarkOggWalk(b *testing.B) {
	file := opus(1, 255, 10_000, "AIGC="+string(someRecord), "TITLE=T")
	b.ReportAllocs()
	for b.Loop() {
		walk(b, Ogg, file)
	}
}

// The pages behind a label that needs a page more get other numbers.
func BenchmarkOggRenumber(b *testing.B) {
	file := opus(1, 255, 10_000)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		plan, err := walk(b, Ogg, file).Plan([]Change{{Kind: Record, Value: make([]byte, 100_000)}})
		require.NoError(b, err)
		_, err = plan.WriteTo(io.Discard)
		require.NoError(b, err)
	}
}
