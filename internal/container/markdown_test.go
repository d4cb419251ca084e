package container

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	someEntry  = "AIGC:\n  Label: '1'\n  ContentProducer: 'a'\n  ProduceID: 'b'\n"
	shortEntry = "AIGC:\n    Label: \"2\"\n"
	otherEntry = "AIGC:\n    Label: \"2\"\n    # why\n\n    ReservedCode1: {x: [\n  ]}\n"
)

// places returns where the slots of a file are, the guide's marked with a star.
func places(f File) (list []string) {
	for _, s := range f.Summary().Slots {
		place := strings.TrimPrefix(s.Place, "Markdown ")
		if s.Guide {
			place += "*"
		}
		list = append(list, place)
	}
	return list
}

func TestMarkdownRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "markdown") {
		t.Run(name, func(t *testing.T) {
			f := walk(t, Markdown, b)
			if name == "toml.md" || name == "utf16.md" {
				_, err := f.Plan([]Change{{Kind: Record, Value: []byte(someEntry)}})
				require.ErrorIs(t, err, ErrNoPlace)
				return
			}
			clean := output(t, must(f.Plan(removals(f))), b)
			roundTrip(t, Markdown, clean, Record, []byte(someEntry), []byte(otherEntry), []byte(someEntry))
			added := put(t, Markdown, clean, Record, []byte(someEntry))
			f = walk(t, Markdown, added)
			require.Equal(t, string(clean), string(output(t, must(f.Plan(removals(f))), added)), "adding and removing")
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// removals asks for all slots to go.
func removals(f File) (changes []Change) {
	slots := f.Summary().Slots
	for i := range slots {
		changes = append(changes, Change{Slot: &slots[i]})
	}
	return changes
}

func TestMarkdownPlaces(t *testing.T) {
	files := fixtures(t, "markdown")
	for name, want := range map[string][]string{
		"labelled.md": {"front matter*"}, "labelled-sorted.md": {"front matter*"}, "labelled-inline.md": {"front matter*"},
		"stacked.md":    {"front matter*", "further front matter", "further front matter"},
		"tail-fence.md": {"code block"}, "tail-bare.md": {"text"}, "code-fence.md": nil, "front-matter-dots.md": nil,
	} {
		require.Equal(t, want, places(walk(t, Markdown, files[name])), name)
	}
	for text, want := range map[string][]string{
		"---\n" + someEntry:                        {"text"}, // cut off before the closing line
		someEntry + "\nText\n":                     {"text"},
		"---\n" + someEntry + "\n# no closing\n":   {"text"},
		"Text\n\n" + someEntry + "\n" + shortEntry: {"text", "text"},
		"Text\n\n" + someEntry + "\nText\n":        nil,
		"Text\n\nAIGC: AI-generated content\n":     nil,
		"---\nAIGC_policy: x\nAIGC: y\naigc: z\n---\nText\n\n```\n" + someEntry + "```\n": {"front matter", "front matter*", "front matter", "code block"},
		"---\n" + someEntry + "---\n---\n" + someEntry + "x: y\n---\n":                    {"front matter*", "further front matter"},
		"Text\n---\n" + someEntry + "---\n":                                               {"text"},
		"---\n\"AIGC\":\n  Label: 1\n# c\n\n  ProduceID: 2\n\n# d\n'x': y\n---\n":         {"front matter*"},
		"---\n{AIGC: {Label: 1}}\n---\n":                                                  nil,
	} {
		require.Equal(t, want, places(walk(t, Markdown, []byte(text))), text)
	}
}

func TestMarkdownValueIsTheEntry(t *testing.T) {
	entry := "AIGC:\n  Label: '1'\n\n# c\n  X:\n  - a\n"
	text := strings.ReplaceAll("---\ntitle: x\n"+entry+"# d\n\nlast: y\n---\n", "\n", "\r\n")
	slot := guide(walk(t, Markdown, []byte(text)), Record)
	require.Equal(t, entry, string(slot.Value))
	require.Equal(t, "crlf", slot.Encoding)
	r := slot.Ranges[0]
	require.Equal(t, strings.ReplaceAll(entry, "\n", "\r\n"), text[r.Offset:r.Offset+r.Length])
}

func TestMarkdownOutput(t *testing.T) {
	for before, after := range map[string]string{
		"":                           "---\n" + someEntry + "---\n",
		"# T\n":                      "---\n" + someEntry + "---\n\n# T\n",
		"\xef\xbb\xbf# T":            "\xef\xbb\xbf---\n" + someEntry + "---\n\n# T",
		"---\ntitle: x\n---\n# T\n":  "---\n" + someEntry + "title: x\n---\n# T\n",
		"---\r\n---\r\n# T":          "---\r\n" + strings.ReplaceAll(someEntry, "\n", "\r\n") + "---\r\n# T",
		"---\n" + otherEntry + "...": "---\n" + someEntry + "...",
	} {
		require.Equal(t, after, string(put(t, Markdown, []byte(before), Record, []byte(someEntry))))
	}
}

// A record in an alternate place moves to the guide's in one plan.
func TestMarkdownMovesRecord(t *testing.T) {
	for before, after := range map[string]string{
		"# T\n\n```yaml\n" + shortEntry + "```\n":           "---\n" + someEntry + "---\n\n# T\n\n",
		shortEntry + "\n# T\n":                              "---\n" + someEntry + "---\n\n\n# T\n",
		"---\nx: y\n---\n---\nAIGC:\n Label: 2\n---\n\nT\n": "---\n" + someEntry + "x: y\n---\nT\n",
		"---\nMyAIGC: z\n---\nT\n":                          "---\n" + someEntry + "---\nT\n",
	} {
		f := walk(t, Markdown, []byte(before))
		plan, err := f.Plan(append(removals(f), Change{Kind: Record, Value: []byte(someEntry)}))
		require.NoError(t, err)
		require.Equal(t, after, string(output(t, plan, []byte(before))))
	}
}

func TestMarkdownRefuses(t *testing.T) {
	for text, reason := range map[string]string{
		"+++\nx = 1\n+++\n":     "TOML",
		"{\n\"x\": 1\n}\n":      "JSON",
		"\xff\xfeT\x00":         "UTF-16",
		"---\n{x: y}\n---\nT\n": "in braces",
		"---\n  x: y\n---\nT\n": "indented", // not a rule, a rule and a second front matter before it
	} {
		_, err := walk(t, Markdown, []byte(text)).Plan([]Change{{Kind: Record, Value: []byte(someEntry)}})
		require.ErrorIs(t, err, ErrNoPlace)
		require.ErrorContains(t, err, reason)
	}
	_, err := walk(t, Markdown, nil).Plan([]Change{{Kind: XMP, Value: []byte("x")}})
	require.ErrorIs(t, err, ErrNoPlace)
}

func TestMarkdownReadsHeadAndTail(t *testing.T) {
	text := "---\n" + someEntry + "---\n" + strings.Repeat("prose\n", 1<<20) + "\n" + someEntry
	r := &countingReader{r: bytes.NewReader([]byte(text))}
	f, err := Markdown(NewSource(r, int64(len(text)), Limits{}))
	require.NoError(t, err)
	require.Equal(t, []string{"front matter*", "text"}, places(f))
	require.Equal(t, 3, r.calls)
	require.LessOrEqual(t, r.bytes, HeadSize+markdownTail+tailSize)
}

func TestMarkdownLongFrontMatter(t *testing.T) {
	text := "---\nx: |\n" + strings.Repeat("  prose\n", 1<<15) + someEntry + "---\n"
	require.Equal(t, []string{"front matter*"}, places(walk(t, Markdown, []byte(text))))
}

func TestMarkdownIsLinear(t *testing.T) {
	for name, text := range map[string]string{
		"rules":   strings.Repeat("---\n", 1<<18),
		"entries": strings.Repeat("AIGC: label\n", 1<<16),
		"opened":  "---\n" + strings.Repeat("\n", 1<<20),
		"blank":   strings.Repeat("\n", 1<<20),
		"nested":  "x\nAIGC: label\n" + strings.Repeat(" y\n", 1<<18) + "z",
		"keys":    "---\n" + strings.Repeat("AIGC:\n", 1<<17),
		"tags":    strings.Repeat("<x>\nAIGC: label\n", 1<<16),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			walk(t, Markdown, []byte(text))
			require.Less(t, time.Since(start), time.Minute)
		})
	}
}

func TestMarkdownLimit(t *testing.T) {
	text := []byte(strings.Repeat(someEntry+"\n", 100))
	f, err := Markdown(NewSource(bytes.NewReader(text), int64(len(text)), Limits{Elements: 10}))
	require.NoError(t, err)
	require.Len(t, f.Summary().Slots, 5)
	require.Len(t, f.Summary().Limits, 1)
	_, err = f.Plan([]Change{{Kind: Record, Value: []byte(someEntry)}})
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
}

func FuzzMarkdown(f *testing.F) { fuzz(f, "markdown", Markdown, Record, []byte(someEntry)) }

func BenchmarkMarkdown(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		text := []byte("---\ntitle: x\n" + someEntry + "---\n" + strings.Repeat("Some prose.\n", size/12))
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				walk(b, Markdown, text)
			}
		})
	}
}

func TestIsText(t *testing.T) {
	is := func(b []byte) bool {
		ok, err := IsText(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
		require.NoError(t, err)
		return ok
	}
	for _, format := range []string{"text", "markdown"} {
		for name, b := range fixtures(t, format) {
			require.Equal(t, name != "invalid-utf8.md", is(b), name)
		}
	}
	long := bytes.Repeat([]byte("文"), HeadSize)
	require.True(t, is(long), "a character cut by the end of the head")
	require.True(t, is(append([]byte{0xD6, 0xD0}, bytes.Repeat([]byte{0xB9, 0xFA, 0xCE, 0xC4, 0x30}, HeadSize)...)))
	noise := make([]byte, 64)
	rand.NewChaCha8([32]byte{}).Read(noise)
	for name, b := range map[string][]byte{
		"PNG": fixtures(t, "png")["rgb.png"], "NUL": []byte("a\x00b"), "noise": noise, "cut UTF-8": []byte("a\xe6\x96"),
		"lone surrogate": []byte("\xfe\xff\xd8\x00\x00A"), "odd UTF-16": []byte("\xfe\xff\x00"), "NUL in UTF-16": []byte("\xff\xfe\x00\x00"),
		"Latin-1": []byte("caf\xe9 cr\xe8me"),
	} {
		require.False(t, is(b), name)
	}
}

func TestPlainTextHasNoPlace(t *testing.T) {
	for name, b := range fixtures(t, "text") {
		f := walk(t, Bare, b)
		require.Empty(t, f.Summary().Slots)
		_, err := f.Plan([]Change{{Kind: Record, Value: []byte("{}")}})
		require.ErrorIs(t, err, ErrNoPlace)
		require.Equal(t, b, output(t, must(f.Plan(nil)), b), name)
	}
}
