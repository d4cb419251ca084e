package container

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// someRecord is a value as the record of a file.
var someRecord = []byte(`{"Label":"1","ContentProducer":"001191990099MA01ABCD5610001","ProduceID":"p-1"}`)

// fixtures returns the real files of a format, by name, from the module's testdata.
func fixtures(t testing.TB, format string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "metadata", "testdata", format, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, paths, "no fixtures for %s", format)
	files := map[string][]byte{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		require.NoError(t, err)
		files[filepath.Base(p)] = b
	}
	return files
}

// Programs that check us.
var tool, python, run = peer.Tool, peer.Python, peer.Run

// walk walks b, which must not fail for reasons of I/O.
func walk(t testing.TB, w Walk, b []byte) File {
	t.Helper()
	f, err := w(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
	require.NoError(t, err)
	return f
}

// sniffs checks whether documents are taken for one of a format.
func sniffs(t *testing.T, is func(*Source) (bool, error), documents map[string]bool) {
	t.Helper()
	for doc, want := range documents {
		got, err := is(NewSource(strings.NewReader(doc), int64(len(doc)), Limits{}))
		require.NoError(t, err)
		require.Equal(t, want, got, "%q", doc)
	}
}

// hang is longer than the walk of a megabyte takes on a slow machine under the race
// detector, and shorter than those whose cost is a product of two counts.
const hang = 20 * time.Second

// cheapWalk walks a hostile file, and checks what that costs.
func cheapWalk(t testing.TB, w Walk, b []byte) (f File) {
	t.Helper()
	cheap(t, b, func() { f = walk(t, w, b) })
	return f
}

// cheap checks what it costs to do something with a hostile file.
func cheap(t testing.TB, b []byte, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	do()
	require.Less(t, time.Since(start), hang*time.Duration(1+len(b)>>20))
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4*len(b)+16<<20), "bytes allocated")
}

// guide returns the slot of a kind in the format's own place, nil if there is none.
func guide(f File, kind Kind) *Slot {
	slots := f.Summary().Slots
	i := slices.IndexFunc(slots, func(s Slot) bool { return s.Kind == kind && s.Guide })
	if i < 0 {
		return nil
	}
	return &slots[i]
}

// put returns b with value in the guide's place for kind.
func put(t testing.TB, w Walk, b []byte, kind Kind, value []byte) []byte {
	t.Helper()
	f := walk(t, w, b)
	require.NoError(t, f.Summary().Damage)
	plan, err := f.Plan([]Change{{Slot: guide(f, kind), Kind: kind, Value: value}})
	require.NoError(t, err)
	return output(t, plan, b)
}

// output returns what the plan writes, after checking that bytes outside the
// edits are those of src and that random access agrees with the copy. Pages of
// Ogg may get other numbers.
func output(t testing.TB, plan *splice.Plan, src []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	_, err := plan.WriteTo(&out)
	require.NoError(t, err)
	virtual, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	require.True(t, bytes.Equal(virtual, out.Bytes()), "virtual output differs from the copy")
	same := bytes.Equal
	if bytes.HasPrefix(src, []byte(oggMagic)) {
		same = sameOggPages
	}
	pos := int64(0)
	check := func(end int64) {
		at, _ := plan.Map(pos)
		require.True(t, same(src[pos:end], virtual[at:at+end-pos]), "bytes %d to %d changed", pos, end)
	}
	edits := slices.Clone(plan.Edits())
	for _, s := range plan.Sequences() {
		for e, err := range s.Edits(s.Offset) {
			require.NoError(t, err)
			edits = append(edits, e)
		}
	}
	slices.SortStableFunc(edits, func(a, b splice.Edit) int { return cmp.Compare(a.Offset, b.Offset) })
	for _, e := range edits {
		if e.Offset > pos {
			check(e.Offset)
		}
		pos = e.Offset + e.Delete
	}
	if pos < int64(len(src)) {
		check(int64(len(src)))
	}
	return out.Bytes()
}

// roundTrip checks what every format owes: the value is read back from the
// guide's place, the same value again edits nothing, another value and another
// length replace it, and removing it leaves no trace of the value.
func roundTrip(t *testing.T, w Walk, b []byte, kind Kind, values ...[]byte) {
	t.Helper()
	b = remove(t, w, rewrite(t, w, b, kind, values...), kind)
	require.False(t, bytes.Contains(b, values[len(values)-1]), "the removed value is still in the file")
}

// rewrite is the first part of [roundTrip]: it returns b with the last value.
func rewrite(t *testing.T, w Walk, b []byte, kind Kind, values ...[]byte) []byte {
	t.Helper()
	for _, value := range values {
		b = put(t, w, b, kind, value)
		f := walk(t, w, b)
		require.NoError(t, f.Summary().Damage)
		slot := guide(f, kind)
		require.NotNil(t, slot)
		require.Equal(t, string(value), string(slot.Value))
		if slot.Encoding == "" {
			var raw []byte
			for _, r := range slot.Ranges {
				raw = append(raw, b[r.Offset:r.Offset+r.Length]...)
			}
			require.Equal(t, string(value), string(raw), "ranges do not hold the value")
		}
		require.Equal(t, 1, countKind(f, kind), "slots of the kind")
		again, err := f.Plan([]Change{{Slot: slot, Value: value}})
		require.NoError(t, err)
		require.Empty(t, again.Edits(), "the same value again")
	}
	return b
}

// remove returns b without its slot of a kind.
func remove(t *testing.T, w Walk, b []byte, kind Kind) []byte {
	t.Helper()
	f := walk(t, w, b)
	plan, err := f.Plan([]Change{{Slot: guide(f, kind)}})
	require.NoError(t, err)
	b = output(t, plan, b)
	require.NoError(t, walk(t, w, b).Summary().Damage)
	require.Zero(t, countKind(walk(t, w, b), kind))
	return b
}

func countKind(f File, kind Kind) (n int) {
	for _, s := range f.Summary().Slots {
		if s.Kind == kind {
			n++
		}
	}
	return n
}

// truncations walks b cut at every byte: never a panic or an I/O error, always
// damage until the last intact byte count of the file.
func truncations(t *testing.T, w Walk, b []byte, intact int) {
	t.Helper()
	for n := range intact {
		require.Error(t, walk(t, w, b[:n:n]).Summary().Damage, "cut at %d of %d", n, len(b))
	}
}

// fuzz walks arbitrary input, and writes into whatever walks clean.
func fuzz(f *testing.F, format string, w Walk, kind Kind, value []byte) {
	for _, b := range fixtures(f, format) {
		if len(b) <= 64<<10 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) { withstand(t, w, b, kind, value) })
}

// withstand walks b, whatever it is, and writes into it if it walks clean.
func withstand(t *testing.T, w Walk, b []byte, kind Kind, value []byte) {
	file := walk(t, w, b)
	for _, s := range file.Summary().Slots {
		for _, r := range s.Ranges {
			require.True(t, r.Offset >= 0 && r.Length >= 0 && r.Length <= int64(len(b))-r.Offset, "slot outside the file: %v", s)
		}
	}
	if file.Summary().Damage != nil || len(file.Summary().Limits) > 0 {
		return
	}
	plan, err := file.Plan([]Change{{Slot: guide(file, kind), Kind: kind, Value: value}})
	if err != nil {
		return
	}
	out := walk(t, w, output(t, plan, b))
	require.NoError(t, out.Summary().Damage)
	require.NotNil(t, guide(out, kind))
	require.Equal(t, string(value), string(guide(out, kind).Value))
}

// A countingReader counts what is read from r.
type countingReader struct {
	r            io.ReaderAt
	calls, bytes int
}

func (c *countingReader) ReadAt(b []byte, off int64) (int, error) {
	c.calls++
	c.bytes += len(b)
	return c.r.ReadAt(b, off)
}
