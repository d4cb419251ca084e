package label

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/watermark"
)

// The ids of the checks.
const (
	checkIntact       = "container.intact"
	checkUnambiguous  = "container.unambiguous"
	checkPresent      = "record.present"
	checkRequired     = "record.required"
	checkLabel        = "record.label"
	checkCharset      = "record.charset"
	checkFields       = "record.fields"
	checkProducerCode = "record.producer_code"
	checkPropagator   = "record.propagator"
	checkSingle       = "sites.single"
	checkAgree        = "sites.agree"
	checkSeal         = "seal.valid"
	checkNotice       = "notice.present"
	checkWatermark    = "watermark.present"
	checkMarkAgrees   = "watermark.agrees"
	checkCredentials  = "credentials.valid"
	checkTrusted      = "credentials.trusted"
	checkOrigin       = "credentials.agree"
	checkSourceType   = "source_type.present"
	checkDisclosure   = "disclosure.complete"
)

// annexE names the standard's normative annex, before an item.
const annexE = "GB 45438-2025 Annex E "

// check gathers the findings about one file.
type check struct {
	reading *metadata.Reading
	report  *Report
}

func (c *check) add(id string, outcome Outcome, rule, format string, args ...any) {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	c.report.Checks = append(c.report.Checks, Check{id, outcome, rule, message})
}

// pass notes a check of which there is no more to say.
func (c *check) pass(id, rule, message string) {
	c.report.Checks = append(c.report.Checks, Check{id, Pass, rule, message})
}

// absent is the outcome of a check on a label that is not there.
func (c *check) absent(id string) Outcome {
	if c.report.profile.wants(id) {
		return Fail
	}
	return Skip
}

// container judges the structure of the file.
func (c *check) container() {
	switch r := c.reading; {
	case r.Damage != nil:
		c.add(checkIntact, Fail, "format", "%v; get the file again", r.Damage)
	case len(r.Limits) > 0:
		c.add(checkIntact, Warn, "limits", "%v; part of the file was not examined", errors.Join(r.Limits...))
	case r.Encrypted:
		c.add(checkIntact, Warn, "format", "the file is encrypted; its values cannot be read")
	default:
		c.add(checkIntact, Pass, "format", "the structure is whole")
	}
}

// unambiguous judges whether all programs take the file for the same.
func (c *check) unambiguous() {
	const rule = "one format"
	format := c.reading.Format.Name
	if len(c.reading.Seconds) == 0 {
		c.add(checkUnambiguous, Pass, rule, "%s and no other format", format)
		return
	}
	switch s := c.reading.Seconds[0]; {
	case s.Usual != "":
		c.add(checkUnambiguous, Pass, rule, "%s; a %s follows", format, s.Usual)
	case s.Format == "":
		c.add(checkUnambiguous, Warn, rule, "other data behind the end of the %s at offset %d; what it says is not examined", format, s.Offset)
	default:
		c.add(checkUnambiguous, Fail, rule, "the %s file is %s too, see offset %d; save it again as one format", format, s.Format, s.Offset)
	}
}

// record judges the record itself.
func (c *check) record() {
	rec := c.reading.Record
	switch {
	case rec != nil:
	case c.reading.Format.Write == "":
		c.add(checkPresent, Skip, annexE+"a)", "the %s format has no place for a record", c.reading.Format.Name)
		return
	case c.reading.Encrypted && len(c.records()) > 0:
		c.add(checkPresent, Warn, annexE+"a)", "the record in %s is encrypted and cannot be read", c.records()[0].Place)
		return
	default:
		c.add(checkPresent, c.absent(checkPresent), annexE+"a)", "no record; a generator labels with Write, a platform with Propagate")
		return
	}
	c.add(checkPresent, Pass, annexE+"a)", "record in %s", c.recordPlace())
	problems := fieldErrors(rec.Validate())
	c.fields(problems, checkRequired, annexE+"d), e)", "required fields are there")
	c.fields(problems, checkLabel, annexE+"c)", "Label is "+string(rec.Label))
	c.fields(problems, checkCharset, annexE+"j)", "all characters are allowed")
	c.fields(problems, checkFields, annexE+"b)", "the members are those of the standard")
	c.producerCode(rec.ContentProducer)
	c.propagator(problems, rec)
}

// records returns the sites of records.
func (c *check) records() (sites []*metadata.Site) {
	for i, s := range c.reading.Sites {
		if s.Scheme == metadata.AIGC {
			sites = append(sites, &c.reading.Sites[i])
		}
	}
	return sites
}

// recordPlace returns where the record stands.
func (c *check) recordPlace() string {
	for _, s := range c.records() {
		if s.Record.Equal(*c.reading.Record) {
			return s.Place
		}
	}
	return ""
}

// fields fails a check with its problems, or passes it.
func (c *check) fields(problems []*metadata.FieldError, id, rule, good string) {
	var found []string
	for _, p := range problems {
		if slices.Contains(checksOf(p), id) {
			found = append(found, p.Finding())
		}
	}
	if len(found) > 0 {
		c.add(id, Fail, rule, "%s", strings.Join(found, "; "))
	} else {
		c.pass(id, rule, good)
	}
}

// checksOf returns the checks that a problem fails.
func checksOf(p *metadata.FieldError) []string {
	id, ok := map[metadata.Problem]string{
		metadata.Missing:      checkRequired,
		metadata.BadLabel:     checkLabel,
		metadata.BadCharacter: checkCharset,
		metadata.HalfPair:     checkPropagator,
	}[p.Problem]
	switch {
	case p.Field == "Label" && ok:
		return []string{checkLabel, id}
	case p.Field == "Label":
		return []string{checkLabel}
	case ok:
		return []string{id}
	}
	return []string{checkFields}
}

// producerCode judges a provider code; a name is as good (Annex E d)).
func (c *check) producerCode(s string) {
	const rule = "TC260-PG-20252A"
	_, err := metadata.ParseProviderCode(s)
	code, _ := errors.AsType[*metadata.CodeError](err)
	switch {
	case s == "" || !metadata.LooksLikeCode(s):
		c.add(checkProducerCode, Skip, rule, "the producer gives a name, not a code")
	case err == nil:
		c.add(checkProducerCode, Pass, rule, "the code is well formed")
	case code != nil && code.Unconfirmed:
		c.add(checkProducerCode, Warn, rule, "%v", err)
	default:
		c.add(checkProducerCode, Fail, rule, "%v", err)
	}
}

// propagator judges the propagation pair: empty is legal before the content is
// propagated, half is not.
func (c *check) propagator(problems []*metadata.FieldError, rec *metadata.Record) {
	if rec.ContentPropagator == "" && rec.PropagateID == "" {
		c.add(checkPropagator, Warn, annexE+"g), h)", "the propagation pair is empty; a platform fills it with Propagate")
		return
	}
	c.fields(problems, checkPropagator, annexE+"g), h)", "propagated by "+rec.ContentPropagator)
}

// sites judges the number and agreement of the records.
func (c *check) sites() {
	records := c.records()
	const rule = "GB 45438-2025 6.1 c)"
	if len(records) < 2 {
		c.add(checkSingle, outcomeOf(len(records) == 1, Skip), rule, "%d record in the file", len(records))
		c.add(checkAgree, Skip, rule, "nothing to compare")
		return
	}
	c.add(checkSingle, Fail, rule, "%d records in the file, the standard allows one; the producer writes it again with Write", len(records))
	for _, s := range records[1:] {
		if !s.Record.Equal(records[0].Record) {
			c.add(checkAgree, Fail, rule, "the records in %s and %s differ", records[0].Place, s.Place)
			return
		}
	}
	c.add(checkAgree, Pass, rule, "all copies agree")
}

func outcomeOf(ok bool, otherwise Outcome) Outcome {
	if ok {
		return Pass
	}
	return otherwise
}

// notice judges the visible notice. Notices around the content are legal, so a
// missing one is no failure.
func (c *check) notice(unseen string) {
	rule := "GB 45438-2025 clause 5"
	switch {
	case len(c.report.Notices) > 0:
		c.add(checkNotice, Pass, c.report.Notices[0].Rule, "%q at the %s", c.report.Notices[0].Text, c.report.Notices[0].Place)
	case unseen == "":
		c.add(checkNotice, Warn, rule, "no notice in the content; one beside it is legal, exported files need it inside")
	default:
		c.add(checkNotice, Skip, rule, "%s", unseen)
	}
}

// watermark judges the watermarks: whether there is one, and whether it is the record's.
// No rule asks for them, so a missing one is no failure.
func (c *check) watermark(unseen string) {
	const rule = "Measures Art. 5" // encourages them
	found := c.report.Watermarks
	switch {
	case len(found) > 0:
		c.add(checkWatermark, Pass, rule, "%s in the pixels; by chance with a probability of %.0e", found[0].Payload, found[0].Probability)
	case unseen == "":
		c.add(checkWatermark, c.absent(checkWatermark), rule, "none under these keys")
	default:
		c.add(checkWatermark, Skip, rule, "%s", unseen)
	}
	c.watermarkAgrees(found)
}

// watermarkAgrees compares the watermarks with the record: one of them has to be its tag.
func (c *check) watermarkAgrees(found []FoundWatermark) {
	const rule = "one content, one number"
	rec := c.reading.Record
	switch {
	case len(found) == 0:
		c.add(checkMarkAgrees, Skip, rule, "no watermark to compare")
	case rec == nil:
		c.add(checkMarkAgrees, Skip, rule, "no record to compare; look up the watermark in the receipts of the producer")
	case Tag(*rec) == watermark.Payload{}:
		c.add(checkMarkAgrees, Skip, rule, "the record names no producer and number to compare")
	case slices.ContainsFunc(found, func(w FoundWatermark) bool { return w.Payload == Tag(*rec) || w.Payload == WideTag(*rec) }):
		c.add(checkMarkAgrees, Pass, rule, "the watermark is the tag of the record")
	default:
		c.add(checkMarkAgrees, Fail, rule, "the watermark says %s, the tag of the record is %s: one of the two is of other content, or the producer's watermarks are no tags; ask the producer",
			found[0].Payload, Tag(*rec))
	}
}

// sourceType looks for the source type, in XMP and in the credentials. China does not ask
// for it.
func (c *check) sourceType() {
	const rule = "IPTC Photo Metadata DigitalSourceType"
	for _, s := range c.reading.Sites {
		if s.Scheme == metadata.IPTC && isGenerated(s.Value) {
			c.add(checkSourceType, Pass, rule, "%s in %s", s.Value, s.Place)
			return
		}
	}
	if said := c.credentialSourceType(); said != "" {
		c.add(checkSourceType, Pass, "C2PA 2.2 18.14", "%s in the credentials", said)
		return
	}
	c.add(checkSourceType, c.absent(checkSourceType), rule, "no DigitalSourceType of generated content")
}

// fieldErrors returns the parts of the error of Record.Validate.
func fieldErrors(err error) []*metadata.FieldError {
	var all []*metadata.FieldError
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, fieldErrors(e)...)
		}
	} else if one, ok := errors.AsType[*metadata.FieldError](err); ok {
		all = append(all, one)
	}
	return all
}
