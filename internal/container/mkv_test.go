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
			m.cues = append(m.cues, s.body()+int64(ebmlUint(data)))
		case idPosition:
			m.positions[at] = s.body() + int64(ebmlUint(data))
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
