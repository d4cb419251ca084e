package metadata

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// A Trace is evidence of a generator in a file: parameters that it saved, or its
// name as the tool. It is no statement: tools leave traces in what people made
// with them too.
type Trace struct {
	Generator string `json:"generator"`
	Evidence  string `json:"evidence"` // the place and the words that tell
	Rule      string `json:"rule"`     // the name of the rule, stable
}

// A traceRule tells one generator by a text. Nil keys stand for [toolKeys].
type traceRule struct {
	name, generator string
	keys            []string
	pattern         string // of the value
}

// toolKeys are the keys, in lower case, under which formats name the program
// that made a file, and those where generators write their name.
var toolKeys = []string{
	"software", "creatortool", "producer", "creator", "application", "generator", "encoder", "source", "author", "artist", "credit",
	"comment", "comments", "description", "imagedescription", "usercomment", "make", "model", "copyright", "rights", "aisystemused",
	"©too", "©swr", "©cmt", "©des", "com.apple.quicktime.software", "com.apple.quicktime.comment", "com.apple.quicktime.description",
	"tsse", "tenc", "tpe1", "tope", "tcop", "", // an ID3v2 comment without a description
	"isft", "icmt", "iart", "ieng", "icop", "encoded_by", "publisher", "website", "url", "woas", "wxxx",
}

// Keys of the texts in which Stable Diffusion's descendants save what they did.
var (
	parameterKeys = []string{"parameters", "usercomment", "comment"}
	commentKeys   = []string{"comment", "comments", "description", "usercomment", "imagedescription", "©cmt", "icmt", ""}
)

// A name stands between characters that are no letters or digits.
const (
	words = `(?i)(?:^|[^\pL\pN])(?:`
	end   = `)(?:$|[^\pL\pN])`
)

// traceRules is the table of what generators leave behind, as seen in their
// output and documentation. The first rule that fits a text counts.
var traceRules = []traceRule{
	// Parameters saved as text.
	{"swarmui.parameters", "SwarmUI", parameterKeys, `"sui_image_params"\s*:`},
	{"fooocus.parameters", "Fooocus", append([]string{"fooocus_scheme"}, parameterKeys...), `^(?:fooocus|a1111)$|(?i:"?version"?\s*:\s*"?fooocus)`},
	{"novelai.comment", "NovelAI", []string{"comment"}, `^\{.*"(?:uncond_scale|sampler)"\s*:.*"(?:signed_hash|request_type|uc)"\s*:`},
	{"a1111.parameters", "Stable Diffusion WebUI", parameterKeys, `(?s)(?:^|\s)Steps: \d+, (?:Sampler|Schedule type|CFG scale): `},
	{"comfyui.prompt", "ComfyUI", []string{"prompt"}, `^\s*\{.*"class_type"\s*:`},
	{"comfyui.workflow", "ComfyUI", []string{"workflow"}, `(?s)^\s*\{.*"(?:last_node_id|nodes)"\s*:`},
	{"invokeai.metadata", "InvokeAI", []string{"invokeai_metadata", "invokeai_graph", "sd-metadata"}, `^\s*\{`},
	{"invokeai.dream", "InvokeAI", []string{"dream"}, `\s-s ?\d+ .*-S ?\d+`},
	{"easydiffusion.parameters", "Easy Diffusion", []string{"use_stable_diffusion_model"}, `\S`},
	{"drawthings.json", "Draw Things", commentKeys, `^\s*\{.*"(?:seed_mode|hires_fix)"\s*:.*"sampler"\s*:`},
	{"midjourney.job", "Midjourney", commentKeys, `Job ID: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`},
	{"grok.signature", "Grok", []string{"imagedescription"}, `^Signature: [A-Za-z0-9+/]{60,}={0,2}$`},
	{"google.credit", "Google AI", []string{"credit"}, `^(?:Made|Edited) with Google AI$`},
	{"bytedance.type", "ByteDance", nil, `"aigc_label_type"\s*:`},
	{"aweme.type", "Douyin", nil, `"aigc_type"\s*:`},

	// Names of tools.
	{"novelai.name", "NovelAI", nil, words + `novelai(?: diffusion)?` + end},
	{"stable-diffusion.name", "Stable Diffusion", nil, words + `stable ?diffusion(?: x?l?\d?\.?\d?)?|sdxl|stability ai|stability\.ai` + end},
	{"midjourney.name", "Midjourney", nil, words + `midjourney` + end},
	{"sora.name", "Sora", nil, words + `(?:openai )?sora(?: 2| turbo)|sora by openai|sora\.com` + end},
	{"openai.name", "OpenAI", nil, words + `openai|chatgpt|dall[·•-]?e ?\d?|gpt-4o|gpt-image-\d` + end},
	{"firefly.name", "Adobe Firefly", nil, words + `adobe[_ ]firefly` + end},
	{"veo.name", "Veo", nil, words + `(?:google )?veo ?[23](?:\.\d)?` + end},
	{"google.name", "Google AI", nil, words + `google gemini|gemini (?:\d\.\d )?(?:pro|flash|nano)[\w ]*|imagen ?[234]|nano banana` + end},
	{"bing.name", "Bing Image Creator", nil, words + `bing image creator|microsoft designer|copilot designer` + end},
	{"leonardo.name", "Leonardo.Ai", nil, words + `leonardo[. ]ai` + end},
	{"ideogram.name", "Ideogram", nil, words + `ideogram(?: ai|\.ai| \d\.\d)?` + end},
	{"flux.name", "FLUX", nil, words + `black forest labs|flux[. ]1(?:[. -](?:dev|schnell|pro))?` + end},
	{"recraft.name", "Recraft", nil, words + `recraft(?:\.ai| v\d| ai)` + end},
	{"suno.name", "Suno", nil, words + `made with suno|suno ai|suno\.(?:com|ai)` + end},
	{"udio.name", "Udio", nil, words + `made with udio|udio\.com|created (?:with|by) udio` + end},
	{"elevenlabs.name", "ElevenLabs", nil, words + `elevenlabs|eleven labs|elevenlabs\.io` + end},
	{"kling.name", "Kling", nil, words + `kling ?ai|klingai\.com|可灵(?:ai)?` + end},
	{"runway.name", "Runway", nil, words + `runwayml|runway gen-?\d(?: alpha)?|runway ai` + end},
	{"pika.name", "Pika", nil, words + `pika labs|pika\.art` + end},
	{"luma.name", "Luma", nil, words + `luma (?:ai|dream machine)|lumalabs\.ai` + end},
	{"hailuo.name", "Hailuo", nil, words + `hailuo ?ai|hailuoai\.(?:com|video)|海螺ai` + end},
	{"jimeng.name", "Jimeng", nil, words + `jimeng|dreamina|即梦(?:ai)?` + end},
	{"doubao.name", "Doubao", nil, words + `doubao|豆包(?:ai)?` + end},
	{"tongyi.name", "Tongyi", nil, words + `tongyi wanxiang|通义万相|qwen-image` + end},
	{"llm.name", "a language model", []string{"creator", "generator", "application", "author", "producer", "creatortool", "software"},
		words + `anthropic claude|claude(?:\.ai|-\d[\w.-]*| \d\.\d)|deepseek(?:-\w+)?|kimi ai|manus(?:\.im| ai)|gamma\.app|notebooklm|perplexity ai` + end},
}

// rulesByKey finds the rules for a key, which most texts have none for. It is
// made at its first use: programs that verify nothing do not pay for it.
var rulesByKey = sync.OnceValue(func() map[string][]compiledRule {
	index := map[string][]compiledRule{}
	for i := range traceRules {
		match := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(traceRules[i].pattern) })
		rule := compiledRule{&traceRules[i], match, maxTraced}
		if strings.HasPrefix(rule.pattern, words) {
			rule.reach = maxNamed
		}
		keys := rule.keys
		if keys == nil {
			keys = toolKeys
		}
		for _, key := range keys {
			index[key] = append(index[key], rule)
		}
	}
	return index
})

type compiledRule struct {
	*traceRule
	match func() *regexp.Regexp // compiled at its first use, which for most is never
	reach int                   // how much of a text is searched, in bytes
}

// What tells stands early, and searches cost much more than reading. In bytes:
const (
	maxTraced    = 64 << 10 // of a text, for parameters
	maxNamed     = 4 << 10  // of a text, for names
	maxTraceWork = 8 << 20  // of all texts of a file, once for each rule
)

// toolWords are parts of all that the rules for [toolKeys] and for names match, in lower case.
// Most tools have none in their names, which is quick to tell.
var toolWords = []string{
	"aigc_", "novelai", "diffusion", "sdxl", "stability", "midjourney", "sora", "openai", "chatgpt", "dall", "gpt-", "firefly", "veo",
	"gemini", "imagen", "banana", "bing image", "designer", "leonardo", "ideogram", "black forest", "flux", "recraft", "suno", "udio",
	"eleven", "kling", "可灵", "runway", "pika", "luma", "hailuo", "海螺", "jimeng", "dreamina", "即梦", "doubao", "豆包", "tongyi", "通义万相",
	"qwen", "claude", "deepseek", "kimi", "manus", "gamma", "notebooklm", "perplexity",
}

// toolWordsFrom are the [toolWords] by their first byte.
var toolWordsFrom = sync.OnceValue(func() *[256][]string {
	var from [256][]string
	for _, w := range toolWords {
		from[w[0]] = append(from[w[0]], w)
	}
	return &from
})

// namesTool reports whether a text may match a rule of [toolWords].
func namesTool(text string) bool {
	text = strings.ToLower(text[:min(len(text), maxTraced)])
	from := toolWordsFrom()
	for i := range len(text) {
		for _, w := range from[text[i]] {
			if rest := text[i:]; len(rest) >= len(w) && rest[1] == w[1] && rest[:len(w)] == w {
				return true
			}
		}
	}
	return false
}

// Traces returns the evidence of generators in the texts of the file, at most
// one of each rule. Long texts, and files of many, are searched in part.
func (r *Reading) Traces() []Trace {
	var traces []Trace
	seen := map[*traceRule]bool{}
	work := maxTraceWork
	for _, text := range r.Texts {
		rules := rulesByKey()[strings.ToLower(text.Key)]
		tool := len(rules) > 0 && namesTool(text.Value)
		for _, rule := range rules {
			if (rule.keys == nil || rule.reach == maxNamed) && !tool {
				continue
			}
			value := text.Value[:min(len(text.Value), rule.reach)]
			if work -= len(value); work < 0 {
				return traces
			}
			at := rule.match().FindStringIndex(value)
			if at == nil {
				continue
			}
			if !seen[rule.traceRule] {
				seen[rule.traceRule] = true
				traces = append(traces, Trace{rule.generator, fmt.Sprintf("%s: %q", text.Place, excerpt(value, at[0], at[1])), rule.name})
			}
			break
		}
	}
	return traces
}

// excerpt returns at most 120 bytes of s around what matched, in whole characters.
func excerpt(s string, from, to int) string {
	const most = 120
	if to-from > most {
		to = from + most
	}
	margin := (most - (to - from)) / 2
	from, to = max(0, from-margin), min(len(s), to+margin)
	return strings.TrimSpace(strings.ToValidUTF8(s[from:to], ""))
}
