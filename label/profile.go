package label

import (
	"fmt"
	"slices"
)

// A Profile names a set of rules. The zero value is [China].
type Profile string

// China is GB 45438-2025 with the Measures for Labeling AI-Generated Synthetic
// Content.
const China Profile = "china"

// profiles lists, for each profile, the checks that must not fail.
var profiles = map[Profile][]string{
	China: {
		checkIntact, checkUnambiguous, checkPresent, checkRequired, checkLabel, checkCharset, checkFields, checkProducerCode,
		checkPropagator, checkSingle, checkAgree, checkSeal, checkNotice, checkMarkAgrees,
	},
}

// ParseProfile returns the profile of a name; "" is [China].
func ParseProfile(name string) (Profile, error) {
	p := Profile(name).orDefault()
	if _, ok := profiles[p]; !ok {
		return "", fmt.Errorf("label: unknown profile %q; known is %q", name, China)
	}
	return p, nil
}

func (p Profile) orDefault() Profile {
	if p == "" {
		return China
	}
	return p
}

// requires reports whether a failure of the check breaks the profile.
func (p Profile) requires(check string) bool {
	return slices.Contains(profiles[p.orDefault()], check)
}
