package label

import (
	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/c2pa"
	"github.com/aigclabel/aigclabel/metadata/seal"
	"github.com/aigclabel/aigclabel/watermark"
)

// A Verdict is the answer to "is this AI-generated?" that the labels of a file
// allow (Measures Art. 6).
type Verdict string

// The verdicts, the strongest first. The verdict of a file is the strongest that
// any of its labels gives.
const (
	// Confirmed: a record with Label "1", an IPTC DigitalSourceType that says so, or a
	// watermark under a key of the verifier.
	Confirmed Verdict = "confirmed"

	// Possible: a record with Label "2", or the uploader declares it.
	Possible Verdict = "possible"

	// Suspected: a record with Label "3" or an illegal Label, a statement of
	// another form, or a visible notice or the trace of a generator without a
	// statement.
	Suspected Verdict = "suspected"

	// None: nothing says so.
	None Verdict = "none"
)

// state returns the Annex E state that a platform would write for v.
func (v Verdict) state() metadata.State {
	switch v {
	case Confirmed:
		return metadata.Generated
	case Possible:
		return metadata.Possible
	}
	return metadata.Suspected
}

// Notice returns the text that a platform shows around the content (Measures
// Art. 6 (1) to (3)), "" for None. The languages are those of [Notice].
func (v Verdict) Notice(lang string) string {
	if v == None || v == "" {
		return ""
	}
	text, _ := Notice{Language: lang}.wording(v.state()) // our own wordings are valid
	return text
}

// An Outcome is the result of a check.
type Outcome string

// The outcomes.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	Warn Outcome = "warn" // legal, but worth a look
	Skip Outcome = "skip" // nothing to check
)

// A Check is one atomic finding. Ids are stable.
type Check struct {
	ID      string  `json:"id"`
	Outcome Outcome `json:"outcome"`
	Rule    string  `json:"rule"`    // the clause that asks for it
	Message string  `json:"message"` // what was found and what to do
}

// A FoundNotice is a visible notice in a file.
type FoundNotice struct {
	Text  string `json:"text"`
	Place string `json:"place"`
	Rule  string `json:"rule"`
}

// A FoundWatermark is a watermark in the pixels of a file.
type FoundWatermark struct {
	// Payload is what it says: the [Tag] or [WideTag] of a record, or what its maker chose.
	Payload watermark.Payload `json:"payload"`

	// Probability is that of a picture without a watermark giving a payload, 0 to 1.
	Probability float64 `json:"probability"`

	// Transform is what was done to the picture since.
	Transform watermark.Transform `json:"transform"`

	// Key is the index of its key in [Verifier].Keys.
	Key int `json:"key"`
}

// A Report says what labels a file carries and whether they hold. It is a plain
// value; its JSON form is stable and grows by addition.
type Report struct {
	Schema      int              `json:"schema"` // 1
	File        string           `json:"file"`
	Format      string           `json:"format"`
	Verdict     Verdict          `json:"verdict"`
	Notice      string           `json:"notice"` // the text to show, in Chinese; see [Verdict.Notice]
	Record      *metadata.Record `json:"record"`
	Sites       []metadata.Site  `json:"sites"`
	Credentials *c2pa.Report     `json:"credentials"`
	Seals       []seal.Result    `json:"seals"` // of both reserved fields, none if they are empty
	Watermarks  []FoundWatermark `json:"watermarks"`
	Notices     []FoundNotice    `json:"notices"`
	Traces      []metadata.Trace `json:"traces"`
	Checks      []Check          `json:"checks"`
	Error       string           `json:"error"` // why the file could not be examined

	profile Profile
}

// Failed returns the checks that break the profile of the verifier.
func (r *Report) Failed() []Check {
	var failed []Check
	for _, c := range r.Checks {
		if c.Outcome == Fail && r.profile.requires(c.ID) {
			failed = append(failed, c)
		}
	}
	return failed
}

// OK reports whether the file carries a label and no check of the profile fails.
func (r *Report) OK() bool {
	return r.Error == "" && r.Verdict != None && len(r.Failed()) == 0
}
