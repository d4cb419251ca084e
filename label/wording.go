package label

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"

	"github.com/aigclabel/aigclabel/metadata"
)

// wordings are the notices in one language: a sentence for text (GB 45438-2025
// clause 5.1), and for pictures (5.2) the shortest words with both elements, because
// the clause asks for letters of 5 % of the shortest side. Latin ones are in
// capitals there: at that height they take a third less room than lower-case
// letters. The Chinese words are those of the standard, the others our choice.
type wordings struct {
	tag           string // BCP 47
	text, picture states
	generation    string // a pattern of what names the second element in free text, besides 生成 and 合成
}

// states are the words for "is", "may be" and "is suspected to be".
type states [3]string

// of returns the words for a state, "" for one that is none.
func (s states) of(state metadata.State) string {
	i := slices.Index([]metadata.State{metadata.Generated, metadata.Possible, metadata.Suspected}, state)
	if i < 0 {
		return ""
	}
	return s[i]
}

// languages are the languages of notices; the first stands in for all others.
var languages = []wordings{
	{
		"en",
		states{"This content is AI-generated", "This content may be AI-generated", "This content is suspected to be AI-generated"},
		states{"AI-GENERATED", "MAY BE AI-GENERATED", "SUSPECTED AI-GENERATED"},
		`generated|synthe(?:tic|si[sz]ed)`,
	},
	{
		"zh-Hans",
		states{"本内容由AI生成", "本内容可能由AI生成", "本内容疑似由AI生成"},
		states{"AI生成", "可能由AI生成", "疑似AI生成"},
		`生成`,
	},
	{
		"zh-Hant",
		states{"本內容由AI生成", "本內容可能由AI生成", "本內容疑似由AI生成"},
		states{"AI生成", "可能由AI生成", "疑似AI生成"},
		`產生`,
	},
	{
		"ja",
		states{"このコンテンツはAIによって生成されました", "このコンテンツはAIによって生成された可能性があります", "このコンテンツはAIによって生成された疑いがあります"},
		states{"AI生成", "AI生成の可能性", "AI生成の疑い"},
		`生成`,
	},
	{
		"ko",
		states{"이 콘텐츠는 AI로 생성되었습니다", "이 콘텐츠는 AI로 생성되었을 수 있습니다", "이 콘텐츠는 AI로 생성된 것으로 의심됩니다"},
		states{"AI 생성", "AI 생성 가능성", "AI 생성 의심"},
		`생성|합성`,
	},
	{
		"fr",
		states{"Ce contenu a été généré par IA", "Ce contenu a peut-être été généré par IA", "Ce contenu est soupçonné d'avoir été généré par IA"},
		states{"GÉNÉRÉ PAR IA", "PEUT-ÊTRE GÉNÉRÉ PAR IA", "SOUPÇONNÉ GÉNÉRÉ PAR IA"},
		`généré|synthétique|synthétisé`,
	},
	{
		"de",
		states{"Dieser Inhalt wurde mit KI generiert", "Dieser Inhalt wurde möglicherweise mit KI generiert", "Dieser Inhalt wurde vermutlich mit KI generiert"},
		states{"KI-GENERIERT", "MÖGLICHERWEISE KI-GENERIERT", "VERMUTLICH KI-GENERIERT"},
		`generiert|erzeugt|synthetisch`,
	},
	{
		"es",
		states{"Este contenido ha sido generado por IA", "Este contenido puede haber sido generado por IA", "Se sospecha que este contenido ha sido generado por IA"},
		states{"GENERADO POR IA", "POSIBLEMENTE GENERADO POR IA", "PRESUNTAMENTE GENERADO POR IA"},
		`generad[oa]|sintétic[oa]|sintetizad[oa]`,
	},
	{
		"pt",
		states{"Este conteúdo foi gerado por IA", "Este conteúdo pode ter sido gerado por IA", "Suspeita-se que este conteúdo foi gerado por IA"},
		states{"GERADO POR IA", "POSSIVELMENTE GERADO POR IA", "SUPOSTAMENTE GERADO POR IA"},
		`gerad[oa]|sintétic[oa]|sintetizad[oa]`,
	},
	{
		"it",
		states{"Questo contenuto è stato generato con l'IA", "Questo contenuto potrebbe essere stato generato con l'IA", "Si sospetta che questo contenuto sia stato generato con l'IA"},
		states{"GENERATO CON L'IA", "FORSE GENERATO CON L'IA", "PRESUNTO GENERATO CON L'IA"},
		`generat[oa]|sintetic[oa]|sintetizzat[oa]`,
	},
}

// Languages returns the languages of [Notice] that have wordings of their own, as
// BCP 47 tags. Notices may be in several, joined with "+".
func Languages() (tags []string) {
	for _, w := range languages {
		tags = append(tags, w.tag)
	}
	return tags
}

// namesGeneration reports whether free text names the second element, in the
// language or in Chinese, which is good anywhere.
func (w wordings) namesGeneration(text string) bool {
	return regexp.MustCompile(`(?i)生成|合成|` + w.generation).MatchString(text)
}

// namesAI matches the first element of a notice: AI, as the languages abbreviate it.
var namesAI = regexp.MustCompile(`人工智[能慧]|人工知能|인공지능|(?:^|[^\p{Latin}])(?:AI|IA|KI|ＡＩ)(?:[^\p{Latin}]|$)|` +
	`(?i:artificial intelligence|intelligence artificielle|künstlicher? intelligenz|inteligencia artificial|inteligência artificial|intelligenza artificiale)`)

// matcher finds the language for a tag: zh-TW is Traditional Chinese, pt-BR Portuguese.
var matcher = sync.OnceValue(func() language.Matcher {
	var tags []language.Tag
	for _, w := range languages {
		tags = append(tags, language.Make(w.tag))
	}
	return language.NewMatcher(tags)
})

// inLanguage returns the wordings for a BCP 47 tag, English for one that is none.
func inLanguage(tag string) wordings {
	i := slices.IndexFunc(languages, func(w wordings) bool { return w.tag == tag })
	if i < 0 {
		_, i = language.MatchStrings(matcher(), tag)
	}
	return languages[i]
}

// isOurs reports whether a line is one of the notices above, or several.
func isOurs(line string) bool {
	for part := range strings.SplitSeq(line, between) {
		same := func(own string) bool { return strings.EqualFold(own, part) }
		ours := func(w wordings) bool {
			return slices.ContainsFunc(w.text[:], same) || slices.ContainsFunc(w.picture[:], same)
		}
		if !slices.ContainsFunc(languages, ours) {
			return false
		}
	}
	return true
}

// between stands between the languages of one line.
const between = " · "
