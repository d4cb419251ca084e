package metadata

import (
	"bytes"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A Family is a kind of content, as the rules speak of it.
type Family string

// The families of GB 45438-2025 clause 5.
const (
	Image    Family = "image"
	Audio    Family = "audio"
	Video    Family = "video"
	Document Family = "document"
)

// A Format is one line of the capability table: what files of one kind carry,
// and who says so.
type Format struct {
	Name       string   `json:"name"`       // lower case: "png"
	Family     Family   `json:"family"`     //
	MIME       []string `json:"mime"`       // media types, the preferred one first
	Extensions []string `json:"extensions"` // with the dot, the preferred one first
	Write      string   `json:"write"`      // where the record goes; "" if there is no place
	Read       []string `json:"read"`       // where else records are read
	Rule       string   `json:"rule"`       // the guide that names the place, or "our choice"
	// Credentials is where a C2PA manifest store is, "" if there is no place for one.
	Credentials string `json:"credentials"`

	walk  container.Walk
	sniff func(src *container.Source, name string) (bool, error)
	place place

	instead string // the way out where there is no place
}

// A place is how a format keeps its record.
type place int

const (
	noPlace  place = iota
	jsonSlot       // JSON in a slot of its own
	yamlSlot       // a YAML entry
	inXMP          // the TC260:AIGC property of the XMP packet
)

// The rules that name the places.
const (
	ourChoice  = "our choice"
	guideVideo = "TC260-PG-20257A"
	guideText  = "TC260-PG-20258A"
	guideImage = "TC260-PG-20259A"
	guideAudio = "TC260-PG-202510A"

	noHonestPlace = "no honest place"
)

// formats is the registry, in the order in which content is tried. A new format
// is one file in internal/container and one line here.
var formats = []Format{
	{Name: "png", Family: Image, MIME: []string{"image/png", "image/apng"}, Extensions: []string{".png", ".apng"},
		Write: "iTXt XML:com.adobe.xmp, property TC260:AIGC", Read: []string{"tEXt, zTXt, iTXt AIGC", "eXIf UserComment", "texts with a JSON record"},
		Rule: guideImage, Credentials: "caBX", walk: container.PNG, sniff: magic("\x89PNG\r\n\x1a\n"), place: inXMP},
	{Name: "jpeg", Family: Image, MIME: []string{"image/jpeg"}, Extensions: []string{".jpg", ".jpeg", ".jfif"},
		Write: "APP1 XMP, property TC260:AIGC", Read: []string{"APP1 Exif UserComment", "extended XMP", "APPn AIGC{...}"},
		Rule: guideImage, Credentials: "APP11 JUMBF", walk: container.JPEG, sniff: magic("\xff\xd8\xff"), place: inXMP},
	{Name: "webp", Family: Image, MIME: []string{"image/webp"}, Extensions: []string{".webp"},
		Write: "chunk XMP, property TC260:AIGC", Read: []string{"EXIF UserComment", "chunk AIGC"},
		Rule: guideImage, Credentials: "chunk C2PA", walk: container.WebP, sniff: riff("WEBP"), place: inXMP},
	{Name: "gif", Family: Image, MIME: []string{"image/gif"}, Extensions: []string{".gif"},
		Write: "application extension XMP Data, property TC260:AIGC", Read: []string{"comments with a JSON record", "application extension AIGC"},
		Rule: guideImage, Credentials: "application extension C2PA_GIF", walk: container.GIF, sniff: magic("GIF87a", "GIF89a"), place: inXMP},
	{Name: "tiff", Family: Image, MIME: []string{"image/tiff", "image/x-adobe-dng"}, Extensions: []string{".tif", ".tiff", ".dng"},
		Write: "IFD0 tag 700 (XMP), property TC260:AIGC", Read: []string{"XMP of further pages and SubIFDs", "Exif UserComment", "texts of IFD0 with a JSON record"},
		Rule: guideImage, Credentials: "tag 52545", walk: container.TIFF, sniff: magic("II*\x00", "MM\x00*", "II+\x00", "MM\x00+"), place: inXMP},
	{Name: "heic", Family: Image, MIME: []string{"image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"}, Extensions: []string{".heic", ".heif", ".hif"},
		Write: heifPlace, Read: []string{"Exif item UserComment", "uuid XMP", "items that describe other pictures"},
		Rule: guideImage, Credentials: "uuid", walk: container.HEIF, sniff: branded("heic"), place: inXMP},
	{Name: "avif", Family: Image, MIME: []string{"image/avif", "image/avif-sequence"}, Extensions: []string{".avif", ".avifs"},
		Write: heifPlace, Read: []string{"Exif item UserComment", "uuid XMP", "items that describe other pictures"},
		Rule: ourChoice, Credentials: "uuid", walk: container.HEIF, sniff: branded("avif"), place: inXMP},
	{Name: "jxl", Family: Image, MIME: []string{"image/jxl"}, Extensions: []string{".jxl"},
		Write: "xml box, property TC260:AIGC; a bare codestream is wrapped", Read: []string{"Exif box UserComment"},
		Rule: ourChoice, Credentials: "jumb", walk: container.JXL, sniff: anyName(container.IsJXL), place: inXMP},
	{Name: "jp2", Family: Image, MIME: []string{"image/jp2", "image/jpx", "image/jph"}, Extensions: []string{".jp2", ".jpx", ".jpf", ".jph"},
		Write: "uuid box with XMP, property TC260:AIGC", Read: []string{"uuid Exif UserComment", "xml box with XMP"},
		Rule: ourChoice, Credentials: "uuid", walk: container.JP2, sniff: branded("jp2"), place: inXMP},
	{Name: "psd", Family: Image, MIME: []string{"image/vnd.adobe.photoshop"}, Extensions: []string{".psd", ".psb"},
		Read: []string{"resource 1060 XMP", "resources 1058, 1059 Exif UserComment"}, Rule: ourChoice,
		instead: "label the picture that you export from it: PNG, TIFF or JPEG", walk: container.PSD, sniff: magic("8BPS\x00\x01", "8BPS\x00\x02")},
	{Name: "bmp", Family: Image, MIME: []string{"image/bmp", "image/x-ms-bmp"}, Extensions: []string{".bmp", ".dib"},
		Read: []string{}, Rule: noHonestPlace, instead: "convert it to PNG", walk: container.Bare, sniff: anyName(container.IsBMP)},
	{Name: "svg", Family: Image, MIME: []string{"image/svg+xml"}, Extensions: []string{".svg"},
		Write: "XMP in metadata, property TC260:AIGC", Read: []string{"further packets", "title and desc with a JSON record"},
		Rule: ourChoice, Credentials: "metadata c2pa:manifest", walk: container.SVG, sniff: anyName(container.IsSVG), place: inXMP},
	{Name: "mp4", Family: Video, MIME: []string{"video/mp4", "video/x-m4v", "video/3gpp"}, Extensions: []string{".mp4", ".m4v", ".3gp"},
		Write: bmffPlace, Read: []string{"moov/udta/meta (mdir) items", "uuid XMP"},
		Rule: guideVideo, Credentials: "uuid", walk: container.BMFF, sniff: branded("mp4"), place: jsonSlot},
	{Name: "mov", Family: Video, MIME: []string{"video/quicktime"}, Extensions: []string{".mov", ".qt"},
		Write: bmffPlace, Read: []string{"moov/udta/meta (mdir) items", "moov/udta/XMP_, uuid XMP"},
		Rule: guideVideo, Credentials: "uuid", walk: container.BMFF, sniff: branded("mov"), place: jsonSlot},
	{Name: "mkv", Family: Video, MIME: []string{"video/x-matroska", "audio/x-matroska"}, Extensions: []string{".mkv", ".mka", ".mks"},
		Write: mkvPlace, Read: []string{"SimpleTags of tracks and chapters, nested SimpleTags", "Info Title with a JSON record"},
		Rule: guideVideo, walk: container.Matroska, sniff: docType("matroska"), place: jsonSlot},
	{Name: "webm", Family: Video, MIME: []string{"video/webm", "audio/webm"}, Extensions: []string{".webm"},
		Write: mkvPlace, Read: []string{"SimpleTags of tracks and chapters, nested SimpleTags", "Info Title with a JSON record"},
		Rule: guideVideo, walk: container.Matroska, sniff: docType("webm"), place: jsonSlot},
	{Name: "flv", Family: Video, MIME: []string{"video/x-flv"}, Extensions: []string{".flv"},
		Write: "script tag onMetaData, property AIGC", Read: []string{"further script tags", "objects in them", "onXMPData"},
		Rule: guideVideo, walk: container.FLV, sniff: magic("FLV\x01"), place: jsonSlot},
	{Name: "avi", Family: Video, MIME: []string{"video/vnd.avi", "video/x-msvideo"}, Extensions: []string{".avi"},
		Write: "LIST/INFO AIGC before the media", Read: []string{"chunk AIGC", "_PMX XMP"},
		Rule: guideVideo, Credentials: "chunk C2PA", walk: container.AVI, sniff: riff("AVI "), place: jsonSlot},
	{Name: "wmv", Family: Video, MIME: []string{"video/x-ms-wmv", "video/x-ms-asf"}, Extensions: []string{".wmv", ".asf"},
		Write: asfPlace, Read: asfRead, Rule: ourChoice, walk: container.ASF, sniff: asf(true), place: jsonSlot},
	{Name: "m4a", Family: Audio, MIME: []string{"audio/mp4", "audio/x-m4a"}, Extensions: []string{".m4a", ".m4b"},
		Write: bmffPlace, Read: []string{"moov/udta/meta (mdir) items", "uuid XMP"},
		Rule: guideAudio, Credentials: "uuid", walk: container.BMFF, sniff: branded("m4a"), place: jsonSlot},
	{Name: "wav", Family: Audio, MIME: []string{"audio/wav", "audio/vnd.wave", "audio/x-wav"}, Extensions: []string{".wav", ".rf64", ".bwf"},
		Write: "chunk AIGC before data", Read: []string{"LIST/INFO AIGC", "id3 TXXX AIGC", "_PMX XMP"},
		Rule: guideAudio, Credentials: "chunk C2PA", walk: container.WAV, sniff: riff("WAVE"), place: jsonSlot},
	{Name: "flac", Family: Audio, MIME: []string{"audio/flac", "audio/x-flac"}, Extensions: []string{".flac"},
		Write: "VORBIS_COMMENT entry AIGC", Read: []string{"further entries with AIGC in their key", "ID3v2 TXXX AIGC"},
		Rule: guideAudio, Credentials: "APPLICATION c2pa, ID3v2 GEOB", walk: container.FLAC, sniff: anyName(container.IsFLAC), place: jsonSlot},
	{Name: "opus", Family: Audio, MIME: []string{"audio/opus", "audio/ogg; codecs=opus"}, Extensions: []string{".opus"},
		Write: oggPlace, Read: []string{oggOthers}, Rule: guideAudio, Credentials: "C2PA stream", walk: container.Ogg, sniff: oggCodec("Opus"), place: jsonSlot},
	{Name: "ogv", Family: Video, MIME: []string{"video/ogg"}, Extensions: []string{".ogv"},
		Write: oggPlace, Read: []string{oggOthers}, Rule: ourChoice, Credentials: "C2PA stream", walk: container.Ogg, sniff: oggCodec("Theora", "VP8"), place: jsonSlot},
	{Name: "ogg", Family: Audio, MIME: []string{"audio/ogg", "application/ogg"}, Extensions: []string{".ogg", ".oga", ".spx"},
		Write: oggPlace, Read: []string{oggOthers}, Rule: guideAudio, Credentials: "C2PA stream", walk: container.Ogg, sniff: oggCodec("Vorbis", "Speex", "FLAC", ""), place: jsonSlot},
	{Name: "aiff", Family: Audio, MIME: []string{"audio/aiff", "audio/x-aiff"}, Extensions: []string{".aiff", ".aif", ".aifc"},
		Write: "chunk ID3, TXXX AIGC, before the sound", Read: []string{"further ID3 chunks", "chunk AIGC", "PRIV XMP, APPL XMP"},
		Rule: ourChoice, Credentials: "ID3v2 GEOB", walk: container.AIFF, sniff: riff("AIFF", "AIFC"), place: jsonSlot},
	{Name: "caf", Family: Audio, MIME: []string{"audio/x-caf"}, Extensions: []string{".caf"},
		Write: "info chunk before the sound, key AIGC", Read: []string{"further keys with AIGC in their name"},
		Rule: ourChoice, walk: container.CAF, sniff: magic("caff"), place: jsonSlot},
	{Name: "wma", Family: Audio, MIME: []string{"audio/x-ms-wma"}, Extensions: []string{".wma"},
		Write: asfPlace, Read: asfRead, Rule: ourChoice, walk: container.ASF, sniff: asf(false), place: jsonSlot},
	{Name: "aac", Family: Audio, MIME: []string{"audio/aac", "audio/aacp"}, Extensions: []string{".aac", ".adts"},
		Write: "ID3v2 TXXX AIGC", Read: []string{"further ID3v2 tags", "APEv2 AIGC", "PRIV XMP"},
		Rule: ourChoice, Credentials: "ID3v2 GEOB", walk: container.AAC, sniff: anyName(container.IsAAC), place: jsonSlot},
	{Name: "mp3", Family: Audio, MIME: []string{"audio/mpeg", "audio/mp3"}, Extensions: []string{".mp3", ".mp2"},
		Write: "ID3v2 TXXX AIGC", Read: []string{"further ID3v2 tags", "APEv2 AIGC", "PRIV XMP"},
		Rule: guideAudio, Credentials: "ID3v2 GEOB", walk: container.MP3, sniff: anyName(container.IsMP3), place: jsonSlot},
	{Name: "amr", Family: Audio, MIME: []string{"audio/amr", "audio/amr-wb"}, Extensions: []string{".amr", ".awb"},
		Read: []string{}, Rule: noHonestPlace, instead: "put it into MP4: ffmpeg -i in.amr -c copy out.3gp", walk: container.Bare, sniff: magic("#!AMR")},
	{Name: "midi", Family: Audio, MIME: []string{"audio/midi", "audio/x-midi"}, Extensions: []string{".mid", ".midi"},
		Read: []string{}, Rule: noHonestPlace, instead: "label the sound that is made from it", walk: container.Bare, sniff: magic("MThd\x00\x00\x00\x06")},
	{Name: "mpegts", Family: Video, MIME: []string{"video/mp2t"}, Extensions: []string{".ts", ".m2ts", ".mts"},
		Read: []string{}, Rule: noHonestPlace, instead: "put it into MP4 or Matroska: ffmpeg -i in.ts -c copy out.mp4", walk: container.Bare, sniff: anyName(container.IsMPEGTS)},
	{Name: "mpeg", Family: Video, MIME: []string{"video/mpeg"}, Extensions: []string{".mpg", ".mpeg", ".vob"},
		Read: []string{}, Rule: noHonestPlace, instead: "put it into Matroska: ffmpeg -fflags +genpts -i in.mpg -c copy out.mkv", walk: container.Bare, sniff: magic("\x00\x00\x01\xba", "\x00\x00\x01\xb3")},
	{Name: "pdf", Family: Document, MIME: []string{"application/pdf"}, Extensions: []string{".pdf"},
		Write: "Info dictionary /AIGC", Read: []string{"Info and catalog keys with AIGC in their name", "XMP metadata stream"},
		Rule: guideText, Credentials: "file C2PA_Manifest", walk: container.PDF, sniff: anyName(container.IsPDF), place: jsonSlot},
	{Name: "docx", Family: Document, MIME: []string{ooxmlType + "wordprocessingml.document"}, Extensions: []string{".docx", ".docm", ".dotx"},
		Write: ooxmlPlace, Read: []string{"core and extended properties with a JSON record"}, Rule: guideText, Credentials: "META-INF/content_credential.c2pa", walk: container.OOXML, sniff: zipped("docx"), place: jsonSlot},
	{Name: "xlsx", Family: Document, MIME: []string{ooxmlType + "spreadsheetml.sheet"}, Extensions: []string{".xlsx", ".xlsm", ".xltx"},
		Write: ooxmlPlace, Read: []string{"core and extended properties with a JSON record"}, Rule: guideText, Credentials: "META-INF/content_credential.c2pa", walk: container.OOXML, sniff: zipped("xlsx"), place: jsonSlot},
	{Name: "pptx", Family: Document, MIME: []string{ooxmlType + "presentationml.presentation"}, Extensions: []string{".pptx", ".pptm", ".potx"},
		Write: ooxmlPlace, Read: []string{"core and extended properties with a JSON record"}, Rule: guideText, Credentials: "META-INF/content_credential.c2pa", walk: container.OOXML, sniff: zipped("pptx"), place: jsonSlot},
	{Name: "odt", Family: Document, MIME: []string{odfType + "text"}, Extensions: []string{".odt", ".ott"},
		Write: odfPlace, Read: odfRead, Rule: ourChoice, Credentials: "META-INF/content_credential.c2pa", walk: container.ODF, sniff: zipped("mimetype:" + odfType + "text"), place: jsonSlot},
	{Name: "ods", Family: Document, MIME: []string{odfType + "spreadsheet"}, Extensions: []string{".ods", ".ots"},
		Write: odfPlace, Read: odfRead, Rule: ourChoice, Credentials: "META-INF/content_credential.c2pa", walk: container.ODF, sniff: zipped("mimetype:" + odfType + "spreadsheet"), place: jsonSlot},
	{Name: "odp", Family: Document, MIME: []string{odfType + "presentation"}, Extensions: []string{".odp", ".otp"},
		Write: odfPlace, Read: odfRead, Rule: ourChoice, Credentials: "META-INF/content_credential.c2pa", walk: container.ODF, sniff: zipped("mimetype:" + odfType + "presentation"), place: jsonSlot},
	{Name: "epub", Family: Document, MIME: []string{"application/epub+zip"}, Extensions: []string{".epub"},
		Write: "package document, metadata TC260:AIGC; AIGC in EPUB 2", Read: []string{"metadata with AIGC in their name or a JSON record"},
		Rule: ourChoice, Credentials: "META-INF/content_credential.c2pa", walk: container.EPUB, sniff: zipped("mimetype:application/epub+zip"), place: jsonSlot},
	{Name: "xmind", Family: Document, MIME: []string{"application/vnd.xmind.workbook"}, Extensions: []string{".xmind"},
		Write: "metadata.json, member AIGC", Read: []string{"further members AIGC"},
		Rule: ourChoice, walk: container.XMind, sniff: zipped("xmind"), place: jsonSlot},
	{Name: "rtf", Family: Document, MIME: []string{"application/rtf", "text/rtf"}, Extensions: []string{".rtf"},
		Write: "custom property AIGC", Read: []string{"custom properties with AIGC in their name", "document properties with a JSON record"},
		Rule: ourChoice, walk: container.RTF, sniff: magic("{\\rtf"), place: jsonSlot},
	{Name: "markdown", Family: Document, MIME: []string{"text/markdown"}, Extensions: []string{".md", ".markdown"},
		Write: "YAML front matter, entry AIGC", Read: []string{"further front matters", "an AIGC block at the end"},
		Rule: guideText, Credentials: textCarriers, walk: container.Markdown, sniff: isMarkdown, place: yamlSlot},
	{Name: "html", Family: Document, MIME: []string{"text/html", "application/xhtml+xml"}, Extensions: []string{".html", ".htm", ".xhtml", ".xht"},
		Write: "meta element AIGC in the head", Read: []string{"meta elements with AIGC in their name or a JSON record"},
		Rule: ourChoice, Credentials: "script or link", walk: container.HTML, sniff: isHTML, place: jsonSlot},
	{Name: "xml", Family: Document, MIME: []string{"application/xml", "text/xml"}, Extensions: []string{".xml", ".rss", ".atom"},
		Write: "processing instruction AIGC in the prolog", Read: []string{"further processing instructions before the root"},
		Rule: ourChoice, walk: container.XML, sniff: isXML, place: jsonSlot},
	{Name: "json", Family: Document, MIME: []string{"application/json"}, Extensions: []string{".json", ".geojson", ".webmanifest"},
		Write: "first member AIGC of the object", Read: []string{"further members AIGC"},
		Rule: ourChoice, walk: container.JSON, sniff: isJSON("json", ".json", ".geojson", ".webmanifest"), place: jsonSlot},
	{Name: "jsonl", Family: Document, MIME: []string{"application/jsonl", "application/x-ndjson"}, Extensions: []string{".jsonl", ".ndjson"},
		Write: "first member AIGC of the first line's object", Read: []string{"further members AIGC of that object"},
		Rule: ourChoice, walk: container.JSONLines, sniff: isJSON("jsonl", ".jsonl", ".ndjson"), place: jsonSlot},
	{Name: "ipynb", Family: Document, MIME: []string{"application/x-ipynb+json"}, Extensions: []string{".ipynb"},
		Write: "first member AIGC of the notebook's metadata", Read: []string{"members AIGC of the notebook"},
		Rule: ourChoice, walk: container.Jupyter, sniff: isJSON("ipynb", ".ipynb"), place: jsonSlot},
	{Name: "vtt", Family: Document, MIME: []string{"text/vtt"}, Extensions: []string{".vtt"},
		Write: "comment NOTE AIGC after the header", Read: []string{"further comments in the first 32 KiB"},
		Rule: ourChoice, walk: container.WebVTT, sniff: anyName(container.IsWebVTT), place: jsonSlot},
	{Name: "ass", Family: Document, MIME: []string{"text/x-ssa", "text/x-ass"}, Extensions: []string{".ass", ".ssa"},
		Write: "line AIGC of [Script Info]", Read: []string{"further lines AIGC"},
		Rule: ourChoice, walk: container.ASS, sniff: anyName(container.IsASS), place: jsonSlot},
	{Name: "srt", Family: Document, MIME: []string{"application/x-subrip"}, Extensions: []string{".srt"},
		Read: []string{}, Rule: ourChoice + " (notice only)", instead: "convert it to WebVTT or ASS", walk: container.Bare, sniff: named(".srt")},
	{Name: "csv", Family: Document, MIME: []string{"text/csv", "text/tab-separated-values"}, Extensions: []string{".csv", ".tsv"},
		Read: []string{}, Rule: noHonestPlace, instead: "convert it to XLSX, ODS or JSON", walk: container.Bare, sniff: named(".csv", ".tsv")},
	{Name: "text", Family: Document, MIME: []string{"text/plain"}, Extensions: []string{".txt"},
		Read: []string{}, Rule: "GB 45438-2025 clause 5.1 (notice only)", Credentials: textCarriers, walk: container.Plain, sniff: isPlainText},
	{Name: "c2pa", Family: Document, MIME: []string{"application/c2pa"}, Extensions: []string{".c2pa"},
		Read: []string{}, Rule: noHonestPlace, instead: "label the file that it belongs to", Credentials: "the file", walk: container.Sidecar, sniff: anyName(container.IsSidecar)},
}

const (
	ooxmlType    = "application/vnd.openxmlformats-officedocument."
	ooxmlPlace   = "docProps/custom.xml, property AIGC"
	heifPlace    = "XMP item of the primary item, property TC260:AIGC"
	mkvPlace     = "Segment.Tags.Tag.SimpleTag AIGC before the first Cluster"
	odfType      = "application/vnd.oasis.opendocument."
	odfPlace     = "meta.xml, user-defined property AIGC"
	oggPlace     = "comment header of the first stream, entry AIGC"
	oggOthers    = "comment headers of other streams and links"
	textCarriers = "variation selectors at the end, block C2PA MANIFEST"
	asfPlace     = "Extended Content Description, descriptor AIGC"
	bmffPlace    = "moov/udta/meta key AIGC, or moov/meta where that has the keys"
)

var odfRead = []string{"user-defined properties with AIGC in their name", "properties with a JSON record"}

var asfRead = []string{"further descriptors with AIGC in their name"}

// Formats yields the capability table.
func Formats() iter.Seq[Format] { return slices.Values(formats) }

// Detect returns the format of src. Content decides; the name only tells
// Markdown from plain text. It fails with [ErrUnknownFormat], which for an
// encrypted Office document is also [ErrEncrypted], or an I/O error. It is safe
// for concurrent use.
func Detect(src Source) (Format, error) {
	s := container.NewSource(src.R, src.Size, container.Limits{})
	defer s.Release()
	return detect(s, src.Name)
}

func detect(src *container.Source, name string) (Format, error) {
	for _, f := range formats {
		ok, err := f.sniff(src, name)
		if err != nil {
			return Format{}, fmt.Errorf("metadata: %w", err)
		}
		if ok {
			return f, nil
		}
	}
	if head, _ := src.Head(2); string(head) == "\x1f\x8b" {
		return Format{}, fmt.Errorf("%w; gzip: decompress the file first", ErrUnknownFormat)
	}
	if container.CFB(src) {
		return Format{}, fmt.Errorf("%w (Office document); %w", ErrEncrypted, ErrUnknownFormat)
	}
	return Format{}, ErrUnknownFormat
}

// magic sniffs the first bytes.
func magic(prefixes ...string) func(*container.Source, string) (bool, error) {
	return func(src *container.Source, _ string) (bool, error) {
		head, err := src.Head(16)
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(string(head), p) }), err
	}
}

// anyName sniffs content alone.
func anyName(is func(*container.Source) (bool, error)) func(*container.Source, string) (bool, error) {
	return func(src *container.Source, _ string) (bool, error) { return is(src) }
}

// brands names the formats of the major brands of files of boxes, "" for those
// that are none of ours. All other brands are mp4's.
var brands = map[string]string{
	"qt  ": "mov", "M4A ": "m4a", "M4B ": "m4a", "M4P ": "m4a",
	"heic": "heic", "heix": "heic", "heim": "heic", "heis": "heic", "hevc": "heic", "hevx": "heic", "hevm": "heic", "hevs": "heic",
	"mif1": "heic", "msf1": "heic", "avci": "heic", "avcs": "heic", "jpeg": "heic", "jpgs": "heic",
	"avif": "avif", "avis": "avif",
	"jxl ": "jxl", "jp2 ": "jp2", "jpx ": "jp2", "jph ": "jp2", "jpm ": "", "mjp2": "", "crx ": "",
}

// branded sniffs the major brand of a file of boxes.
func branded(want string) func(*container.Source, string) (bool, error) {
	return func(src *container.Source, _ string) (bool, error) {
		major, ok, err := container.BMFFBrand(src)
		if !ok || err != nil {
			return false, err
		}
		format, known := brands[major]
		return format == want || !known && want == "mp4", nil
	}
}

// docType sniffs what an EBML file holds.
func docType(want string) func(*container.Source, string) (bool, error) {
	return func(src *container.Source, _ string) (bool, error) {
		kind, ok, err := container.EBMLDocType(src)
		return ok && kind == want, err
	}
}

// oggCodec sniffs Ogg files by codec.
func oggCodec(want ...string) func(*container.Source, string) (bool, error) {
	return func(src *container.Source, _ string) (bool, error) {
		codec, ok, err := container.OggCodec(src)
		return ok && slices.Contains(want, codec), err
	}
}

// riff sniffs a RIFF form type.
func riff(want ...string) func(*container.Source, string) (bool, error) {
	return func(src *container.Source, _ string) (bool, error) {
		form, ok, err := container.RIFFForm(src)
		return ok && slices.Contains(want, form), err
	}
}

// asf sniffs ASF files with or without video.
func asf(want bool) func(*container.Source, string) (bool, error) {
	return func(src *container.Source, _ string) (bool, error) {
		video, ok, err := container.ASFKind(src)
		return ok && video == want, err
	}
}

// zipped sniffs what a ZIP archive holds. A template is of the type of its documents.
func zipped(want string) func(*container.Source, string) (bool, error) {
	return func(src *container.Source, _ string) (bool, error) {
		if head, err := src.Head(2); err != nil || string(head) != "PK" {
			return false, err
		}
		kind, err := container.ZIPKind(src)
		return strings.TrimSuffix(kind, "-template") == want, err
	}
}

// isMarkdown goes by the name, and without one by front matter.
func isMarkdown(src *container.Source, name string) (bool, error) {
	if path.Ext(name) != "" {
		return named(".md", ".markdown", ".mdown", ".mkd", ".mdx")(src, name)
	}
	head, err := src.Head(8)
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	if err != nil || !bytes.HasPrefix(head, []byte("---\n")) && !bytes.HasPrefix(head, []byte("---\r\n")) {
		return false, err
	}
	return container.IsText(src)
}

// isHTML goes by content, and for a fragment by the name.
func isHTML(src *container.Source, name string) (bool, error) {
	if ok, err := container.IsHTML(src); ok || err != nil {
		return ok, err
	}
	return named(".html", ".htm", ".xhtml", ".xht")(src, name)
}

// isXML goes by the declaration, and for a document without one by the name.
func isXML(src *container.Source, name string) (bool, error) {
	named, err := named(".xml", ".rss", ".atom")(src, name)
	if err != nil {
		return false, err
	}
	return container.IsXML(src, named)
}

// isJSON goes by the name, and without one by the head of the content.
func isJSON(kind string, extensions ...string) func(*container.Source, string) (bool, error) {
	return func(src *container.Source, name string) (bool, error) {
		if path.Ext(name) != "" {
			return named(extensions...)(src, name)
		}
		got, err := container.JSONKind(src)
		return got == kind, err
	}
}

// isPlainText goes by content, and with a name that says so is less strict: text
// in a rare encoding is text.
func isPlainText(src *container.Source, name string) (bool, error) {
	if ok, err := named(".txt", ".text")(src, name); ok || err != nil {
		return ok, err
	}
	if src.Size() == 0 {
		return false, nil
	}
	return container.IsText(src)
}

// named sniffs text whose name has one of the extensions.
func named(extensions ...string) func(*container.Source, string) (bool, error) {
	return func(src *container.Source, name string) (bool, error) {
		if !slices.Contains(extensions, strings.ToLower(path.Ext(name))) {
			return false, nil
		}
		head, err := src.Head(container.HeadSize)
		if err != nil || !bytes.Contains(head, []byte{0}) {
			return err == nil, err
		}
		return container.IsText(src)
	}
}
