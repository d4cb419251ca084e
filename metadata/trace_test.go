package metadata

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// traceCases hold, for each rule, a text as the generator leaves it and one that
// comes near and is none.
var traceCases = map[string][2]Text{
	"swarmui.parameters":       {{Key: "parameters", Value: `{"sui_image_params": {"prompt": "a cat", "model": "OfficialStableDiffusion/sd_xl_base_1.0"}}`}, {Key: "parameters", Value: `{"image_params": {"prompt": "a cat"}}`}},
	"fooocus.parameters":       {{Key: "parameters", Value: `{"adm_guidance": "(1.5, 0.8, 0.3)", "base_model": "juggernautXL", "version": "Fooocus v2.3.1"}`}, {Key: "parameters", Value: `{"version": "Focus v2"}`}},
	"novelai.comment":          {{Key: "Comment", Value: `{"prompt": "1girl", "steps": 28, "sampler": "k_euler", "uc": "lowres", "signed_hash": "x"}`}, {Key: "Comment", Value: `{"sampler": "Kontakt 7"}`}},
	"a1111.parameters":         {{Key: "parameters", Value: "a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"}, {Key: "parameters", Value: "Steps: 20 to the lake, Sampler of cakes"}},
	"comfyui.prompt":           {{Key: "prompt", Value: `{"3": {"inputs": {"seed": 1}, "class_type": "KSampler"}}`}, {Key: "prompt", Value: `write about class_type`}},
	"comfyui.workflow":         {{Key: "workflow", Value: `{"last_node_id": 9, "nodes": [], "links": []}`}, {Key: "workflow", Value: `approve, then print`}},
	"invokeai.metadata":        {{Key: "invokeai_metadata", Value: `{"app_version": "4.2.0"}`}, {Key: "invokeai_metadata", Value: `none`}},
	"invokeai.dream":           {{Key: "Dream", Value: `"a cat" -s 50 -S 3281 -W 512 -H 512 -C 7.5 -A k_lms`}, {Key: "Dream", Value: `of a sea - so blue`}},
	"easydiffusion.parameters": {{Key: "use_stable_diffusion_model", Value: "sd-v1-4"}, {Key: "use_stable_model", Value: "sd-v1-4"}},
	"drawthings.json":          {{Key: "UserComment", Value: `{"c":"a cat","hires_fix":false,"model":"x.ckpt","sampler":"DPM++ 2M Karras","seed":1}`}, {Key: "UserComment", Value: `{"hires_fix":"soon"}`}},
	"midjourney.job":           {{Key: "Description", Value: "a cat --v 6.0 Job ID: 0c6cb5b4-9d20-4d5a-8a3e-1f2a3b4c5d6e"}, {Key: "Description", Value: "Job ID: 4711"}},
	"grok.signature":           {{Key: "ImageDescription", Value: "Signature: " + strings.Repeat("aB3/", 20) + "=="}, {Key: "ImageDescription", Value: "Signature: J. Doe"}},
	"google.credit":            {{Key: "Credit", Value: "Made with Google AI"}, {Key: "Credit", Value: "Made with Google Docs"}},
	"bytedance.type":           {{Key: "comment", Value: `{"aigc_label_type":1}`}, {Key: "comment", Value: `{"label_type":1}`}},
	"aweme.type":               {{Key: "comment", Value: `{"aigc_type": 2}`}, {Key: "comment", Value: `aigc_type is a field`}},
	"novelai.name":             {{Key: "Software", Value: "NovelAI"}, {Key: "Software", Value: "NovelAid"}},
	"stable-diffusion.name":    {{Key: "Source", Value: "Stable Diffusion XL C1E1DE52"}, {Key: "Source", Value: "a stable, by diffusion of light"}},
	"midjourney.name":          {{Key: "Author", Value: "Midjourney"}, {Key: "Author", Value: "MidJourneyman"}},
	"openai.name":              {{Key: "Software", Value: "OpenAI gpt-image-1"}, {Key: "Software", Value: "OpenAIR 2"}},
	"sora.name":                {{Key: "comment", Value: "OpenAI Sora 2"}, {Key: "artist", Value: "Sora Aoi"}},
	"firefly.name":             {{Key: "CreatorTool", Value: "Adobe Firefly 1.0"}, {Key: "CreatorTool", Value: "Firefly Cinema"}},
	"google.name":              {{Key: "Software", Value: "Gemini 2.5 Flash Image"}, {Key: "author", Value: "Gemini Twins"}},
	"veo.name":                 {{Key: "encoder", Value: "Google Veo 3"}, {Key: "artist", Value: "Veo Torres"}},
	"bing.name":                {{Key: "Software", Value: "Bing Image Creator"}, {Key: "Software", Value: "Bing Maps"}},
	"leonardo.name":            {{Key: "Software", Value: "Leonardo.Ai"}, {Key: "Artist", Value: "Leonardo da Vinci"}},
	"ideogram.name":            {{Key: "Software", Value: "Ideogram AI"}, {Key: "Software", Value: "Ideograms 3"}},
	"flux.name":                {{Key: "Make", Value: "Black Forest Labs"}, {Key: "Make", Value: "f.lux 4.1"}},
	"recraft.name":             {{Key: "Software", Value: "Recraft V3"}, {Key: "Software", Value: "recrafted by hand"}},
	"suno.name":                {{Key: "comment", Value: "made with suno; created=2026-01-01"}, {Key: "artist", Value: "Suno Deko"}},
	"udio.name":                {{Key: "comment", Value: "Created with Udio"}, {Key: "artist", Value: "The Udio Band"}},
	"elevenlabs.name":          {{Key: "TSSE", Value: "ElevenLabs"}, {Key: "TPE1", Value: "Eleven Labradors"}},
	"kling.name":               {{Key: "comment", Value: "Kling AI 2.1"}, {Key: "artist", Value: "Kling & Klang"}},
	"runway.name":              {{Key: "encoder", Value: "Runway Gen-4"}, {Key: "comment", Value: "on the runway of Tempelhof"}},
	"pika.name":                {{Key: "comment", Value: "Pika Labs"}, {Key: "artist", Value: "Pika Pika"}},
	"luma.name":                {{Key: "comment", Value: "Luma Dream Machine"}, {Key: "comment", Value: "luma and chroma"}},
	"hailuo.name":              {{Key: "comment", Value: "hailuoai.video"}, {Key: "comment", Value: "海螺湾"}},
	"jimeng.name":              {{Key: "Software", Value: "即梦AI"}, {Key: "artist", Value: "Ji Meng"}},
	"doubao.name":              {{Key: "Software", Value: "doubao"}, {Key: "comment", Value: "红豆包子"}},
	"tongyi.name":              {{Key: "Software", Value: "Qwen-Image"}, {Key: "artist", Value: "Qwen Images"}},
	"llm.name":                 {{Key: "Creator", Value: "DeepSeek-V3"}, {Key: "Creator", Value: "Claude Monet"}},
}

func TestTraceRules(t *testing.T) {
	require.GreaterOrEqual(t, len(traceRules), 25)
	for _, rule := range traceRules {
		texts, ok := traceCases[rule.name]
		require.True(t, ok, "no case for %s", rule.name)
		hit, miss := texts[0], texts[1]
		hit.Place, miss.Place = "place", "place"
		traces := (&Reading{Texts: []Text{hit}}).Traces()
		require.Len(t, traces, 1, "%s: %q", rule.name, hit.Value)
		require.Equal(t, rule.name, traces[0].Rule)
		require.Equal(t, rule.generator, traces[0].Generator)
		require.Regexp(t, "^place: ", traces[0].Evidence)
		require.Empty(t, (&Reading{Texts: []Text{miss}}).Traces(), "%s: %q", rule.name, miss.Value)
	}
}

// TestTraceTitles keeps names of generators in titles from telling anything.
func TestTraceTitles(t *testing.T) {
	for name, texts := range traceCases {
		text := texts[0]
		text.Key = "title"
		require.Empty(t, (&Reading{Texts: []Text{text}}).Traces(), name)
	}
}

func TestTracesInFile(t *testing.T) {
	prompt := `{"3": {"inputs": {"text": "` + strings.Repeat("cat ", 100) + `"}, "class_type": "KSampler"}}`
	b := hostilePNG(pngChunk("tEXt", "prompt\x00"+prompt), pngChunk("tEXt", "prompt\x00"+prompt), pngChunk("tEXt", "Software\x00Midjourney"))
	r, err := Read(Bytes(b, ""), nil)
	require.NoError(t, err)
	traces := r.Traces()
	require.Len(t, traces, 2, "one of each rule")
	require.Equal(t, "ComfyUI", traces[0].Generator)
	require.Less(t, len(traces[0].Evidence), 250, "an excerpt")
	require.Equal(t, "Midjourney", traces[1].Generator)
}

func TestTracePatternsCompile(t *testing.T) {
	names := map[string]bool{}
	for _, rule := range traceRules {
		_, err := regexp.Compile(rule.pattern)
		require.NoError(t, err, rule.name)
		require.False(t, names[rule.name], "two rules named %s", rule.name)
		names[rule.name] = true
	}
}
