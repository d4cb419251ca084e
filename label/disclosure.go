package label

import (
	"cmp"
	"strings"

	"github.com/aigclabel/aigclabel/metadata"
)

// A disclosure is what a file says of its making, in whatever label: what California asks
// for (Business and Professions Code 22757.3 (b) (1)).
type disclosure struct{ provider, system, version, created, id string }

// missing names what it does not say.
func (d disclosure) missing() (names []string) {
	for _, part := range []struct{ name, value string }{
		{"provider", d.provider}, {"system", d.system}, {"system version", d.version}, {"time", d.created}, {"unique identifier", d.id},
	} {
		if part.value == "" {
			names = append(names, part.name)
		}
	}
	return names
}

// or returns d with what it lacks from other.
func (d disclosure) or(other disclosure) disclosure {
	return disclosure{
		cmp.Or(d.provider, other.provider), cmp.Or(d.system, other.system), cmp.Or(d.version, other.version),
		cmp.Or(d.created, other.created), cmp.Or(d.id, other.id),
	}
}

// inXMP returns what the XMP properties of the file say.
func inXMP(r *metadata.Reading) disclosure {
	d := r.Disclosure()
	return disclosure{d.Provider, d.System.Name, d.System.Version, d.Created, d.ID}
}

// inRecord returns what the record says: it has no place for the others.
func inRecord(r *metadata.Reading) (d disclosure) {
	if r.Record != nil {
		d.provider, d.id = r.Record.ContentProducer, r.Record.ProduceID
	}
	return d
}

// disclosure judges what the file says of its making.
func (c *check) disclosure() {
	const rule = "SB 942, Business and Professions Code 22757.3 (b)"
	if c.reading.Format.Family == metadata.Document {
		c.add(checkDisclosure, Skip, rule, "for pictures, sound and video, not for text")
		return
	}
	said := inCredentials(c.report.Credentials).or(inXMP(c.reading)).or(inRecord(c.reading))
	switch missing := said.missing(); {
	case len(missing) == 0:
		c.add(checkDisclosure, Pass, rule, "%s with %s %s, %s, %s", said.provider, said.system, said.version, said.created, said.id)
	case !c.report.profile.wants(checkDisclosure):
		c.add(checkDisclosure, Skip, rule, "the file does not say all of it")
	default:
		c.add(checkDisclosure, Fail, rule, "the file does not say: %s; the provider labels it with System, Signer and the profile %q",
			strings.Join(missing, ", "), California)
	}
}
