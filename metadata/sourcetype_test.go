package metadata

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// property returns the value of an IPTC property of a file, "" for none.
func property(t *testing.T, b []byte, name string) string {
	t.Helper()
	r, err := Read(Bytes(b, ""), nil)
	require.NoError(t, err)
	for _, s := range r.Sites {
		if s.prop.Space == spaceIPTC && s.prop.Name == name {
			return s.Value
		}
	}
	return ""
}

func TestSourceTypeIsWritten(t *testing.T) {
	for _, f := range []string{"png/rgb.png", "png/tagged.png", "jpeg/baseline.jpg", "pdf/ghostscript.pdf"} {
		t.Run(f, func(t *testing.T) {
			src := fixture{data: testdata(t, f)}
			out, receipt := write(t, src, example, &WriteOptions{System: System{"Painter", "2.1"}})
			require.Equal(t, trainedAlgorithmicMedia, property(t, out, "DigitalSourceType"))
			require.Equal(t, "Painter", property(t, out, "AISystemUsed"))
			require.Equal(t, "2.1", property(t, out, "AISystemVersionUsed"))
			require.Equal(t, trainedAlgorithmicMedia, receipt.SourceType)

			again, receipt := write(t, fixture{data: out}, example, nil)
			require.False(t, receipt.Changed)
			require.True(t, bytes.Equal(out, again))
		})
	}
}

func TestSourceTypeIsLeftOut(t *testing.T) {
	src := fixture{data: testdata(t, "png/rgb.png")}
	out, receipt := write(t, src, example, &WriteOptions{OmitSourceType: true})
	require.Empty(t, property(t, out, "DigitalSourceType"))
	require.Empty(t, receipt.SourceType)
	possible := example
	possible.Label = Possible
	out, _ = write(t, src, possible, nil)
	require.Empty(t, property(t, out, "DigitalSourceType"), "only Label 1 says generated")
	out, _ = write(t, fixture{data: testdata(t, "mp4/faststart.mp4")}, example, nil)
	require.Empty(t, property(t, out, "DigitalSourceType"), "no XMP in the file")
}

func TestSourceTypeIsNotOverwritten(t *testing.T) {
	e, err := newEditor(Bytes(testdata(t, "png/rgb.png"), ""), nil)
	require.NoError(t, err)
	const camera = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
	require.NoError(t, e.setProperty(spaceIPTC, "Iptc4xmpExt", "DigitalSourceType", camera))
	plan, err := e.reading.file.Plan(e.changes)
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = plan.WriteTo(&b)
	require.NoError(t, err)
	out, _ := write(t, fixture{data: b.Bytes()}, example, nil)
	require.Equal(t, camera, property(t, out, "DigitalSourceType"))
}
