package label

import "github.com/aigclabel/aigclabel/metadata"

// A finder returns the notices in the text of a file: ours, and the common ones of
// others. The error is [ErrEncoding], a *[metadata.LimitError], or that of a read.
type finder func(metadata.Source) ([]textNotice, error)

// finders are the formats whose texts are searched for notices.
var finders = map[string]finder{
	"ass":      findInSubtitles("ass"),
	"docx":     findInDocument("docx"),
	"epub":     findInEPUB,
	"csv":      findInText,
	"html":     findHTMLNotices,
	"markdown": findInMarkdown,
	"odp":      findInDocument("odp"),
	"ods":      findInDocument("ods"),
	"odt":      findInDocument("odt"),
	"pdf":      findPDFNotices,
	"pptx":     findInDocument("pptx"),
	"srt":      findInSubtitles("srt"),
	"text":     findInText,
	"vtt":      findInSubtitles("vtt"),
	"xlsx":     findInDocument("xlsx"),
}

func findInText(src metadata.Source) ([]textNotice, error) {
	return findTextNotices(src.R, src.Size, false)
}

func findInMarkdown(src metadata.Source) ([]textNotice, error) {
	return findTextNotices(src.R, src.Size, true)
}
