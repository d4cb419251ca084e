package label

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An opening is the start of a text of which it is not yet known whether it is a
// notice: so much is held back, a few characters of most texts, and never more
// than the line of a notice.
type opening struct {
	own  string // a notice besides those that are known
	held []byte
	seen int  // how much of it was looked at
	is   bool // it is a notice
}

const bom = "\uFEFF"

// settled reports whether what is held shows if it is a notice. It looks at one
// character after the other and no further than it must, so that it does not
// matter in which pieces they come.
func (o *opening) settled() bool {
	for o.seen < len(o.held) {
		c, n := utf8.DecodeRune(o.held[o.seen:])
		if c == utf8.RuneError && !utf8.FullRune(o.held[o.seen:]) {
			return false
		}
		o.seen += n
		_, text := o.split(o.seen)
		line := strings.TrimLeftFunc(text, unicode.IsSpace)
		switch {
		case line == "":
		case c == '\n' || closesNotice(line, o.own):
			o.is = opensWithNotice(line, o.own)
			return true
		case !couldBeNotice(line, o.own):
			return true
		}
		if o.seen >= longLine {
			return true
		}
	}
	return false
}

// split returns the byte order mark and the text behind it of the first n bytes
// that are held.
func (o *opening) split(n int) (mark, text string) {
	text, marked := strings.CutPrefix(string(o.held[:n]), bom)
	if marked {
		mark = bom
	}
	return mark, text
}

// closesNotice reports whether brackets at the start of the line hold a notice.
func closesNotice(line, own string) bool {
	if !brackets[leading].MatchString(line) {
		return false
	}
	_, there := recognise(line, own, leading)
	return there
}

// couldBeNotice reports whether a line that begins so may turn out to be a notice.
// It errs to false for unusual ones.
func couldBeNotice(line, own string) bool {
	words := strings.TrimLeft(line, "[(（【「 ")
	if strings.HasPrefix(own, words) || couldBeOurs(words) {
		return true
	}
	return utf8.RuneCountInString(line) <= longNotice && !strings.ContainsAny(line, "?？") && isFamiliar(line)
}

// couldBeOurs reports whether a line is the start of the standard wordings.
func couldBeOurs(line string) bool {
	parts := strings.Split(line, between)
	last := strings.TrimRight(parts[len(parts)-1], " ·")
	begins := func(own string) bool { return len(last) <= len(own) && strings.EqualFold(own[:len(last)], last) }
	known := func(w wordings) bool {
		return slices.ContainsFunc(w.text[:], begins) || slices.ContainsFunc(w.picture[:], begins)
	}
	return slices.ContainsFunc(languages, known) && (len(parts) == 1 || isOurs(strings.Join(parts[:len(parts)-1], between)))
}

// isFamiliar reports whether a line has only words and characters of notices: see
// [isNotice]. Its last word may go on, and a name may stand behind "by".
func isFamiliar(line string) bool {
	word, named := "", false
	for _, c := range line {
		if c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c) || c == '.') {
			word += string(unicode.ToLower(c))
			continue
		}
		if unicode.IsLetter(c) && !strings.ContainsRune(noticeHan, c) {
			return false
		}
		if word = strings.Trim(word, "."); word != "" && !named && !slices.Contains(making, word) && !slices.Contains(passing, word) {
			return false
		}
		named = named || slices.Contains([]string{"by", "with", "using", "from"}, word)
		word = ""
	}
	goesOn := func(known string) bool { return strings.HasPrefix(known, strings.Trim(word, ".")) }
	return named || slices.ContainsFunc(making, goesOn) || slices.ContainsFunc(passing, goesOn)
}

// noticeHan are the Chinese characters of notices.
var noticeHan = strings.Map(func(c rune) rune {
	if unicode.Is(unicode.Han, c) {
		return c
	}
	return -1
}, chineseNotice.String()+chinesePassing.String())
