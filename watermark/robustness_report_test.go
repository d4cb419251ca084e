package watermark_test

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// write leaves the report as files: a table for programs, a picture of it, and a page
// that shows what the watermark looks like.
func (r report) write(t *testing.T, dir string) {
	require.NoError(t, os.MkdirAll(dir, 0o777))
	for name, text := range map[string]string{
		"table.tsv": r.tsv(), "table.txt": r.String(), "table.svg": r.svg(), "view.html": r.view(t),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
}

// tsv has a line for each attack on each photo.
func (r report) tsv() string {
	var b strings.Builder
	b.WriteString("photo\tattack\tsuite\texact\tdetect_ms\tpsnr\tssim_y\n")
	for _, p := range r.photos {
		for i, a := range r.attacks {
			o := p.outcomes[i]
			fmt.Fprintf(&b, "%s\t%s\t%s\t%d\t%.1f\t%.2f\t%.4f\n", p.name, a.name, a.suite, bit(o.found), ms(o.took), p.psnr, p.ssim)
		}
	}
	return b.String()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// String names the suites of an attack.
func (s suite) String() string {
	var names []string
	for i, name := range []string{"prototype", "stress", "stretch", "unattacked"} {
		if s>>i&1 != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// Measures of the picture of the table, in pixels.
const (
	cell      = 15
	labelSide = 150 // names of attacks, left
	sumSide   = 130 // what they come to, right
	headSide  = 110 // names of photos, above
	footSide  = 90  // what the suites come to, below
)

// svg draws the table: a row for each attack, a column for each photo.
func (r report) svg() string {
	var b strings.Builder
	w := max(labelSide+cell*len(r.photos)+sumSide, 460)
	h := headSide + cell*(len(r.attacks)+1) + footSide
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">`, w, h)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`, w, h)
	for x, p := range r.photos {
		left := labelSide + cell*x
		fmt.Fprintf(&b, `<text transform="translate(%d,%d) rotate(-60)">%s</text>`, left+11, headSide-6, html.EscapeString(p.name))
		for y, o := range p.outcomes {
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"><title>%s, %s: %.0f ms</title></rect>`,
				left, headSide+cell*y, cell-1, cell-1, colourOf(o), html.EscapeString(p.name), r.attacks[y].name, ms(o.took))
		}
	}
	r.svgRows(&b)
	r.svgTotals(&b, headSide+cell*len(r.attacks)+2*cell)
	b.WriteString("</svg>\n")
	return b.String()
}

func colourOf(o outcome) string {
	if o.found {
		return "#2b7a4b"
	}
	return "#f0a03c"
}

// svgRows writes the names of the attacks and what became of them.
func (r report) svgRows(b *strings.Builder) {
	right := labelSide + cell*len(r.photos) + 8
	for i, a := range r.attacks {
		y := headSide + cell*i + 11
		found, median := r.attack(i)
		weight := ""
		if a.suite&prototype != 0 {
			weight = ` font-weight="bold"`
		}
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end"%s>%s</text>`, labelSide-6, y, weight, a.name)
		fmt.Fprintf(b, `<text x="%d" y="%d">%d/%d</text>`, right, y, found, len(r.photos))
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end" fill="#777">%.0f ms</text>`, right+105, y, ms(median))
	}
}

// svgTotals writes the suites and the likeness.
func (r report) svgTotals(b *strings.Builder, y int) {
	var lines strings.Builder
	r.totals(&lines)
	for i, line := range strings.Split(strings.TrimSpace(lines.String()), "\n") {
		fmt.Fprintf(b, `<text x="12" y="%d" font-size="12" xml:space="preserve">%s</text>`, y+18*i, html.EscapeString(line))
	}
}
