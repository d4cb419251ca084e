package c2pa

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/metadata"
)

// embed puts a forged manifest, behind others, into a JPEG that it binds itself to.
func embed(t testing.TB, f *forged, before ...*jumbf.Box) []byte {
	t.Helper()
	s, _ := forger(t)
	plain := vector(t, "beside.jpg")
	var frame []container.Range
	spoilt := f.assertions
	for {
		var exclusions []any
		for _, r := range frame {
			exclusions = append(exclusions, map[string]any{"start": r.Offset, "length": r.Length})
		}
		f.bind(plain, exclusions)
		file, err := container.JPEG(container.NewSource(bytes.NewReader(plain), int64(len(plain)), container.Limits{}))
		require.NoError(t, err)
		plan, err := file.Plan([]container.Change{{Kind: container.C2PA, Value: storeOf(append(before, f.build(t, s))...)}})
		require.NoError(t, err)
		out, err := io.ReadAll(io.NewSectionReader(plan, 0, plan.Size()))
		require.NoError(t, err)
		at := carrying(t, out, "").frame()
		if slices.Equal(at, frame) {
			return out
		}
		frame = at
		f.assertions = slices.Clone(spoilt)
	}
}

// bind rewrites the hard binding for another file, if it is still the one that [forge]
// made.
func (f *forged) bind(plain []byte, exclusions []any) {
	i := slices.IndexFunc(f.created, func(ref any) bool { return ref.(uri)["url"] == uriScheme+inStore+"c2pa.hash.data" })
	j := slices.IndexFunc(f.assertions, func(b *jumbf.Box) bool { return b.Label == "c2pa.hash.data" })
	if i < 0 || j < 0 {
		return
	}
	h := hashAlgorithms["sha256"].New()
	h.Write(plain)
	box := assertionBox("c2pa.hash.data", map[string]any{"alg": "sha256", "hash": h.Sum(nil), "name": "all", "pad": []byte{}, "exclusions": exclusions})
	if f.otherContent {
		box = f.assertions[j]
	}
	f.assertions[j] = box
	maps.Copy(f.created[i].(uri), refer(uriScheme+inStore+"c2pa.hash.data", box))
}

// A difference says how the reference implementation (c2pa-rs 0.91) judges a file that we
// judge otherwise, and why we do.
type difference struct {
	state State
	code  Code // "" where it finds nothing, or where ours is not the question
	why   string
}

// differences are those of what the tests spoil, in the order of the specification. That
// the reference stops with an error at some of what is Invalid is none.
var differences = map[string]difference{
	"MD5":                          {Invalid, AssertionHashedURIMismatch, "15.4.3: an algorithm that is not allowed has its own code"},
	"on the web":                   {Invalid, AssertionMissing, "15.10.3.1: a URI that does not lead into the manifest has its own code"},
	"two dots":                     {Invalid, AssertionHashedURIMismatch, "8.4.2.1: no such URI"},
	"metadata of another schema":   {Trusted, "", "15.10.3.2.3: fields outside of the list"},
	"metadata that names a person": {Trusted, "", "15.10.3.2.3: fields outside of the list"},
	"redacts itself":               {Trusted, "", "15.10.3.1: a relative URI leads to the own manifest"},
	"opened two":                   {Trusted, "", "15.10.3.2.2: exactly one"},
	"opened another than it says":  {Trusted, "", "15.10.3.3: the hash of a reference counts"},
	"removed":                      {Invalid, ActionIngredientMismatch, "15.10.3.2.2: the ingredient is in another manifest"},
	"removed what it places":       {Trusted, "", "15.10.3.2.2: the ingredient is in another manifest"},
	"redacted nothing":             {Trusted, "", "15.10.3.2.2: without parameters there is no URI"},
	"empty time stamps":            {Trusted, "", "15.10.3.2.4: at least one"},
	"icon gone":                    {Invalid, AssertionMissing, "15.10.3.3: hashedURI.missing"},
	"icon changed":                 {Invalid, AssertionHashedURIMismatch, "15.10.3.3: hashedURI.mismatch"},
	"icon without algorithm":       {Trusted, "", "15.4.3: an algorithm that is not allowed"},
	"icon of a template gone":      {Invalid, AssertionMissing, "15.10.3.3: hashedURI.missing"},
	"icon of an agent gone":        {Invalid, AssertionMissing, "15.10.3.3: hashedURI.missing"},
	"opened-stranger.jpg":          {Valid, "", "14.3.6: the signer of the active manifest is trusted"},
}

// A comparison collects files for both.
type comparison struct {
	t     testing.TB
	dir   string
	opts  *Options
	paths []string
	ours  map[string]*Report
	want  map[string]Code // a failure that both should find
}

func compare(t testing.TB, opts *Options) *comparison {
	return &comparison{t: t, dir: t.TempDir(), opts: opts, ours: map[string]*Report{}, want: map[string]Code{}}
}

// add takes a file. Names are those of the differences, and may end as files do.
func (c *comparison) add(name string, b []byte, want Code) {
	file := name
	if filepath.Ext(name) == "" {
		file += ".jpg"
	}
	path := filepath.Join(c.dir, file)
	require.NoError(c.t, os.WriteFile(path, b, 0o600))
	c.paths = append(c.paths, path)
	r, err := Validate(metadata.Bytes(b, name), c.opts)
	require.NoError(c.t, err, name)
	c.ours[file], c.want[file] = r, want
}

// run asks the reference, and returns how many files it judged.
func (c *comparison) run(root string) (judged int) {
	theirs := askPeer(c.t, "validate.mjs", append([]string{"--trust", root}, c.paths...)...)
	for file, our := range c.ours {
		v, ok := theirs[file]
		require.True(c.t, ok, file)
		if v.Error != "" {
			require.Contains(c.t, []State{Invalid, ""}, our.State, "%s: %s", file, v.Error)
			continue
		}
		judged++
		d, known := differences[strings.TrimSuffix(file, ".jpg")]
		if !known {
			d, known = differences[file]
		}
		if known {
			require.Equal(c.t, d.state, State(v.State), file)
			require.True(c.t, d.code == "" || slices.Contains(v.Codes, string(d.code)), "%s: %v", file, v.Codes)
			require.False(c.t, our.State == d.state && slices.Contains(v.Codes, string(c.want[file])), "%s is no difference any more", file)
			continue
		}
		require.Equal(c.t, State(v.State), our.State, "%s: %v, %v", file, failures(our.Findings), v.Failures)
		if c.want[file] != "" {
			require.Contains(c.t, v.Codes, string(c.want[file]), file)
		}
	}
	return judged
}

func TestReferenceOnManifests(t *testing.T) {
	_, opts := forger(t)
	c := compare(t, opts)
	for _, fault := range faultsOfManifests {
		f := forge().act(created())
		fault.spoil(f)
		c.add(fault.name, embed(t, f), fault.code)
	}
	h := newHistory(t)
	for _, rule := range actionRules {
		f := forge()
		rule.make(f, h)
		c.add(rule.name, embed(t, f, h.parent, h.old), rule.code)
	}
	root, _, _ := writePEM(t, c.dir)
	require.Greater(t, c.run(root), 40)
}

// TestReferenceOnVectors compares the states of what the reference signed, whole and with
// single bytes changed.
func TestReferenceOnVectors(t *testing.T) {
	opts := vectorOptions(t)
	opts.Time = time.Now() // as the reference does
	c := compare(t, opts)
	for _, name := range vectorFiles(t) {
		b := vector(t, name)
		c.add(name, b, "")
		if strings.HasPrefix(name, "opened") || len(b) > 8<<10 {
			continue
		}
		protected := protectedBytes(t, b, name)
		for n := range 9 {
			i := 64 + n*(len(b)-64)/9
			if protected != nil && protected[i] {
				b[i] ^= 1 << (n % 8)
				c.add(fmt.Sprintf("%d-%s", i, name), b, "")
				b[i] ^= 1 << (n % 8)
			}
		}
	}
	require.Greater(t, c.run(filepath.Join(vectors, "root.pem")), 150)
}
