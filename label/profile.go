package label

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Profile names a set of rules. The zero value is [China]. The record is written under
// all of them: it names the provider and numbers the content, which all want to know.
type Profile string

const (
	// China is GB 45438-2025 with the Measures for Labeling AI-Generated Synthetic
	// Content: the record, well written, and once.
	China Profile = "china"

	// EU is Art. 50 (2) of the AI Act (Regulation (EU) 2024/1689) with the Code of Practice
	// of 2026: signed metadata that says how the content was made (measure 1.1.1), and a
	// watermark where we have one for the format (1.1.2).
	EU Profile = "eu"

	// California is the latent disclosure of SB 942 with AB 853 (Business and Professions
	// Code 22757.3 (b)): provider, system and version, time, and a unique identifier, in
	// pictures, sound and video. It is not for text.
	California Profile = "california"
)

// rules are what a profile asks of a file.
type rules struct {
	holds   []string // the checks that must not fail, each of a label that may be absent
	present []string // those of labels that must be there
}

var profiles = map[Profile]rules{
	China: {
		holds: []string{
			checkIntact, checkUnambiguous, checkRequired, checkLabel, checkCharset, checkFields, checkProducerCode,
			checkPropagator, checkSingle, checkAgree, checkSeal, checkNotice, checkMarkAgrees, checkOrigin,
		},
		present: []string{checkPresent},
	},
	EU: {
		holds:   []string{checkIntact, checkUnambiguous, checkTrusted, checkMarkAgrees, checkAgree, checkOrigin},
		present: []string{checkCredentials, checkWatermark, checkSourceType},
	},
	California: {
		holds:   []string{checkIntact, checkUnambiguous, checkCredentials, checkAgree, checkOrigin},
		present: []string{checkDisclosure},
	},
}

// ParseProfile returns the profile of a name; "" is [China].
func ParseProfile(name string) (Profile, error) {
	p := Profile(name).orDefault()
	if _, ok := profiles[p]; !ok {
		var known []string
		for _, name := range slices.Sorted(maps.Keys(profiles)) {
			known = append(known, fmt.Sprintf("%q", name))
		}
		return "", fmt.Errorf("label: unknown profile %q; known are %s", name, strings.Join(known, ", "))
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
	return slices.Contains(profiles[p.orDefault()].holds, check) || p.wants(check)
}

// wants reports whether the label that a check is about must be there.
func (p Profile) wants(check string) bool {
	return slices.Contains(profiles[p.orDefault()].present, check)
}

// ErrProfile reports a [Labeler] that lacks what its profile asks for.
var ErrProfile = errors.New("label: the profile asks for more")

// profile returns the profile of l, whose configuration must be able to fulfil it.
func (l *Labeler) profile() (Profile, error) {
	p, err := ParseProfile(string(l.Profile))
	if err != nil {
		return "", err
	}
	system := cmp.Or(l.System, l.Write.System)
	switch {
	case p != China && l.Signer == nil:
		return "", fmt.Errorf("%w: %q wants signed credentials; set Signer", ErrProfile, p)
	case p == EU && l.Watermark == nil:
		return "", fmt.Errorf("%w: %q wants a watermark where we have one for the format; set Watermark", ErrProfile, p)
	case p == California && (system.Name == "" || system.Version == ""):
		return "", fmt.Errorf("%w: %q wants the name and the version of the generator; set System", ErrProfile, p)
	}
	return p, nil
}
