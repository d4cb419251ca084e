package label

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// A side is the end of a line at which brackets may hold a notice.
type side int

const (
	leading side = iota
	trailing
)

// brackets matches what brackets hold at the start and at the end of a line.
var brackets = [...]*regexp.Regexp{
	leading:  regexp.MustCompile(`^[\[(（【「]([^\[\]()（）【】「」]+)[\])）】」]`),
	trailing: regexp.MustCompile(`[\[(（【「]([^\[\]()（）【】「」]+)[\])）】」]$`),
}

// mayHold reports whether a line starts or ends with a bracket: patterns cost more.
func (s side) mayHold(line string) bool {
	if s == leading {
		c, _ := utf8.DecodeRuneInString(line)
		return strings.ContainsRune("[(（【「", c)
	}
	c, _ := utf8.DecodeLastRuneInString(line)
	return strings.ContainsRune("])）】」", c)
}

// recognise returns the notice that a line is or, in brackets, has on one side.
// It knows own besides the usual ones.
func recognise(line, own string, s side) (string, bool) {
	known := func(text string) bool { return own != "" && text == own || isOurs(text) || isNotice(text) }
	line = strings.TrimSpace(line)
	if known(line) {
		return line, true
	}
	if !s.mayHold(line) {
		return "", false
	}
	if m := brackets[s].FindStringSubmatch(line); m != nil && known(m[1]) {
		return m[1], true
	}
	return "", false
}

// longNotice is the longest line that is looked at, in characters.
const longNotice = 80

// isNotice reports whether a line of text says that content is made by AI, in the
// words of a notice (GB 45438-2025 clause 5.1) and nothing else. It takes lines
// apart into clauses: one must be a notice, the others what commonly goes with it.
// Lines that merely speak of AI have words besides.
func isNotice(line string) bool {
	if utf8.RuneCountInString(line) > longNotice || strings.ContainsAny(line, "?？") {
		return false
	}
	if !mayNameAI(line) { // most lines: patterns cost more
		return false
	}
	line = namedProduct.ReplaceAllString(width.Fold.String(line), "$1 $2")
	line = strings.ReplaceAll(strings.ToLower(line), "a.i.", "ai")
	found := false
	for _, clause := range clauses.Split(line, -1) {
		clause = strings.TrimFunc(clause, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		notice, ok := inEnglish(clause)
		if !ok {
			notice, ok = inChinese(clause)
		}
		if !ok {
			return false
		}
		found = found || notice
	}
	return found
}

// mayNameAI reports whether a line has the characters of the first element somewhere.
func mayNameAI(line string) bool {
	for i, r := range line {
		switch {
		case r >= '\uFF00' && r <= '\uFFEF', r == '智': // fullwidth, 人工智能
			return true
		case (r == 'a' || r == 'A') && i+1 < len(line) && strings.IndexByte("iI.rR", line[i+1]) >= 0: // AI, A.I., artificial
			return true
		}
	}
	return false
}

var (
	clauses      = regexp.MustCompile(`[\n,。;:!、|/·•—–()\[\]【】「」“”"]+|\s-\s|\.(?:\s|$)`)
	namedProduct = regexp.MustCompile(`\b(by|with|using|from) (?:[A-Z][\w.+-]* ){1,2}(AI)\b`)
)

// inEnglish reports whether a clause has only words that notices have, and
// whether both elements are among them.
func inEnglish(clause string) (notice, ok bool) {
	words := strings.FieldsFunc(clause, func(r rune) bool { return unicode.IsSpace(r) || r == '-' })
	ai, generated := strings.Contains(clause, "artificial intelligence"), false
	for _, w := range words {
		ai = ai || w == "ai"
		made := slices.Contains(making, w)
		generated = generated || made
		if !made && !slices.Contains(passing, w) {
			return false, false
		}
	}
	return ai && generated, true
}

var (
	making  = []string{"generated", "synthesized", "synthesised", "synthetic"}
	passing = strings.Fields(`ai artificial intelligence a an the this these that all some parts of it its
		content contents text article document answer response output summary report post page message image picture photo video audio subtitles captions
		material information media work story code is are was were has have been being be may might could can contains contain includes include
		partially partly entirely fully wholly automatically likely possibly probably suspected created produced written assisted
		by with using from help assistance tool tools model models technology system assistant generative and or
		please to note notice disclaimer label warning check verify review carefully facts important for reference only use may`)
)

// inChinese is inEnglish for Chinese, by its grammar.
func inChinese(clause string) (notice, ok bool) {
	clause = strings.Join(strings.Fields(clause), "")
	return chineseNotice.MatchString(clause), chineseNotice.MatchString(clause) || chinesePassing.MatchString(clause)
}

var chineseNotice, chinesePassing = func() (notice, passing *regexp.Regexp) {
	const (
		which   = `(?:本|此|该|以上|以下|上述|上面|下面|上文|下文|全文|文中|这|些|段|篇|张|个|条|份|部分|全部|所有|的)*`
		what    = `(?:内容|文章|文本|文字|文档|文件|文|作品|回答|回复|答案|报告|稿件|页面|信息|结果|资料|材料|图片|图像|画面|视频|音频|语音|摘要|总结|译文|字幕|代码|故事|邮件)`
		maybe   = `(?:可能|疑似|或许|均|皆|全部|部分|主要|完全|系|经|是|为|由|被|含有?|包含)*`
		tool    = `(?:使用|利用|借助|通过|采用|运用)了?`
		product = `(?:豆包|即梦|腾讯元宝|元宝|通义千问|通义|千问|文心一言|文心|百度|讯飞星火|星火|智谱清言|智谱|可灵|海螺|混元|秒画|夸克|[a-z0-9.+-]{2,20}?)?`
		ai      = `(?:生成式)?(?:人工智能|ai)(?:大语言模型|大模型|模型|助手|机器人|智能体|工具|技术|服务|系统|平台)?`
		how     = `(?:自动|辅助|协助|深度|创作|所|进行|并|和|与|及|或)*`
		made    = `(?:生成合成|生成或合成|生成与合成|生成|合成)`
		advice  = `(?:请|应|需|注意|谨慎|仔细|自行|务必|加以|内容|信息|真实性|重要)*(?:甄别|核实|识别|辨别|鉴别|判断|核对|查证|使用|参考)`
	)
	exactly := func(s string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + s + `)$`) }
	plain := which + what + `?` + maybe + product + ai + how + made + `(?:而成)?(?:的?` + what + `)?`
	withTool := which + what + maybe + tool + product + ai + how + made + `(?:而成)?`
	return exactly(plain + `|` + withTool), exactly(`|合成|(?:免责|特别|郑重)?声明|(?:温馨|特别)?提示|注意?|说明|(?:内容)?标识|(?:内容|结果|信息)?仅供(?:学习)?参考|` + advice)
}()
