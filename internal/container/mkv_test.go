package container

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"testing"

	"encoding/binary"

	"github.com/stretchr/testify/require"
)

// element returns an EBML element.
func element(id uint32, parts ...string) string {
	return string(ebmlEncode(id, []byte(strings.Join(parts, ""))))
}

// number returns an element that holds a number.
func number(id uint32, v int) string { return element(id, string(ebmlNumber(uint64(v), 1))) }

// unsized returns an element of unknown size.
func unsized(id uint32, parts ...string) string {
	return string(ebmlNumber(uint64(id), 1)) + "\xFF" + strings.Join(parts, "")
}

func simpleTag(name, value string, more ...string) string {
	return element(idSimpleTag, element(idTagName, name), element(idTagString, value), strings.Join(more, ""))
}

// tagged returns a Tags element with one Tag of the whole file.
func tagged(simple ...string) string {
	return element(idTags, element(idTag, element(idTargets), strings.Join(simple, "")))
}

func seekTo(id uint32, pos int) string {
	return element(idSeek, element(idSeekID, string(ebmlNumber(uint64(id), 1))), number(idSeekPosition, pos))
}

func cueTo(pos int) string {
	return element(idCuePoint, number(0xB3, 0), element(idCuePositions, number(0xF7, 1), number(idCueCluster, pos)))
}

// summed returns a master that starts with its CRC-32.
func summed(id uint32, parts ...string) string {
	body := strings.Join(parts, "")
	return element(id, "\xBF\x84"+string(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body)))), body)
}

func padding(n int) string {
	return string(voidHeader(int64(n))) + strings.Repeat("v", n-len(voidHeader(int64(n))))
}

var (
	mkvHead = element(idEBML, element(idDocType, "matroska"))
	block   = element(idSimpleBlock, "\x81\x00\x00\x80frame")
)

// matroska returns a file with one Segment.
func matroska(children ...string) []byte { return []byte(mkvHead + element(idSegment, children...)) }

func mkvFixtures(t testing.TB) map[string][]byte {
	files := fixtures(t, "mkv")
	maps.Copy(files, fixtures(t, "webm"))
	return files
}

// A segmentMap is what a Segment holds, and what it says about that.
type segmentMap struct {
	children  []ebmlElement
	seeks     map[uint32][]int64 // positions in the file
	cues      []int64
	positions map[int64]int64 // of Clusters
}

// mapped reads every child of the first Segment, without the code under test
// for positions.
func mapped(t testing.TB, b []byte) segmentMap {
	t.Helper()
	s := walk(t, Matroska, b).(*mkvFile).segments[0]
	m := segmentMap{seeks: map[uint32][]int64{}, positions: map[int64]int64{}}
	var visit func(e ebmlElement, at int64)
	visit = func(e ebmlElement, at int64) {
		data := b[e.body():e.end()]
		if len(data) > 6 && data[0] == idCRC && (e.id != idSimpleBlock) {
			require.Equal(t, crc32.ChecksumIEEE(data[6:]), binary.LittleEndian.Uint32(data[2:]), "CRC-32 of %X", e.id)
		}
		switch e.id {
		case idSeekHead, idCues, idCuePoint, idCuePositions, idCluster, idTags, idTag, idSimpleTag:
			for c, err := range ebmlElements(data, e.body()) {
				require.NoError(t, err)
				visit(c, e.offset)
			}
		case idSeek:
			id, pos, ok := parseSeek(data)
			require.True(t, ok)
			m.seeks[id] = append(m.seeks[id], s.body()+pos)
		case idCueCluster:
			m.cues = append(m.cues, s.body()+int64(readUint(data)))
		case idPosition:
			m.positions[at] = s.body() + int64(readUint(data))
		}
	}
	_, err := s.children(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}), new(Layout), false, func(e ebmlElement) error {
		m.children = append(m.children, e)
		visit(e, s.offset)
		return nil
	})
	require.NoError(t, err)
	return m
}

// consistent fails unless every position in the file is right.
func consistent(t testing.TB, b []byte) segmentMap {
	t.Helper()
	m := mapped(t, b)
	at := map[int64]uint32{}
	for _, e := range m.children {
		at[e.offset] = e.id
	}
	for id, seeks := range m.seeks {
		for _, pos := range seeks {
			require.Equal(t, fmt.Sprintf("%X", id), fmt.Sprintf("%X", at[pos]), "at %d", pos)
		}
	}
	for _, pos := range m.cues {
		require.EqualValues(t, idCluster, at[pos], "cue to %d", pos)
	}
	for cluster, pos := range m.positions {
		require.Equal(t, cluster, pos, "Position")
	}
	return m
}

// clusters returns where the first Cluster is.
func (m segmentMap) cluster() int64 {
	i := slices.IndexFunc(m.children, func(e ebmlElement) bool { return e.id == idCluster })
	return m.children[i].offset
}

func TestMatroskaRoundTrip(t *testing.T) {
	for name, b := range mkvFixtures(t) {
		t.Run(name, func(t *testing.T) {
			before := consistent(t, b)
			if strings.HasPrefix(name, "live") { // whole wherever an element ends
				truncations(t, Matroska, b, int(before.children[0].offset))
			} else {
				truncations(t, Matroska, b, len(b))
			}
			b = without(t, Matroska, b, Record)
			consistent(t, b)
			for _, value := range [][]byte{someRecord, longRecord, []byte(`{"名":"值"}`), bytes.Repeat(longRecord, 40)} {
				consistent(t, put(t, Matroska, b, Record, value))
				require.Less(t, guide(walk(t, Matroska, put(t, Matroska, b, Record, value)), Record).Ranges[0].Offset, consistent(t, put(t, Matroska, b, Record, value)).cluster())
			}
			roundTrip(t, Matroska, b, Record, someRecord, []byte(`{"Label":"2"}`), longRecord, []byte(`{"名":"值"}`))
		})
	}
}

// indexed returns a file of two Clusters with all kinds of positions. Between
// SeekHead and Clusters stands head.
func indexed(head string, positions bool) []byte {
	build := func(pos []int) (string, []int) {
		var at []int
		out := summed(idSeekHead, seekTo(idInfo, pos[0]), seekTo(idCues, pos[3]))
		put := func(s string) {
			at = append(at, len(out))
			out += s
		}
		cluster := func(pos int) string {
			if !positions {
				return element(idCluster, number(0xE7, 0), block)
			}
			return summed(idCluster, number(0xE7, 0), number(idPosition, pos), block)
		}
		put(element(idInfo, element(idTitle, "Title")) + head)
		put(cluster(pos[1]))
		put(cluster(pos[2]))
		put(summed(idCues, cueTo(pos[1]), cueTo(pos[2])))
		return out, at
	}
	pos := []int{1, 1, 1, 1}
	for range 5 {
		_, pos = build(pos)
	}
	out, _ := build(pos)
	return matroska(out)
}

func TestMatroskaVoidKeepsClusters(t *testing.T) {
	const entry = 20 // at most, in SeekHead
	tags := len(tagged(simpleTag("AIGC", string(someRecord))))
	for _, c := range []struct {
		name string
		head string
		kept bool
	}{
		{"fits", padding(tags + entry), true},
		{"larger", padding(1000), true},
		{"Void for each", padding(entry) + element(idTags+1, "x") + padding(tags), true},
		{"too small", padding(tags - 1), false},
		{"none", "", false},
	} {
		b := indexed(c.head, true)
		before := consistent(t, b)
		after := consistent(t, put(t, Matroska, b, Record, someRecord))
		require.Equal(t, c.kept, before.cluster() == after.cluster(), c.name)
		require.Equal(t, []int64{after.children[slices.IndexFunc(after.children, func(e ebmlElement) bool { return e.id == idTags })].offset}, after.seeks[idTags], c.name)
	}
	b := put(t, Matroska, indexed(padding(2000), true), Record, someRecord)
	at := consistent(t, b).cluster()
	for _, value := range []string{"{}", string(someRecord), `{"Label":"2"}`, string(longRecord)} {
		b = put(t, Matroska, b, Record, []byte(value))
		require.Equal(t, at, consistent(t, b).cluster(), "an update is made up for")
	}
	require.Equal(t, at, consistent(t, without(t, Matroska, b, Record)).cluster())
}

// Positions at each width, before and after the edit.
func TestMatroskaPositionsGrow(t *testing.T) {
	for _, size := range []int{0, 10, 100, 127, 200, 16_000, 65_000, 65_300} {
		for _, positions := range []bool{false, true} {
			b := indexed(element(0x1941A469, strings.Repeat("a", size)), positions)
			before := consistent(t, b)
			after := consistent(t, put(t, Matroska, b, Record, someRecord))
			require.Len(t, after.cues, 2)
			require.Less(t, before.cluster(), after.cluster())
			if positions && before.cluster() > 256+int64(len(mkvHead)) && size < 65_000 {
				require.Len(t, after.positions, 2, "%d", size)
			}
		}
	}
}

// A Position that outgrows its field goes, with the CRC-32 that covers it.
func TestMatroskaPositionBecomesVoid(t *testing.T) {
	b := indexed("", true)
	before := consistent(t, b)
	require.Len(t, before.positions, 2)
	out := put(t, Matroska, b, Record, longRecord)
	require.Empty(t, consistent(t, out).positions)
	require.Contains(t, string(out), "\xEC\x84")
	require.Contains(t, string(out), "\xEC\x81")
}

func TestMatroskaSegmentSizeGrows(t *testing.T) {
	media := element(idCluster, element(idSimpleBlock, strings.Repeat("m", 16_200)))
	b := matroska(media)
	require.EqualValues(t, 2, walk(t, Matroska, b).(*mkvFile).segments[0].header-4)
	out := put(t, Matroska, b, Record, longRecord)
	require.EqualValues(t, 3, walk(t, Matroska, out).(*mkvFile).segments[0].header-4)
}

func TestMatroskaSegmentChecksumBecomesVoid(t *testing.T) {
	b := []byte(mkvHead + summed(idSegment, element(idCluster, block)))
	out := put(t, Matroska, b, Record, someRecord)
	require.Contains(t, string(out), "\xEC\x84")
	require.NotContains(t, string(out), "\xBF\x84")
}

var mkvVariants = map[string][]byte{
	"before the Clusters":        matroska(tagged(simpleTag("AIGC", "{}")), element(idCluster, block)),
	"behind the Clusters":        matroska(element(idCluster, block), tagged(simpleTag("AIGC", "{}"))),
	"with a checksum":            matroska(summed(idTags, element(idTag, element(idTargets), simpleTag("AIGC", "{}"))), element(idCluster, block)),
	"with checksums inside":      matroska(element(idTags, summed(idTag, element(idTargets), simpleTag("AIGC", "{}"), simpleTag("A", "b"))), element(idCluster, block)),
	"without Targets":            matroska(element(idTags, element(idTag, simpleTag("AIGC", "{}"))), element(idCluster, block)),
	"of the movie":               matroska(element(idTags, element(idTag, element(idTargets, number(idTargetValue, 50), element(idTargetType, "MOVIE"), number(0x63C5, 0)), simpleTag("AIGC", "{}"))), element(idCluster, block)),
	"terminated":                 matroska(tagged(simpleTag("AIGC\x00", "{}\x00\x00")), element(idCluster, block)),
	"live":                       []byte(mkvHead + unsized(idSegment, element(idInfo), tagged(simpleTag("AIGC", "{}")), unsized(idCluster, number(0xE7, 0), block), unsized(idCluster, block))),
	"live, at the end":           []byte(mkvHead + unsized(idSegment, unsized(idCluster, block), unsized(idCluster, block), tagged(simpleTag("AIGC", "{}")))),
	"two Segments":               []byte(mkvHead + element(idSegment, element(idCluster, block)) + mkvHead + element(idSegment, element(idCluster, block), tagged(simpleTag("AIGC", "{}")))),
	"two live streams":           []byte(mkvHead + unsized(idSegment, unsized(idCluster, block)) + mkvHead + unsized(idSegment, unsized(idCluster, block), tagged(simpleTag("AIGC", "{}")))),
	"first live stream is empty": []byte(mkvHead + unsized(idSegment) + mkvHead + element(idSegment, tagged(simpleTag("AIGC", "{}")))), // found by fuzzing
	"garbage at the end":         append(matroska(element(idCluster, block), tagged(simpleTag("AIGC", "{}"))), "\x00\x00garbage"...),
	"no Cluster":                 matroska(tagged(simpleTag("AIGC", "{}"))),
	"SeekHead":                   matroska(seekingTags(0, 0)),
	"SeekHead is wrong":          matroska(seekingTags(1, 0)),
	"SeekHead too far":           matroska(seekingTags(1<<30, 0)),
	"SeekHead after that":        matroska(seekingTags(0, 1)),
}

// seekTags returns a SeekHead with one position, in 8 bytes.
func seekTags(pos int) string {
	return element(idSeekHead, element(idSeek, element(idSeekID, string(ebmlNumber(idTags, 1))), element(idSeekPosition, string(ebmlNumber(uint64(pos), 8)))))
}

// seekingTags has a SeekHead which is off by so much about the Tags behind the
// Clusters, and further tags behind them that no SeekHead knows.
func seekingTags(off, more int) string {
	clusters := strings.Repeat(element(idCluster, block), 10)
	return seekTags(len(seekTags(0)+clusters)+off) + clusters + tagged(simpleTag("AIGC", "{}")) + strings.Repeat(element(idVoid, "x"), more)
}

func TestMatroskaVariants(t *testing.T) {
	for name, b := range mkvVariants {
		t.Run(name, func(t *testing.T) {
			f := walk(t, Matroska, b)
			require.NoError(t, f.Summary().Damage)
			require.NotNil(t, guide(f, Record))
			require.Equal(t, "{}", string(guide(f, Record).Value))
			for _, value := range [][]byte{[]byte("[]"), someRecord, longRecord} {
				mapped(t, put(t, Matroska, b, Record, value))
			}
			roundTrip(t, Matroska, b, Record, someRecord, []byte(`{"Label":"2"}`), longRecord)
		})
	}
}

func TestMatroskaAlternatePlaces(t *testing.T) {
	track := element(idTargets, number(0x63C5, 7))
	b := matroska(
		element(idInfo, element(idTitle, "Title"), element(idMuxingApp, "mux"), element(idWritingApp, "write")),
		element(idTags,
			element(idTag, track, simpleTag("AIGC", "track")),
			element(idTag, element(idTargets, number(idTargetValue, 30)), simpleTag("AIGC", "part")),
			element(idTag, simpleTag("COMMENT", "text", simpleTag("AIGC", "nested"))),
			element(idTag, element(idSimpleTag, element(idTagName, "AIGC"), element(idTagBinary, "binary")), element(idSimpleTag, element(idTagName, "AIGC")))),
		element(idCluster, block))
	f := walk(t, Matroska, b)
	require.NoError(t, f.Summary().Damage)
	var got []string
	var changes []Change
	for i, s := range f.Summary().Slots {
		require.False(t, s.Guide)
		got = append(got, s.Place+"="+string(b[s.Ranges[0].Offset:][:s.Ranges[0].Length]))
		changes = append(changes, Change{Slot: &f.Summary().Slots[i], Value: []byte("another")})
	}
	require.Equal(t, []string{
		"Matroska Info Title=Title", "Matroska Info MuxingApp=mux", "Matroska Info WritingApp=write",
		"Matroska SimpleTag AIGC=track", "Matroska SimpleTag AIGC=part", "Matroska SimpleTag COMMENT=text",
		"Matroska nested SimpleTag AIGC=nested", "Matroska SimpleTag AIGC=binary",
	}, got)
	plan, err := f.Plan(changes)
	require.NoError(t, err)
	out := output(t, plan, b)
	require.Equal(t, len(got), strings.Count(string(out), "another"))
	for _, s := range walk(t, Matroska, out).Summary().Slots {
		require.Equal(t, "another", string(s.Value))
	}

	labelled := walk(t, Matroska, put(t, Matroska, without(t, Matroska, b, Record), Record, someRecord)).Summary()
	require.Len(t, labelled.Slots, 5)
	require.Equal(t, "COMMENT", labelled.Slots[3].Key)
	require.Equal(t, "AIGC", labelled.Slots[4].Key, "in the Tag of the whole file")

	for i := range changes {
		changes[i].Value = nil
	}
	plan, err = f.Plan(changes)
	require.NoError(t, err)
	after := walk(t, Matroska, output(t, plan, b)).Summary()
	require.NoError(t, after.Damage)
	require.Len(t, after.Slots, 2, "an Info must name its programs, if with no name")
	require.Empty(t, after.Slots[0].Value)
	_, err = f.Plan([]Change{{Kind: XMP, Value: someRecord}})
	require.ErrorIs(t, err, ErrNoPlace)
}

// The tags of tracks go with the record to the head of the file.
func TestMatroskaTagsMoveToTheHead(t *testing.T) {
	b := fixtures(t, "mkv")["mkvmerge.mkv"]
	before, after := walk(t, Matroska, b).Summary(), walk(t, Matroska, put(t, Matroska, b, Record, someRecord)).Summary()
	require.Len(t, after.Slots, len(before.Slots)+1)
	tags := func(l *Layout) (all []string) {
		for _, s := range l.Slots {
			if s.Kind == Text {
				all = append(all, s.Key+"="+string(s.Value))
			}
		}
		return all
	}
	require.Equal(t, tags(before), tags(after))
	require.Greater(t, before.Slots[len(before.Slots)-1].Ranges[0].Offset, int64(len(b)/2))
	require.Less(t, after.Slots[len(after.Slots)-1].Ranges[0].Offset, int64(len(b)/2))
}

func TestMatroskaDamage(t *testing.T) {
	label := tagged(simpleTag("AIGC", "{}"))
	for name, b := range map[string][]byte{
		"Segment cut":              []byte(mkvHead + string(ebmlNumber(idSegment, 1)) + "\x41\x00" + label + element(idCluster, block)),
		"Cluster past the Segment": matroska(label, "\x1F\x43\xB6\x75\x88x"),
		"cut in the last block":    []byte(mkvHead + unsized(idSegment, label, unsized(idCluster, "\xA3\x85abc"))),
		"no element":               matroska(label, "\x00\x00\x00"),
		"no element before Tags":   matroska(seekTags(len(seekTags(0))+3), "\x00\x00\x00", label),
		"Tags without size":        matroska(label, unsized(idTags, "")),
		"Tag past the Tags":        matroska(element(idTags, element(idTag, simpleTag("AIGC", "{}")), "\x73\x73\x8Fx")),
		"SimpleTag past the Tag":   matroska(element(idTags, element(idTag, simpleTag("AIGC", "{}"), "\x67\xC8\x8Fx"))),
		"value past the SimpleTag": matroska(label, element(idTags, element(idTag, element(idSimpleTag, element(idTagName, "AIGC"), "\x44\x87\x8Fx")))),
		"broken SeekHead":          matroska(element(idSeekHead, "\x4D\xBB\x8Fx"), label),
		"broken Info":              matroska(element(idInfo, "\x7B\xA9\x8Fx"), label),
		"Title of unknown size":    matroska(element(idInfo, "\x7B\xA9\xFFx"), label),
	} {
		f := walk(t, Matroska, b)
		require.Error(t, f.Summary().Damage, name)
		require.NotNil(t, guide(f, Record), "%s: hides the label", name)
		require.Equal(t, "{}", string(guide(f, Record).Value), name)
		require.Equal(t, 1, countKind(f, Record), name)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "no EBML": []byte("RIFF"), "no Segment": []byte(mkvHead), "half a header": []byte(mkvHead[:3]),
		"cut in the header": []byte(mkvHead[:len(mkvHead)-1]), "Void that is cut": []byte(mkvHead + "\xEC\x88x"),
	} {
		require.Error(t, walk(t, Matroska, b).Summary().Damage, name)
	}
	cluster := element(idCluster, block)
	hidden := cluster + element(idTags, "\x73\x73\x8Fx") + cluster
	for name, b := range map[string][]byte{
		"Cues that cannot follow":       matroska(cluster, element(idCues, "\xBB\x8Fx")),
		"Tags that a SeekHead left out": matroska(seekTags(len(seekTags(0)+hidden)), hidden, label),
	} {
		f := walk(t, Matroska, b)
		require.NoError(t, f.Summary().Damage, name)
		_, err := f.Plan([]Change{{Slot: guide(f, Record), Kind: Record, Value: someRecord}})
		require.ErrorAs(t, err, new(*FormatError), name)
	}
}

func TestMatroskaHostile(t *testing.T) {
	nested := ""
	for range 40 {
		nested = simpleTag("AIGC", "{}", nested)
	}
	require.NotEmpty(t, walk(t, Matroska, matroska(tagged(nested))).Summary().Limits)
	seeks := element(idSeekHead, strings.Repeat(seekTo(idTags, 1_000_000), 40_000))
	for name, b := range map[string][]byte{
		"Clusters": matroska(strings.Repeat("\x1F\x43\xB6\x75\x80", 200_000)),
		"targets":  []byte(mkvHead + unsized(idSegment, seeks, strings.Repeat("\x1F\x43\xB6\x75\x80", 100_000))),
		"tags":     matroska(tagged(strings.Repeat(simpleTag("A", ""), 100_000))),
		"Tags":     matroska(strings.Repeat(tagged(simpleTag("AIGC", "")), 50_000)),
		"Segments": []byte(mkvHead + strings.Repeat(element(idSegment), 100_000)),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, Matroska, b) })
	}
}

// A SeekHead saves the way from Cluster to Cluster.
func TestMatroskaJumps(t *testing.T) {
	clusters := strings.Repeat(element(idCluster, element(idSimpleBlock, strings.Repeat("m", 60_000))), 20)
	b := matroska(seekTags(len(seekTags(0)+clusters)), clusters, tagged(simpleTag("AIGC", "{}")))
	r := &countingReader{r: bytes.NewReader(b)}
	f, err := Matroska(NewSource(r, int64(len(b)), Limits{}))
	require.NoError(t, err)
	require.NotNil(t, guide(f, Record))
	require.LessOrEqual(t, r.calls, 4)
}

func TestEBMLDocType(t *testing.T) {
	for head, want := range map[string]string{
		mkvHead: "matroska", element(idEBML, element(idDocType, "webm\x00")): "webm", element(idEBML): "matroska",
		element(idEBML, element(0x4286, "\x01"), element(idDocType, "webm")): "webm", "": "", "\x1A\x45\xDF": "", "\x1A\x45\xDF\xA3": "", "RIFF": "",
	} {
		kind, ok, err := EBMLDocType(NewSource(strings.NewReader(head), int64(len(head)), Limits{}))
		require.NoError(t, err)
		require.Equal(t, want, kind)
		require.Equal(t, want != "", ok)
	}
}

func FuzzMatroska(f *testing.F) {
	for _, b := range mkvVariants {
		f.Add(b)
	}
	f.Add(indexed(padding(300), true))
	for _, b := range fixtures(f, "webm") {
		f.Add(b)
	}
	fuzz(f, "mkv", Matroska, Record, someRecord)
}
