// Gallery makes one page of every notice that people see, hear and read: in the
// corners and languages there are, on light, dark and busy pictures. The page has all
// in itself, so that it can be mailed to those who have to choose.
//
//	go run ./examples/gallery -o gallery.html
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"image/jpeg"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
)

//go:embed page.html
var page string

func main() {
	log.SetFlags(0)
	out := flag.String("o", filepath.Join(os.TempDir(), "aigclabel-gallery.html"), "the page to write")
	flag.Parse()
	if err := run(context.Background(), *out); err != nil {
		log.Fatal(err)
	}
	fmt.Println("Look at", *out)
}

func run(ctx context.Context, name string) error {
	sections, err := gallery(ctx)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := template.Must(template.New("page").Parse(page)).Execute(&b, sections); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}

// A section is a row of exhibits that differ in one thing.
type section struct {
	Title, About string
	Exhibits     []exhibit
}

// An exhibit is one labelled thing: a picture, a sound or a text.
type exhibit struct {
	Picture, Sound, Markup template.URL // data URIs
	Text                   string
	Code                   string // the notice that was asked for
	Receipt                string // what the receipt says of it
}

// gallery labels everything.
func gallery(ctx context.Context) ([]section, error) {
	var all []section
	for _, room := range []struct {
		title, about string
		show         func(context.Context) ([]exhibit, error)
	}{
		{"Where", "GB 45438-2025 clause 5.2: at an edge or in a corner, letters of 5 % of the shortest side.", places},
		{"Styles", "Once, across an edge, or all over, set off by a plate, an outline or nothing. Left alone, the look is chosen from the pixels below.", styles},
		{"Languages", "In pictures the shortest words with both elements, AI and generated.", languages},
		{"States", "What a platform says of an upload: is, may be, is suspected to be.", states},
		{"Shapes and kinds", "Portrait, tiny, drawn as vectors.", kinds},
		{"Sound", "Clause 5.3: short, long, short, short, or words, at the level of the sound that they go with.", sounds},
		{"Texts", "Clause 5.1: at the start, the end, or both.", texts},
	} {
		exhibits, err := room.show(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", room.title, err)
		}
		all = append(all, section{room.title, room.about, exhibits})
	}
	return all, nil
}

// labelled returns the file with the notice, and what the receipt says of it.
func labelled(ctx context.Context, b []byte, name string, n label.Notice, state metadata.State) ([]byte, string, error) {
	l := label.Labeler{Producer: "001191990099MA01ABCD5610001", Notice: &n}
	var out bytes.Buffer
	receipt, err := l.Label(ctx, &out, metadata.Bytes(b, name), label.Artifact{ID: "gallery-0001", State: state, Created: time.Unix(0, 0)})
	if err != nil {
		return nil, "", err
	}
	notice := receipt.Layers[0]
	if !notice.Done {
		return out.Bytes(), "no notice: " + notice.Reason, nil
	}
	return out.Bytes(), notice.Place, nil
}

// pictured is an exhibit of a picture.
func pictured(ctx context.Context, b []byte, name, code string, n label.Notice, state metadata.State) (exhibit, error) {
	out, receipt, err := labelled(ctx, b, name, n, state)
	types := map[string]string{".jpg": "image/jpeg", ".svg": "image/svg+xml"}
	return exhibit{Picture: dataURI(types[filepath.Ext(name)], out), Code: code, Receipt: receipt}, err
}

func dataURI(mime string, b []byte) template.URL {
	return template.URL("data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(b))
}

// scenes are what pictures look like.
var scenes = []struct {
	name  string
	shade shader
}{{"light", studio}, {"dark", night}, {"busy", market}}

// drawn returns a picture as a JPEG file.
func drawn(w, h int, s shader) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, draw(w, h, s), &jpeg.Options{Quality: 85}); err != nil {
		log.Fatal(err) // a buffer takes everything
	}
	return b.Bytes()
}

// places shows the corners and the edges, each on one of the scenes.
func places(ctx context.Context) (all []exhibit, err error) {
	for corner := label.BottomRight; corner <= label.Right; corner++ {
		scene := scenes[int(corner)%len(scenes)]
		code := fmt.Sprintf("Notice{Corner: %s}", identifier(corner.String()))
		e, err := pictured(ctx, drawn(480, 320, scene.shade), "a.jpg", code, label.Notice{Corner: corner}, "")
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// styles shows what a notice can look like on each scene.
func styles(ctx context.Context) (all []exhibit, err error) {
	for _, style := range []struct {
		code string
		n    label.Notice
	}{
		{"Notice{}", label.Notice{}},
		{"Notice{Look: Plate}", label.Notice{Look: label.Plate}},
		{"Notice{Look: Outline}", label.Notice{Look: label.Outline}},
		{"Notice{Look: Plate, Opacity: 1, Margin: 0.06}", label.Notice{Look: label.Plate, Opacity: 1, Margin: 0.06}},
		{`Notice{Style: Banner, Language: "zh-Hans+en"}`, label.Notice{Style: label.Banner, Language: "zh-Hans+en"}},
		{"Notice{Style: Tiled}", label.Notice{Style: label.Tiled}},
	} {
		for _, scene := range scenes {
			e, err := pictured(ctx, drawn(480, 320, scene.shade), "a.jpg", style.code+", "+scene.name, style.n, "")
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
	}
	return all, nil
}

// identifier returns "BottomRight" for "bottom right".
func identifier(words string) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(words) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// languages shows the wordings.
func languages(ctx context.Context) (all []exhibit, err error) {
	for i, language := range append(label.Languages(), "zh-Hans+en") {
		code := fmt.Sprintf("Notice{Language: %q}", language)
		e, err := pictured(ctx, drawn(480, 320, scenes[i%len(scenes)].shade), "a.jpg", code, label.Notice{Language: language}, "")
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// states shows the three states in two languages.
func states(ctx context.Context) (all []exhibit, err error) {
	for _, language := range []string{"zh-Hans", "en"} {
		for i, state := range []metadata.State{metadata.Generated, metadata.Possible, metadata.Suspected} {
			code := fmt.Sprintf("Notice{Language: %q}, Artifact{State: %q}", language, state)
			e, err := pictured(ctx, drawn(480, 320, scenes[i].shade), "a.jpg", code, label.Notice{Language: language}, state)
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
	}
	return all, nil
}

// kinds shows what else there is.
func kinds(ctx context.Context) (all []exhibit, err error) {
	const vectors = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 32"><rect width="48" height="32" fill="#fde7c8"/><circle cx="24" cy="16" r="11" fill="#c2512f"/></svg>`
	for _, kind := range []struct {
		name, about string
		file        []byte
	}{
		{"a.jpg", "320 by 480", drawn(320, 480, market)},
		{"a.jpg", "96 by 64", drawn(96, 64, night)},
		{"a.svg", "vectors", []byte(vectors)},
	} {
		e, err := pictured(ctx, kind.file, kind.name, "Notice{}, "+kind.about, label.Notice{}, "")
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// sounds shows what is heard before, behind and over a chord.
func sounds(ctx context.Context) (all []exhibit, err error) {
	for _, sound := range []struct {
		code string
		n    label.Notice
	}{
		{"Notice{}", label.Notice{}},
		{"Notice{Position: End}", label.Notice{Position: label.End}},
		{"Notice{Mix: true}", label.Notice{Mix: true}},
		{"Notice{Sound: Spoken}", label.Notice{Sound: label.Spoken}},
		{`Notice{Sound: Spoken, Language: "en"}`, label.Notice{Sound: label.Spoken, Language: "en"}},
	} {
		out, receipt, err := labelled(ctx, chord(), "a.wav", sound.n, "")
		if err != nil {
			return nil, err
		}
		wave, err := waveform(out)
		if err != nil {
			return nil, err
		}
		all = append(all, exhibit{
			Picture: dataURI("image/svg+xml", wave), Sound: dataURI("audio/wav", out),
			Code:    sound.code,
			Receipt: receipt,
		})
	}
	return all, nil
}

// texts shows the notice in texts.
func texts(ctx context.Context) (all []exhibit, err error) {
	for _, text := range []struct {
		name, in, code string
		n              label.Notice
	}{
		{"a.txt", "The lake lay still.\n", "Notice{}", label.Notice{}},
		{"a.txt", "The lake lay still.\n", `Notice{Language: "en", Position: Both}`, label.Notice{Language: "en", Position: label.Both}},
		{"a.txt", "湖面平静。\n", `Notice{Text: "豆包AI生成"}`, label.Notice{Text: "豆包AI生成"}},
		{"a.md", "# The lake\n\nIt lay still.\n", `Notice{Language: "zh-Hans+en"}`, label.Notice{Language: "zh-Hans+en"}},
		{"a.html", "<h1>The lake</h1><p>It lay still.</p>", `Notice{Language: "en"}`, label.Notice{Language: "en"}},
		{"a.vtt", "WEBVTT\n\n00:03.000 --> 00:05.000\nThe lake lay still.\n", `Notice{Language: "en"}`, label.Notice{Language: "en"}},
	} {
		out, receipt, err := labelled(ctx, []byte(text.in), text.name, text.n, "")
		if err != nil {
			return nil, err
		}
		e := exhibit{Text: string(out), Code: text.code, Receipt: receipt}
		if filepath.Ext(text.name) == ".html" {
			e.Markup = dataURI("text/html;charset=utf-8", out)
		}
		all = append(all, e)
	}
	return all, nil
}

// waveform draws the samples of a 16-bit WAV file of one channel.
func waveform(wav []byte) ([]byte, error) {
	at := bytes.Index(wav, []byte("data"))
	if at < 0 || at+8 > len(wav) {
		return nil, errors.New("no samples")
	}
	const width, height, middle = 480, 120, 60
	samples := wav[at+8:]
	column := len(samples) / 2 / width
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"><path stroke="#2b5d8a" d="`, width, height)
	for x := range width {
		peak := 0
		for i := range column {
			v := int(int16(binary.LittleEndian.Uint16(samples[2*(x*column+i):])))
			peak = max(peak, v, -v)
		}
		y := max(1, peak*middle/(1<<15))
		fmt.Fprintf(&b, "M%d %dv%d", x, middle-y, 2*y)
	}
	_, err := io.WriteString(&b, `"/></svg>`)
	return b.Bytes(), err
}
