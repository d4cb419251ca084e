package metadata

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	producer   = "001191990099MA01ABCD561TEST" // of no fixture
	propagator = "001191990099MA01ABCD5620001"
)

var example = Record{Label: Generated, ContentProducer: producer, ProduceID: "example-0001"}

// A fixture is a real file of a format, made by a real tool.
type fixture struct {
	format Format
	name   string
	data   []byte
}

// fixtures returns every file in testdata, each with the format that its name
// promises, and fails for a format without one.
func fixtures(t testing.TB) []fixture {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*", "*"))
	require.NoError(t, err)
	var all []fixture
	for format := range Formats() {
		before := len(all)
		for _, p := range paths {
			if !slices.Contains(format.Extensions, filepath.Ext(p)) {
				continue
			}
			b, err := os.ReadFile(p)
			require.NoError(t, err)
			all = append(all, fixture{format, filepath.Base(p), b})
		}
		require.Less(t, before, len(all), "no fixture for %s", format.Name)
	}
	return all
}

// unwritable lists the fixtures that cannot be written, and why.
var unwritable = map[string]error{"array.json": ErrNoPlace, "toml.md": ErrNoPlace, "utf16.xml": ErrNoPlace, "xmind8.xmind": ErrNoPlace, "utf16.md": ErrNoPlace}

// each runs a test for every fixture that can be written.
func each(t *testing.T, test func(t *testing.T, f fixture)) {
	for _, f := range fixtures(t) {
		r, err := Read(Bytes(f.data, f.name), nil)
		require.NoError(t, err)
		if f.format.Write == "" || r.Encrypted || unwritable[f.name] != nil {
			continue
		}
		t.Run(f.format.Name+"/"+f.name, func(t *testing.T) { test(t, f) })
	}
}

// write writes rec over whatever record the file has.
func write(t testing.TB, f fixture, rec Record, opts *WriteOptions) ([]byte, Receipt) {
	t.Helper()
	var out bytes.Buffer
	receipt, err := Write(&out, Bytes(f.data, f.name), rec, opts)
	require.NoError(t, err)
	require.EqualValues(t, out.Len(), receipt.Size)
	return out.Bytes(), receipt
}

// read reads b, which must be whole.
func read(t testing.TB, f fixture, b []byte) *Reading {
	t.Helper()
	r, err := Read(Bytes(b, f.name), nil)
	require.NoError(t, err)
	require.NoError(t, r.Damage)
	require.Empty(t, r.Limits)
	return r
}

func records(r *Reading) (all []Site) {
	for _, s := range r.Sites {
		if s.Scheme == AIGC {
			all = append(all, s)
		}
	}
	return all
}

func TestDetect(t *testing.T) {
	for _, f := range fixtures(t) {
		format, err := Detect(Bytes(f.data, f.name))
		require.NoError(t, err, f.name)
		require.Equal(t, f.format.Name, format.Name, f.name)
	}
	for _, junk := range []string{"", "\x00\x01\x02", "\x7fELF\x02\x01\x01", "RIFF\x04\x00\x00\x00JUNK", "PK\x03\x04"} {
		_, err := Detect(Bytes([]byte(junk), ""))
		require.ErrorIs(t, err, ErrUnknownFormat, "%q", junk)
	}
}

func TestWriteIsReadBack(t *testing.T) {
	each(t, func(t *testing.T, f fixture) {
		before := read(t, f, f.data)
		out, receipt := write(t, f, example, &WriteOptions{Replace: true})
		after := read(t, f, out)
		want := example
		want.ContentPropagator, want.PropagateID = want.ContentProducer, want.ProduceID
		require.True(t, after.Record.Equal(want), "%+v", after.Record)
		require.NoError(t, after.Record.Validate())
		require.Len(t, records(after), 1)
		require.Equal(t, records(after)[0].Place, receipt.Place)
		require.True(t, receipt.Changed)
		require.Equal(t, before.Texts, after.Texts, "other texts of the file")
	})
}

func TestWriteAgainChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, f fixture) {
		once, _ := write(t, f, example, &WriteOptions{Replace: true})
		f.data = once
		for _, rec := range []Record{example, {Label: Generated, ContentProducer: producer}} {
			twice, receipt := write(t, f, rec, nil)
			require.False(t, receipt.Changed)
			require.Equal(t, example.ProduceID, receipt.Record.ProduceID)
			require.True(t, bytes.Equal(once, twice))
		}
	})
}

func TestWriteUpdatesOwnRecord(t *testing.T) {
	each(t, func(t *testing.T, f fixture) {
		f.data, _ = write(t, f, example, &WriteOptions{Replace: true})
		longer := example
		longer.ProduceID = "example-0002-" + string(bytes.Repeat([]byte("x"), 700))
		longer.ReservedCode1 = `a"quoted"value<&>`
		for _, rec := range []Record{longer, example} {
			var receipt Receipt
			f.data, receipt = write(t, f, rec, nil)
			after := read(t, f, f.data)
			require.Len(t, records(after), 1)
			require.Equal(t, rec.ProduceID, after.Record.ProduceID)
			require.Equal(t, rec.ProduceID, after.Record.PropagateID, "the pair follows the number")
			require.Equal(t, rec.ReservedCode1, after.Record.ReservedCode1)
			require.NotNil(t, receipt.Previous)
		}
	})
}

func TestWriteRefusesOthersRecord(t *testing.T) {
	each(t, func(t *testing.T, f fixture) {
		f.data, _ = write(t, f, example, &WriteOptions{Replace: true})
		var out bytes.Buffer
		other := Record{Label: Generated, ContentProducer: "doubao", ProduceID: "2"}
		_, err := Write(&out, Bytes(f.data, f.name), other, nil)
		require.ErrorIs(t, err, ErrLabelled)
		require.Zero(t, out.Len())
		replaced, _ := write(t, f, other, &WriteOptions{Replace: true})
		after := read(t, f, replaced)
		require.Len(t, records(after), 1)
		require.Equal(t, "doubao", after.Record.ContentProducer)
	})
}

func TestPropagate(t *testing.T) {
	each(t, func(t *testing.T, f fixture) {
		f.data, _ = write(t, f, example, &WriteOptions{Replace: true})
		var out bytes.Buffer
		p := Propagation{Propagator: propagator, ID: "post-7", ReservedCode2: "r2"}
		receipt, err := Propagate(&out, Bytes(f.data, f.name), p, nil)
		require.NoError(t, err)
		require.Equal(t, producer, receipt.Previous.ContentPropagator)
		after := read(t, f, out.Bytes())
		want := example
		want.ContentPropagator, want.PropagateID, want.ReservedCode2 = propagator, "post-7", "r2"
		require.True(t, after.Record.Equal(want), "%+v", after.Record)
		require.Len(t, records(after), 1)

		var again bytes.Buffer
		receipt, err = Propagate(&again, Bytes(out.Bytes(), f.name), Propagation{Propagator: propagator}, nil)
		require.NoError(t, err)
		require.False(t, receipt.Changed)
		require.True(t, bytes.Equal(out.Bytes(), again.Bytes()))
	})
}

func TestPropagateUnlabelled(t *testing.T) {
	each(t, func(t *testing.T, f fixture) {
		if read(t, f, f.data).Record != nil {
			t.Skip("the fixture carries a record")
		}
		var out bytes.Buffer
		_, err := Propagate(&out, Bytes(f.data, f.name), Propagation{Propagator: propagator}, nil)
		require.ErrorIs(t, err, ErrUnlabelled)
		require.Zero(t, out.Len())
		for _, found := range []State{Generated, Possible, Suspected} {
			out.Reset()
			_, err = Propagate(&out, Bytes(f.data, f.name), Propagation{Propagator: propagator, ID: "post-8", Label: found}, nil)
			require.NoError(t, err)
			after := read(t, f, out.Bytes())
			require.True(t, after.Record.Equal(Record{Label: found, ContentPropagator: propagator, PropagateID: "post-8"}))
			require.NoError(t, after.Record.Validate())
		}
	})
}

// TestReadDamaged cuts labelled files in many places: never a panic, never an
// untyped error, and nothing is written from them. The walks of package
// container are cut at every byte.
func TestReadDamaged(t *testing.T) {
	each(t, func(t *testing.T, f fixture) {
		f.data, _ = write(t, f, example, &WriteOptions{Replace: true})
		for n := 0; n < len(f.data); n += 1 + len(f.data)/200 {
			cut := f.data[:n:n]
			r, err := Read(Bytes(cut, f.name), nil)
			if err != nil {
				require.ErrorIs(t, err, ErrUnknownFormat)
				continue
			}
			if r.Damage != nil {
				require.IsType(t, &FormatError{}, r.Damage)
				var out bytes.Buffer
				_, err := Write(&out, Bytes(cut, f.name), example, nil)
				require.Error(t, err)
				require.Zero(t, out.Len())
			}
		}
	})
}

// TestLabelSurvivesCut cuts the last byte of labelled files: the label is still
// read, and the damage is said.
func TestLabelSurvivesCut(t *testing.T) {
	each(t, func(t *testing.T, f fixture) {
		f.data, _ = write(t, f, example, &WriteOptions{Replace: true})
		r, err := Read(Bytes(f.data[:len(f.data)-1], f.name), nil)
		require.NoError(t, err)
		require.NotNil(t, r.Record)
		require.Equal(t, example.ProduceID, r.Record.ProduceID)
		open := []string{"aac", "ass", "html", "markdown", "mp3", "pdf", "vtt"} // formats whose last byte says nothing
		text := f.data[len(f.data)-1] == '\n'                                   // nor does a line break
		streamed := strings.HasPrefix(f.name, "streamed.")
		if !slices.Contains(open, f.format.Name) && !text && !streamed {
			require.Error(t, r.Damage)
		}
	})
}

// TestLabelSurvivesCutMedia cuts files in the media, behind the label: the label
// is still read, and the damage is said.
func TestLabelSurvivesCutMedia(t *testing.T) {
	for _, f := range largeFiles(t) {
		t.Run(f.name, func(t *testing.T) {
			src := labelledLarge(t, f)
			r, err := Read(src, nil)
			require.NoError(t, err)
			media := src.Size - mebibyte/4
			if r.Record == nil || r.Sites[r.recordSite()].Offset > media || strings.HasPrefix(f.name, "long.") {
				t.Skip("the label is at the end, or a cut cannot be seen")
			}
			src.Size = media
			r, err = Read(src, nil)
			require.NoError(t, err)
			require.Equal(t, example.ProduceID, r.Record.ProduceID)
			require.Error(t, r.Damage)
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, f := range fixtures(t) {
		want := unwritable[f.name]
		if f.format.Write == "" {
			want = ErrNoPlace
		} else if r, _ := Read(Bytes(f.data, f.name), nil); r.Encrypted {
			want = ErrEncrypted
		}
		if want == nil {
			continue
		}
		var out bytes.Buffer
		_, err := Write(&out, Bytes(f.data, f.name), example, nil)
		require.ErrorIs(t, err, want, f.name)
		require.Zero(t, out.Len())
	}
}
