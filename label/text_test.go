package label

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/aigclabel/aigclabel/metadata"
)

const someNotice = "本内容由AI生成"

// withNotice returns text after [planTextNotice].
func withNotice(t testing.TB, text, notice string, pos Position, markdown bool) string {
	t.Helper()
	plan, err := planTextNotice(strings.NewReader(text), int64(len(text)), notice, pos, markdown)
	require.NoError(t, err)
	b, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return string(b)
}

func TestTextNotice(t *testing.T) {
	tests := map[string]struct {
		pos        Position
		markdown   bool
		text, want string
	}{
		"start":                   {Start, false, "a\nb\n", "N\n\na\nb\n"},
		"start before blank line": {Start, false, "\na\n", "N\n\na\n"},
		"end":                     {End, false, "a\nb\n", "a\nb\n\nN\n"},
		"end without line end":    {End, false, "a\nb", "a\nb\n\nN"},
		"end with blank line":     {End, false, "a\n\n", "a\n\nN\n"},
		"both":                    {Both, false, "a\n", "N\n\na\n\nN\n"},
		"empty":                   {Both, false, "", "N\n"},
		"line ends":               {Both, false, "a\r\nb\r\n", "N\r\n\r\na\r\nb\r\n\r\nN\r\n"},
		"byte order mark":         {Start, false, "\uFEFFa\n", "\uFEFFN\n\na\n"},
		"only a byte order mark":  {Both, false, "\uFEFF", "\uFEFFN\n"},
		"no front matter in text": {Start, false, "---\nk: v\n---\na\n", "N\n\n---\nk: v\n---\na\n"},
		"front matter":            {Start, true, "---\nk: v\n---\n\n# T\n", "---\nk: v\n---\n\nN\n\n# T\n"},
		"front matter, no blank":  {Start, true, "---\r\nk: v\r\n---\r\n# T\r\n", "---\r\nk: v\r\n---\r\n\r\nN\r\n\r\n# T\r\n"},
		"front matter with mark":  {Start, true, "\uFEFF---\nk: v\n---\na\n", "\uFEFF---\nk: v\n---\n\nN\n\na\n"},
		"dots close it":           {Start, true, "---\nk: v\n...\na\n", "---\nk: v\n...\n\nN\n\na\n"},
		"TOML":                    {Start, true, "+++\nk = 1\n+++\na\n", "+++\nk = 1\n+++\n\nN\n\na\n"},
		"only front matter":       {Both, true, "---\nk: v\n---", "---\nk: v\n---\n\nN"},
		"front matters stacked":   {Start, true, "---\nk: v\n---\n\n---\nAIGC:\n  Label: '1'\n---\n\na\n", "---\nk: v\n---\n\n---\nAIGC:\n  Label: '1'\n---\n\nN\n\na\n"},
		"rules are not stacked":   {Start, true, "---\nk: v\n---\n\n---\na\n---\n", "---\nk: v\n---\n\nN\n\n---\na\n---\n"},
		"not closed":              {Start, true, "---\na\n", "N\n\n---\na\n"},
		"code at the start":       {Start, true, "```\na\n```\n", "N\n\n```\na\n```\n"},
		"code at the end":         {End, true, "```\na\n```\n", "```\na\n```\n\nN\n"},
		"open code":               {End, true, "a\n\n```go\nb\n", "N\n\na\n\n```go\nb\n"},
		"open code, both":         {Both, true, "~~~~\n~~~\n", "N\n\n~~~~\n~~~\n"},
		"code in a paragraph":     {End, true, "```a``` b\n", "```a``` b\n\nN\n"},
		"fences in a text":        {End, false, "```\n", "```\n\nN\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			want := strings.ReplaceAll(tt.want, "N", someNotice)
			require.Equal(t, want, withNotice(t, tt.text, someNotice, tt.pos, tt.markdown))
			require.Equal(t, want, withNotice(t, want, someNotice, tt.pos, tt.markdown), "a second time")
		})
	}
}

func TestTextNoticeIsThere(t *testing.T) {
	for _, text := range []string{
		"AI生成\n\na\n",
		"\n\n> 本文由人工智能生成，仅供参考。\n\na",
		"This content may be AI-generated\n\na\n",
		"[AI生成] Hello world",
		"【本内容由AI生成】 Hello world",
	} {
		require.Equal(t, text, withNotice(t, text, someNotice, Start, false))
	}
	require.Equal(t, "# T\n\n*本文由AI生成*\n\na\n", withNotice(t, "# T\n\n*本文由AI生成*\n\na\n", someNotice, Start, true), "below the title")
	require.Equal(t, "a\n(AI-generated)\n\n", withNotice(t, "a\n(AI-generated)\n\n", someNotice, End, false))
	require.Equal(t, "a (AI-generated)", withNotice(t, "a (AI-generated)", someNotice, End, false))
	own := "AI生成，阿Q倾情奉献"
	require.False(t, isNotice(own))
	require.Equal(t, own+"\n\na\n", withNotice(t, own+"\n\na\n", own, Start, false), "the caller's own words")
}

func TestTextNoticeKeepsEncoding(t *testing.T) {
	text := "第一行，你好。\r\n第二行\r\n"
	for name, e := range map[string]encoding.Encoding{
		"UTF-16LE": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"UTF-16BE": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
		"GB 18030": simplifiedchinese.GB18030,
	} {
		t.Run(name, func(t *testing.T) {
			encode := func(s string) string {
				b, err := e.NewEncoder().String(s)
				require.NoError(t, err)
				return b
			}
			want := encode(someNotice + "\r\n\r\n" + text + "\r\n" + someNotice + "\r\n")
			require.Equal(t, want, withNotice(t, encode(text), someNotice, Both, false))
			require.Equal(t, want, withNotice(t, want, someNotice, Both, false), "a second time")

			front := "---\r\n键: 上ਊ值\r\n---\r\n\r\n" // U+0A0A has the bytes of line feeds
			want = encode(front + someNotice + "\r\n\r\n" + text)
			require.Equal(t, want, withNotice(t, encode(front+text), someNotice, Start, true)[:len(want)])
		})
	}
}

func TestTextNoticeInUnknownEncoding(t *testing.T) {
	japan, err := japanese.EUCJP.NewEncoder().String("これは日本語の文章です。\n")
	require.NoError(t, err)
	mail, err := japanese.ISO2022JP.NewEncoder().String("これは日本語の文章です。\n")
	require.NoError(t, err)
	latin, err := charmap.ISO8859_1.NewEncoder().String("Müller liest in Gärten über Bücher\n")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"EUC-JP": japan, "ISO-2022-JP": mail, "Latin-1": latin, "UTF-32": "\xFF\xFE\x00\x00a\x00\x00\x00", "binary": "a\x00b\n", "UTF-16 without mark": "a\x00\n\x00",
	} {
		_, err := planTextNotice(strings.NewReader(text), int64(len(text)), someNotice, Start, false)
		require.ErrorIs(t, err, ErrEncoding, name)
	}
	require.Equal(t, "AI-generated\n\n"+latin, withNotice(t, latin, "AI-generated", Start, false), "ASCII fits anyway")
}

// A counter counts the bytes that are read.
type counter struct {
	io.ReaderAt
	read int
}

func (c *counter) ReadAt(b []byte, off int64) (int, error) {
	c.read += len(b)
	return c.ReaderAt.ReadAt(b, off)
}

func TestTextNoticeReadsTheEnds(t *testing.T) {
	text := "---\nk: v\n---\n" + strings.Repeat("一二三四五六七八九十\r\n", 200_000)
	src := &counter{ReaderAt: strings.NewReader(text)}
	plan, err := planTextNotice(src, int64(len(text)), someNotice, Both, false)
	require.NoError(t, err)
	require.Len(t, plan.Edits(), 2)
	require.LessOrEqual(t, src.read, 2*edgeSize+1)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	require.Equal(t, someNotice+"\n\n"+text+"\n"+someNotice+"\n", string(out))
}

func TestLongFrontMatter(t *testing.T) {
	front := "---\n" + strings.Repeat("k: v\n", 20_000) + "---\n"
	require.Equal(t, front+"\n"+someNotice+"\n\na\n", withNotice(t, front+"a\n", someNotice, Start, true))
	endless := "---\n" + strings.Repeat("k: v\n", 1_000_000)
	_, err := planTextNotice(strings.NewReader(endless), int64(len(endless)), someNotice, Start, true)
	require.ErrorContains(t, err, "front matter exceeds the limit")
}

func TestTextNoticeReadErrors(t *testing.T) {
	_, err := planTextNotice(strings.NewReader("ab"), 3, someNotice, Start, false)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestFindTextNotices(t *testing.T) {
	text := "\uFEFF---\nk: v\n---\n\n  **" + someNotice + "**\n\ntext\n\nAI-generated.\n\n"
	found, err := findTextNotices(strings.NewReader(text), int64(len(text)), true)
	require.NoError(t, err)
	require.Equal(t, []textNotice{
		{"**" + someNotice + "**", "text start", 17, 27},
		{"AI-generated.", "text end", int64(strings.Index(text, "AI-")), 14},
	}, found)

	found, err = findTextNotices(strings.NewReader(someNotice), int64(len(someNotice)), false)
	require.NoError(t, err)
	require.Equal(t, []textNotice{{someNotice, "text start", 0, int64(len(someNotice))}}, found, "one line is one notice")

	found, err = findTextNotices(strings.NewReader("a\n"), 2, false)
	require.NoError(t, err)
	require.Empty(t, found)
}

// Detect sees the head of a file, which is text here.
func TestVerifyTextInUnknownEncoding(t *testing.T) {
	report, err := new(Verifier).Verify(t.Context(), metadata.Bytes([]byte(strings.Repeat("text\n", 10_000)+"\x00"), "a.txt"), nil)
	require.NoError(t, err)
	require.Equal(t, "text", report.Format)
	require.Empty(t, report.Notices)
}

func TestIsNotice(t *testing.T) {
	for _, line := range []string{
		"AI生成", "AI 生成", "ＡＩ生成", "AI合成", "人工智能生成", "人工智能合成", "人工智能生成合成", "豆包AI生成", "即梦 AI 生成",
		"本内容由AI生成", "内容由 AI 生成，请仔细甄别", "本文由AI辅助生成，仅供参考。", "以上内容均由人工智能生成", "> **声明：本文由人工智能大模型自动生成，仅供参考**",
		"——本文由AI生成——", "本回答由 AI 生成，内容仅供参考，请仔细甄别。", "本文使用AI工具生成", "（图片由AI生成）", "疑似AI生成", "可能由AI生成合成",
		"此视频由AI合成", "AI生成内容", "由生成式人工智能生成的内容", "注：本文可能含有AI生成内容", "本内容由DeepSeek AI生成", "✨ AI生成",
		"AI-generated", "AI generated", "AI-GENERATED", "AI-generated content", "Generated by AI", "Generated by AI.", "This text was generated by AI",
		"This article was generated with the help of artificial intelligence.", "_This content is AI-generated; for reference only._",
		"Note: AI-generated content may be incorrect"[:26], "Disclaimer: this summary may have been generated by AI.", "Generated by A.I.", "generated with Acme AI",
		"This image is suspected to be AI-generated", "Contains synthetic media created with AI",
	} {
		require.True(t, isNotice(line), line)
	}
	for _, line := range []string{
		"", "AI", "生成", "AI技术", "合成橡胶", "generated", "Artificial intelligence", "Machine-generated content",
		"如何识别AI生成的内容", "AI生成内容的版权问题", "AI生成技术研究进展", "使用AI生成图片", "利用人工智能生成内容的五个技巧", "人工智能内容生成技术", "本文并非由AI生成", "本文不是AI生成的",
		"本内容由AI生成？", "国家出台办法，要求AI生成内容必须标识", "《人工智能生成合成内容标识办法》", "AI生成的文章越来越多", "为什么AI生成的图片总有六根手指", "非AI生成", "未使用AI生成",
		"AI-generated content is flooding the web", "How to detect AI-generated text", "Is this AI-generated?", "This text was not generated by AI", "No AI-generated content",
		"AI-generated art and copyright", "MAIL generated content", "Why generated by AI matters", "The code is generated by a script", "Synthetic data for AI research",
		"100% human, 0% AI-generated", strings.Repeat("AI生成", 30),
	} {
		require.False(t, isNotice(line), line)
	}
}

func TestWordingsAreNotices(t *testing.T) {
	for _, language := range []string{
		"", "zh-Hans", "zh-TW", "en", "ja", "ko-KR", "fr", "de", "es-419", "pt-BR", "it", "zh-Hans+en", "de+fr+it", "tlh", "no tag",
	} {
		for _, state := range []metadata.State{"1", "2", "3"} {
			n := Notice{Language: language}
			text, err := n.wording(state)
			require.NoError(t, err)
			found, ok := recognise(text, "", leading)
			require.True(t, ok, text)
			require.Equal(t, text, found)
			require.NoError(t, Notice{Language: language, Text: text}.check(), text)
			captions, err := n.captions(state)
			require.NoError(t, err)
			for _, c := range captions {
				require.True(t, isOurs(strings.Join(c, between)), c)
				f, err := n.typeface()
				require.NoError(t, err)
				_, err = newFace(f, strings.Join(c, ""), minLetter)
				require.NoError(t, err, "all characters are in the font")
			}
		}
	}
}

func TestWording(t *testing.T) {
	for want, n := range map[string]Notice{
		"本内容可能由AI生成":                       {},
		"This content may be AI-generated": {Language: "sv"},
		"本內容可能由AI生成":                       {Language: "zh-HK"},
		"このコンテンツはAIによって生成された可能性があります":               {Language: "ja-JP"},
		"Este conteúdo pode ter sido gerado por IA": {Language: "pt-BR"},
		"Bild: mit KI erzeugt": {Text: "Bild: mit KI erzeugt", Language: "de-AT"},
		"本内容可能由AI生成 · This content may be AI-generated": {Language: "zh-Hans+en"},
		"豆包AI生成":                                   {Text: "豆包AI生成"},
		"本图为人工智能合成":                                {Text: "本图为人工智能合成", Language: "en"},
		"Synthesised with artificial intelligence": {Text: "Synthesised with artificial intelligence", Language: "en"},
	} {
		got, err := n.wording("2")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for name, n := range map[string]Notice{
		"no AI":              {Text: "本内容由机器生成"},
		"AI within a word":   {Text: "本内容由MAIL生成"},
		"no generation":      {Text: "AI创作"},
		"in one language":    {Text: "AI-generated"},
		"in the second":      {Text: "Generated by AI", Language: "de+en"},
		"nothing in English": {Text: "Made by AI", Language: "en"},
		"two lines":          {Text: "AI\n生成"},
		"not UTF-8":          {Text: "AI生成\xFF"},
		"long":               {Text: strings.Repeat("AI生成", 51)},
	} {
		_, err := n.wording("1")
		require.ErrorIs(t, err, ErrWording, name)
	}
	_, err := Notice{}.wording("AIGC")
	require.ErrorIs(t, err, ErrWording)
}

func FuzzTextNotice(f *testing.F) {
	f.Add([]byte("---\nk: v\n---\n\n# T\n\ntext\n"), uint8(0), true)
	f.Add([]byte("\xFF\xFEa\x00\r\x00\n\x00"), uint8(2), false)
	f.Add([]byte("\xC4\xE3\xBA\xC3\xA1\xA3\r\n"), uint8(1), false)
	f.Add([]byte("```\nAI生成\n"), uint8(1), true)
	f.Add([]byte("\xC4\n\xB2\xE5\xEE\xB8\xE5\xBB\xEE\xB8\xE7\xC3"), uint8(0), false) // hardly GB 18030
	f.Fuzz(func(t *testing.T, b []byte, pos uint8, markdown bool) {
		p := Position(pos % 3)
		plan, err := planTextNotice(bytes.NewReader(b), int64(len(b)), someNotice, p, markdown)
		if err != nil {
			require.ErrorIs(t, err, ErrEncoding)
			return
		}
		for _, e := range plan.Edits() {
			require.Zero(t, e.Delete)
		}
		plan, err = planTextNotice(plan, plan.Size(), someNotice, p, markdown)
		require.NoError(t, err)
		require.Empty(t, plan.Edits(), "a second time")
		found, err := findTextNotices(plan, plan.Size(), markdown)
		require.NoError(t, err)
		require.NotEmpty(t, found)
	})
}

func BenchmarkIsNotice(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		isNotice("本回答由 AI 生成，内容仅供参考，请仔细甄别。")
	}
}

// Many lines, however short, cost no more than their bytes.
func TestTextNoticesCostLittle(t *testing.T) {
	const n = 1 << 20
	front := "---\n" + strings.Repeat("a: b\n", 16<<10) + "---\n"
	utf16 := func(s string) string {
		b := []byte("\xFF\xFE")
		for i := range len(s) {
			b = append(b, s[i], 0)
		}
		return string(b)
	}
	for name, text := range map[string]string{
		"lines.txt":       strings.Repeat("\n", n),
		"wide-lines.txt":  utf16(strings.Repeat("\n", n/2)),
		"false-lines.txt": "\xFF\xFE" + strings.Repeat("\x0a\x0a", n/2),
		"lines.md":        front + strings.Repeat("\n", n),
		"wide-lines.md":   utf16(front + strings.Repeat("\n", n/2)),
		"open.md":         "---\n" + strings.Repeat("a: b\n", n/5),
		"wide-open.md":    utf16("---\n" + strings.Repeat("a\n", n/4)),
		"headings.md":     strings.Repeat("#\n", n/2),
		"spaces.md":       front + strings.Repeat(" ", n),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := new(Verifier).Verify(t.Context(), metadata.Bytes([]byte(text), name), nil)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(5*len(text)+16<<20)) // the copy of text is one of them
			require.Less(t, took, time.Minute)
		})
	}
}
