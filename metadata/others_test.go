package metadata

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
)

// othersRecord is a record as other tools write it.
const othersRecord = `{"Label":"1","ContentProducer":"001191990099MA01ABCD561PEER","ProduceID":"peer-1","ReservedCode1":"","ContentPropagator":"","PropagateID":"","ReservedCode2":""}`

// A labeller puts a value under the key AIGC into the file in, and lets out be
// the result.
type labeller func(t *testing.T, in, out, value string)

// ffmpeg copies the streams, and sets a tag of the file.
func ffmpeg(options ...string) labeller {
	return func(t *testing.T, in, out, value string) {
		args := append([]string{"-v", "error", "-i", in, "-map", "0", "-c", "copy", "-metadata", "AIGC=" + value}, options...)
		peer.Run(t, peer.Tool(t, "ffmpeg"), append(args, out)...)
	}
}

// tc260Config lets ExifTool write the record's property.
const tc260Config = `
%Image::ExifTool::UserDefined::TC260 = (GROUPS => {0 => 'XMP', 1 => 'XMP-TC260', 2 => 'Image'},
  NAMESPACE => {'TC260' => 'http://www.tc260.org.cn/ns/AIGC/1.0/'}, WRITABLE => 'string', AIGC => {});
%Image::ExifTool::UserDefined = ('Image::ExifTool::XMP::Main' => {
  TC260 => {SubDirectory => {TagTable => 'Image::ExifTool::UserDefined::TC260'}}});
1;
`

// exiftool sets a tag.
func exiftool(tag string) labeller {
	return func(t *testing.T, in, out, value string) {
		config := filepath.Join(t.TempDir(), "config")
		require.NoError(t, os.WriteFile(config, []byte(tc260Config), 0o600))
		peer.Run(t, peer.Tool(t, "exiftool"), "-config", config, "-m", "-q", "-"+tag+"="+value, "-o", out, in)
	}
}

// script runs Python with a module; sys.argv[1:] is in, out and value.
func script(module, code string) labeller {
	return func(t *testing.T, in, out, value string) {
		peer.Run(t, peer.Python(t, module), "-c", "import sys, shutil\nsrc, dst, value = sys.argv[1:]\n"+code, in, out, value)
	}
}

// mutagen sets a tag of a copy.
func mutagen(code string) labeller {
	return script("mutagen", "import mutagen, mutagen.id3, mutagen.mp4, mutagen.apev2\nshutil.copy(src, dst)\n"+code)
}

const (
	mutagenTXXX    = "f = mutagen.File(dst)\nf.tags is None and f.add_tags()\nf.tags.add(mutagen.id3.TXXX(encoding=3, desc='AIGC', text=[value]))\nf.save()"
	mutagenComment = "f = mutagen.File(dst)\nf.tags is None and f.add_tags()\nf['AIGC'] = value\nf.save()"
	mutagenAtom    = "f = mutagen.File(dst)\nf['----:com.apple.iTunes:AIGC'] = [value.encode()]\nf.save()"
	mutagenAPE     = "f = mutagen.apev2.APEv2()\nf['AIGC'] = value\nf.save(dst)"

	pillowPNG = "from PIL import Image, PngImagePlugin\ninfo = PngImagePlugin.PngInfo()\n%s\nImage.open(src).save(dst, pnginfo=info)"
	pillowXMP = "from PIL import Image\npacket = '<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">" +
		"<rdf:Description rdf:about=\"\" xmlns:TC260=\"" + spaceTC260 + "\"><TC260:AIGC>' + value + '</TC260:AIGC></rdf:Description></rdf:RDF></x:xmpmeta>'\n" +
		"Image.open(src).save(dst, xmp=packet.encode())"
	openpyxl = "import openpyxl\nb = openpyxl.load_workbook(src)\nb.properties.description = value\nb.save(dst)"
	docx     = "import docx\nd = docx.Document(src)\nd.core_properties.comments = value\nd.save(dst)"
)

func pillow(add string) labeller { return script("PIL", strings.Replace(pillowPNG, "%s", add, 1)) }

// mkvpropedit sets the tags of the whole file.
func mkvpropedit(t *testing.T, in, out, value string) {
	copied(t, in, out)
	tags := filepath.Join(t.TempDir(), "tags.xml")
	xml := "<Tags><Tag><Simple><Name>AIGC</Name><String>" + escapeXML.Replace(value) + "</String></Simple></Tag></Tags>"
	require.NoError(t, os.WriteFile(tags, []byte(xml), 0o600))
	peer.Run(t, peer.Tool(t, "mkvpropedit"), "-q", out, "--tags", "global:"+tags)
}

func metaflac(t *testing.T, in, out, value string) {
	copied(t, in, out)
	peer.Run(t, peer.Tool(t, "metaflac"), "--set-tag=AIGC="+value, out)
}

func vorbiscomment(t *testing.T, in, out, value string) {
	peer.Run(t, peer.Tool(t, "vorbiscomment"), "-w", "-t", "AIGC="+value, in, out)
}

// ghostscript distils a PDF anew, with one more entry in the information dictionary.
func ghostscript(t *testing.T, in, out, value string) {
	mark := "[ /AIGC (" + value + ") /DOCINFO pdfmark"
	peer.Run(t, peer.Tool(t, "gs"), "-q", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", "-sOutputFile="+out, in, "-c", mark)
}

func copied(t *testing.T, in, out string) {
	b, err := os.ReadFile(in)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(out, b, 0o600))
}

// othersLabels are files, and how other tools label them.
var othersLabels = []struct {
	name, fixture string
	label         labeller
}{
	{"ffmpeg", "mp4/faststart.mp4", ffmpeg("-movflags", "use_metadata_tags")},
	{"ffmpeg fragmented", "mp4/faststart.mp4", ffmpeg("-movflags", "use_metadata_tags+frag_keyframe+empty_moov")},
	{"ffmpeg", "mov/plain.mov", ffmpeg("-movflags", "use_metadata_tags")},
	{"ffmpeg", "m4a/tagged.m4a", ffmpeg("-movflags", "use_metadata_tags")},
	{"ffmpeg", "mkv/cues-first.mkv", ffmpeg()},
	{"ffmpeg", "webm/live.webm", ffmpeg()},
	{"ffmpeg", "flv/ffmpeg.flv", ffmpeg()},
	{"ffmpeg", "mp3/stereo.mp3", ffmpeg()},
	{"ffmpeg id3v2.3", "mp3/stereo.mp3", ffmpeg("-id3v2_version", "3")},
	{"ffmpeg APE", "mp3/stereo.mp3", ffmpeg("-write_apetag", "1", "-write_id3v2", "0", "-f", "mp3")},
	{"ffmpeg", "flac/bare.flac", ffmpeg()},
	{"ffmpeg", "ogg/chained.ogg", ffmpeg()},
	{"ffmpeg", "opus/opusenc.opus", ffmpeg("-map", "-0:v")},
	{"mutagen", "mp3/stereo.mp3", mutagen(mutagenTXXX)},
	{"mutagen APE", "mp3/stereo.mp3", mutagen(mutagenAPE)},
	{"mutagen", "wav/plain.wav", mutagen(mutagenTXXX)},
	{"mutagen", "m4a/tagged.m4a", mutagen(mutagenAtom)},
	{"mutagen", "mp4/faststart.mp4", mutagen(mutagenAtom)},
	{"mutagen", "flac/bare.flac", mutagen(mutagenComment)},
	{"mutagen", "opus/opusenc.opus", mutagen(mutagenComment)},
	{"ffmpeg", "wma/ffmpeg.wma", ffmpeg()},
	{"mutagen", "wma/ffmpeg.wma", mutagen(mutagenComment)},
	{"ffmpeg", "caf/tagged.caf", ffmpeg()},
	{"mutagen", "aiff/sox.aiff", mutagen(mutagenTXXX)},
	{"metaflac", "flac/bare.flac", metaflac},
	{"vorbiscomment", "ogg/oggenc.ogg", vorbiscomment},
	{"mkvpropedit", "mkv/cues-first.mkv", mkvpropedit},
	{"exiftool", "png/rgb.png", exiftool("XMP-TC260:AIGC")},
	{"exiftool", "jpeg/baseline.jpg", exiftool("XMP-TC260:AIGC")},
	{"exiftool UserComment", "jpeg/baseline.jpg", exiftool("UserComment")},
	{"Pillow XMP", "webp/lossy.webp", script("PIL", pillowXMP)},
	{"exiftool", "gif/ffmpeg.gif", exiftool("XMP-TC260:AIGC")},
	{"exiftool comment", "gif/ffmpeg.gif", exiftool("Comment")},
	{"exiftool", "tiff/tiled.tif", exiftool("XMP-TC260:AIGC")},
	{"exiftool", "tiff/big-endian.tif", exiftool("XMP-TC260:AIGC")},
	{"exiftool", "tiff/small.dng", exiftool("XMP-TC260:AIGC")},
	{"exiftool", "heic/plain.heic", exiftool("XMP-TC260:AIGC")},
	{"exiftool", "avif/libheif.avif", exiftool("XMP-TC260:AIGC")},
	{"exiftool", "jxl/container.jxl", exiftool("XMP-TC260:AIGC")},
	{"exiftool", "jp2/plain.jp2", exiftool("XMP-TC260:AIGC")},
	{"exiftool", "mp4/faststart.mp4", exiftool("XMP-TC260:AIGC")},
	{"exiftool", "pdf/writer.pdf", exiftool("XMP-TC260:AIGC")},
	{"Pillow tEXt", "png/rgb.png", pillow("info.add_text('AIGC', value)")},
	{"Pillow zTXt", "png/rgb.png", pillow("info.add_text('AIGC', value, zip=True)")},
	{"Pillow iTXt", "png/rgb.png", pillow("info.add_itxt('AIGC', value, 'zh', 'AIGC', zip=True)")},
	{"openpyxl", "xlsx/openpyxl.xlsx", script("openpyxl", openpyxl)},
	{"python-docx", "docx/python-docx.docx", script("docx", docx)},
	{"ghostscript", "pdf/writer.pdf", ghostscript},
}

// TestOthersLabelsAreRead reads the labels of other tools, and has their producer
// replace them: one record stays.
func TestOthersLabelsAreRead(t *testing.T) {
	for _, o := range othersLabels {
		t.Run(o.fixture+" by "+o.name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "out"+filepath.Ext(o.fixture))
			o.label(t, filepath.Join("testdata", filepath.FromSlash(o.fixture)), out, othersRecord)
			b, err := os.ReadFile(out)
			require.NoError(t, err)
			r, err := Read(Bytes(b, out), nil)
			require.NoError(t, err)
			require.NoError(t, r.Damage)
			require.NotNil(t, r.Record)
			want, err := ParseRecord([]byte(othersRecord))
			require.NoError(t, err)
			require.True(t, r.Record.Equal(want), "%+v", r.Record)
			require.Empty(t, r.Record.oddities)

			var ours bytes.Buffer
			again := want
			again.ProduceID = "peer-2"
			_, err = Write(&ours, Bytes(b, out), again, nil)
			require.NoError(t, err)
			r, err = Read(Bytes(ours.Bytes(), out), nil)
			require.NoError(t, err)
			require.Len(t, records(r), 1)
			require.Equal(t, "peer-2", r.Record.ProduceID)
		})
	}
}
