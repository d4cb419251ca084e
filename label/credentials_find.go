package label

import (
	"slices"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/c2pa"
)

// holdsCredential reports whether a site is more than a link, often to the file beside it.
func holdsCredential(s metadata.Site) bool { return isCredential(s) && s.Encoding != "url" }

// examineCredentials validates the credentials of a file that has some, in it or beside it,
// and takes what they say into the verdict.
func (v *Verifier) examineCredentials(report *Report, src metadata.Source, sidecar func() ([]byte, error)) error {
	var beside []byte
	if !slices.ContainsFunc(report.Sites, holdsCredential) {
		var err error
		if beside, err = sidecar(); beside == nil || err != nil {
			return err
		}
	}
	found, err := c2pa.Validate(src, &c2pa.Options{Trust: v.Trust, Sidecar: beside, Limits: v.Limits})
	if found == nil || found.State == "" {
		return err
	}
	report.Credentials = found
	switch {
	case !found.Origin.AI():
	case found.State == c2pa.Invalid:
		report.raise(Suspected)
	default:
		report.raise(Confirmed)
	}
	return err
}

// credentials judges the credentials.
func (c *check) credentials(trust *c2pa.Trust) {
	found := c.report.Credentials
	const rule = "C2PA 2.2 section 15"
	switch {
	case found == nil:
		c.add(checkCredentials, c.absent(checkCredentials), rule, "no Content Credentials; the producer signs with Signer")
		return
	case found.State == c2pa.Invalid:
		c.add(checkCredentials, Fail, rule, "%s; get the file from its source, or have its maker sign it again", failures(found))
	default:
		c.add(checkCredentials, Pass, rule, "intact since %s signed", signerOf(found))
	}
	c.trusted(found, trust)
	c.credentialsAgree(found)
}

// trusted judges who signed.
func (c *check) trusted(found *c2pa.Report, trust *c2pa.Trust) {
	const rule = "C2PA 2.2 section 14.4"
	switch {
	case found.State == c2pa.Trusted:
		c.add(checkTrusted, Pass, rule, "signed by %s", signerOf(found))
	case found.State == c2pa.Invalid:
		c.add(checkTrusted, Skip, rule, "the credentials do not hold, whoever signed")
	case trust == nil:
		c.add(checkTrusted, Skip, rule, "nobody is trusted without a trust list; give one as Trust")
	case c.report.profile.requires(checkTrusted):
		c.add(checkTrusted, Fail, rule, "%s is not on the trust list", signerOf(found))
	default:
		c.add(checkTrusted, Warn, rule, "%s is not on the trust list", signerOf(found))
	}
}

// credentialsAgree compares them with the record.
func (c *check) credentialsAgree(found *c2pa.Report) {
	const rule = "one content, one origin"
	rec := c.reading.Record
	switch {
	case found.State == c2pa.Invalid || rec == nil || found.Origin == "":
		c.add(checkOrigin, Skip, rule, "no record or no valid credentials to compare")
	case rec.Label == metadata.Generated && found.Origin == c2pa.OriginCaptured:
		c.add(checkOrigin, Fail, rule, "the record says generated, the credentials of %s say captured; ask the producer", signerOf(found))
	default:
		c.add(checkOrigin, Pass, rule, "the record and the credentials do not contradict each other")
	}
}

// failures names what is wrong with credentials, the first few things of it.
func failures(found *c2pa.Report) string {
	const most = 3
	var names []string
	for _, f := range found.Findings {
		if f.Kind != c2pa.Failure || f.Code == c2pa.SigningCredentialUntrusted || len(names) == most {
			continue
		}
		name := string(f.Code)
		if f.Explanation != "" {
			name += " (" + f.Explanation + ")"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "the credentials of an ingredient do not hold"
	}
	return strings.Join(names, ", ")
}

// signerOf names who signed.
func signerOf(found *c2pa.Report) string {
	if found.Active == nil || found.Active.Signature.Subject == "" {
		return "somebody"
	}
	return found.Active.Signature.Subject
}

// credentialSourceType returns the source type of generated content that valid credentials
// state, "" for none.
func (c *check) credentialSourceType() string {
	found := c.report.Credentials
	if found == nil || found.State == c2pa.Invalid {
		return ""
	}
	for _, m := range append([]*c2pa.Manifest{found.Active}, found.Manifests...) {
		if i := slices.IndexFunc(m.SourceTypes, isGenerated); i >= 0 {
			return m.SourceTypes[i]
		}
	}
	return ""
}

// inCredentials returns what valid credentials say of the making of the content: the first
// manifest that says that a model was at work does.
func inCredentials(found *c2pa.Report) (d disclosure) {
	if found == nil || found.State == c2pa.Invalid {
		return d
	}
	for _, m := range append([]*c2pa.Manifest{found.Active}, found.Manifests...) {
		for _, a := range m.Actions {
			if !isGenerated(a.DigitalSourceType) {
				continue
			}
			d.provider, d.id = m.Signature.Subject, m.Label
			d.system, d.version = a.SoftwareAgent.Name, a.SoftwareAgent.Version
			if !a.When.IsZero() {
				d.created = a.When.UTC().Format(time.RFC3339)
			}
			return d
		}
	}
	return d
}
