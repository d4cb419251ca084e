package metadata

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// xmpChunk is an XMP packet with these properties.
func xmpChunk(properties string) []byte {
	open := strings.Replace(rdfOpen, "<rdf:Description>",
		`<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:Iptc4xmpExt="`+spaceIPTC+`">`, 1)
	return pngChunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+open+properties+rdfClose)
}

// TestStatements reads every scheme in the places where it occurs.
func TestStatements(t *testing.T) {
	const (
		record  = `{"Label":"1","ContentProducer":"p","ProduceID":"1"}`
		wrapped = `{"AIGC": ` + record + `}`
		older   = `{"ServiceProvider":"s","ServiceUser":"u","Time":"2025","ContentId":"c"}`
	)
	idat := pngChunk("IDAT", "x")
	tests := []struct {
		name   string
		chunks [][]byte
		scheme Scheme
		place  string
	}{
		{"property", [][]byte{xmpChunk("<TC260:AIGC>" + record + "</TC260:AIGC>")}, AIGC, "PNG iTXt XML:com.adobe.xmp TC260:AIGC"},
		{"user comment in XMP", [][]byte{xmpChunk("<exif:UserComment><rdf:Alt><rdf:li xml:lang='x-default'>" + wrapped + "</rdf:li></rdf:Alt></exif:UserComment>")},
			AIGC, "PNG iTXt XML:com.adobe.xmp UserComment"},
		{"keyword", [][]byte{pngChunk("tEXt", "AIGC\x00"+record)}, AIGC, "PNG tEXt AIGC"},
		{"description", [][]byte{pngChunk("tEXt", "Description\x00"+wrapped)}, AIGC, "PNG tEXt Description"},
		{"word before the object", [][]byte{pngChunk("tEXt", "Comment\x00AIGC"+record)}, AIGC, "PNG tEXt Comment"},
		{"behind the picture", [][]byte{idat, xmpChunk("<TC260:AIGC>" + record + "</TC260:AIGC>")}, AIGC, "PNG iTXt XML:com.adobe.xmp TC260:AIGC"},
		{"text behind the picture", [][]byte{idat, pngChunk("tEXt", "AIGC\x00"+record)}, AIGC, "PNG tEXt AIGC"},
		{"older object", [][]byte{pngChunk("tEXt", "Description\x00"+older)}, ServiceProvider, "PNG tEXt Description"},
		{"older object under AIGC", [][]byte{pngChunk("tEXt", "AIGC\x00"+older)}, ServiceProvider, "PNG tEXt AIGC"},
		{"source type", [][]byte{xmpChunk("<Iptc4xmpExt:DigitalSourceType>x</Iptc4xmpExt:DigitalSourceType>")}, IPTC, "PNG iTXt XML:com.adobe.xmp DigitalSourceType"},
		{"system", [][]byte{xmpChunk("<Iptc4xmpExt:AISystemUsed>x</Iptc4xmpExt:AISystemUsed>")}, IPTCAI, "PNG iTXt XML:com.adobe.xmp AISystemUsed"},
		{"prompt", [][]byte{xmpChunk("<Iptc4xmpExt:AIPromptInformation>x</Iptc4xmpExt:AIPromptInformation>")}, IPTCAI, "PNG iTXt XML:com.adobe.xmp AIPromptInformation"},
		{"manifest store", [][]byte{pngChunk("caBX", "\x00\x00\x00\x10jumb\x00\x00\x00\x08jumd")}, C2PA, "PNG caBX"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := Read(Bytes(hostilePNG(test.chunks...), ""), nil)
			require.NoError(t, err)
			require.NoError(t, r.Damage)
			require.Len(t, r.Sites, 1, "%+v", r.Texts)
			require.Equal(t, test.scheme, r.Sites[0].Scheme)
			require.Equal(t, test.place, r.Sites[0].Place)
			require.Equal(t, test.scheme == AIGC, r.Record != nil)
		})
	}
}
