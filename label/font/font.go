// Package font holds the typeface of the visible notices: ASCII, Latin-1 and
// the Chinese, Japanese and Korean characters of the common wordings.
//
// The font is a renamed subset of Noto Sans CJK SC, © 2014-2021 Adobe, under the
// SIL Open Font License 1.1 (OFL.txt beside it), not under the licence of this
// module. The characters are listed in glyphs.txt.
package font

import _ "embed"

//go:generate sh build.sh NotoSansCJK-Regular.ttc

// OTF is the font file: OpenType with CFF outlines. It must not be changed.
//
//go:embed label.otf
var OTF []byte

// License is the text of the font's licence, to be shown where programs show
// the licences of their parts.
//
//go:embed OFL.txt
var License string
