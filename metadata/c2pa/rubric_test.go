package c2pa

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A crManifest is a manifest as the reference's crJSON report has it, as far as the
// rubric "Asset Conformance 0.2, Spec 2.4" of the conformance program looks at it.
type crManifest struct {
	Label      string
	Update     bool `json:"isUpdateManifest"`
	Assertions map[string]json.RawMessage
	Claim      struct {
		SpecVersion any `json:"specVersion"`
		Generator   struct {
			Name, Version, SpecVersion string
		} `json:"claim_generator_info"`
		Created []struct{ URL string } `json:"created_assertions"`
	} `json:"claim.v2"`
}

type crActions struct {
	All     *bool `json:"allActionsIncluded"`
	Actions []struct {
		Action, DigitalSourceType string
		Parameters                map[string]json.RawMessage
	}
}

type crIngredient struct {
	Relationship                                      string
	ActiveManifest, ValidationResults, ClaimSignature json.RawMessage
	SourceType                                        string `json:"digitalSourceType"`
}

// activeOf returns the active manifest of a crJSON report: the first.
func activeOf(t testing.TB, report json.RawMessage) crManifest {
	t.Helper()
	var r struct{ Manifests []crManifest }
	require.NoError(t, json.Unmarshal(report, &r))
	require.NotEmpty(t, r.Manifests)
	return r.Manifests[0]
}

// requireConformance checks the rules of the rubric.
func requireConformance(t testing.TB, m crManifest) {
	t.Helper()
	require.True(t, strings.HasPrefix(m.Label, "urn:c2pa:"), "active_manifest_urn")
	require.Nil(t, m.Claim.SpecVersion, "no_deprecated_claim_fields")
	require.True(t, strings.HasPrefix(m.Claim.Generator.SpecVersion+".", "2.4."), "mandatory_spec_version")
	require.NotEmpty(t, m.Claim.Generator.Name)
	for label, value := range m.Assertions {
		requireConformingLabel(t, label)
		switch base, _, _ := strings.Cut(label, "__"); {
		case strings.HasPrefix(base, "c2pa.actions"):
			requireConformingActions(t, value)
		case strings.HasPrefix(base, "c2pa.ingredient"):
			requireConformingIngredient(t, value)
		case strings.HasPrefix(base, "c2pa.hash."):
			require.NotContains(t, string(value), `"url"`, "no_url_in_hashes")
		}
	}
	if !m.Update {
		first := slices.IndexFunc(m.Claim.Created, func(r struct{ URL string }) bool { return strings.Contains(r.URL, "c2pa.actions") })
		require.GreaterOrEqual(t, first, 0, "actions are created, not gathered")
		require.True(t, strings.HasSuffix(m.Claim.Created[first].URL, "/c2pa.actions.v2"), "inception_action_position")
		require.True(t, slices.ContainsFunc(m.Claim.Created, func(r struct{ URL string }) bool { return strings.Contains(r.URL, "c2pa.hash.") }))
	}
}

// allowedAssertions are the assertions of the specification that we write.
var allowedAssertions = []string{
	"c2pa.actions.v2", "c2pa.ingredient.v3", "c2pa.soft-binding", "c2pa.hash.data", "c2pa.hash.bmff.v3", "c2pa.hash.collection.data",
	"c2pa.time-stamp", "c2pa.certificate-status", "c2pa.metadata",
}

func requireConformingLabel(t testing.TB, label string) {
	t.Helper()
	base, _, _ := strings.Cut(label, "__")
	require.False(t, strings.HasPrefix(base, "stds."), "no_deprecated_assertions: %s", label)
	require.Contains(t, base, ".", "no_unrecognized_custom_assertions")
	if strings.HasPrefix(base, "c2pa.") {
		require.Contains(t, allowedAssertions, base, "no_deprecated_assertions, no_unsupported_assertions")
	}
}

// nonEditorial are the actions that need no source type.
var nonEditorial = []string{
	"c2pa.converted", "c2pa.published", "c2pa.repackaged", "c2pa.transcoded", "c2pa.resized.proportional", "c2pa.enhanced",
	"c2pa.edited.metadata", "c2pa.watermarked.bound", "c2pa.watermarked.unbound", "c2pa.redacted", "c2pa.placed",
}

func requireConformingActions(t testing.TB, assertion json.RawMessage) {
	t.Helper()
	var a crActions
	require.NoError(t, json.Unmarshal(assertion, &a))
	require.NotNil(t, a.All, "mandatory_all_actions_included")
	for i, action := range a.Actions {
		require.Contains(t, action.Action, ".", "no_unrecognized_custom_actions")
		require.NotContains(t, oldActions, action.Action, "no_deprecated_actions")
		inception := action.Action == "c2pa.created" || action.Action == "c2pa.opened"
		require.True(t, !inception || i == 0, "inception_action_position")
		switch {
		case action.Action == "c2pa.opened":
			var ingredients []any
			require.NoError(t, json.Unmarshal(action.Parameters["ingredients"], &ingredients))
			require.Len(t, ingredients, 1, "opened_action_ingredient_reference")
			require.Empty(t, action.DigitalSourceType, "no_dst_for_opened_action")
			require.True(t, len(a.Actions) > 1 || *a.All, "all_actions_included_opened")
		case strings.HasPrefix(action.Action, "c2pa.") && !slices.Contains(nonEditorial, action.Action):
			require.NotEmpty(t, action.DigitalSourceType, "mandatory_dst_for_created_action, mandatory_dst_for_perceptible_transformations")
		}
		for key := range action.Parameters {
			require.NotContains(t, []string{"description", "ingredient"}, key, "discouraged_legacy_action_parameters")
			require.True(t, key == "ingredients" || strings.Contains(key, "."), "no_unrecognized_custom_action_parameters")
		}
	}
}

func requireConformingIngredient(t testing.TB, assertion json.RawMessage) {
	t.Helper()
	var in crIngredient
	require.NoError(t, json.Unmarshal(assertion, &in))
	require.Contains(t, []string{"parentOf", "inputTo", "componentOf"}, in.Relationship, "ingredient_relationship_values")
	require.Equal(t, in.ActiveManifest != nil, in.ValidationResults != nil, "ingredient_v3_no_active_manifest, ingredient_v3_mandatory_validation_results")
	require.Equal(t, in.ActiveManifest != nil, in.ClaimSignature != nil)
	require.True(t, in.ActiveManifest == nil || in.SourceType == "", "ingredient_v3_choice")
}

// requireFullyGenerated checks the official signal of fully generated media.
func requireFullyGenerated(t testing.TB, m crManifest) {
	t.Helper()
	var a crActions
	require.NoError(t, json.Unmarshal(m.Assertions["c2pa.actions.v2"], &a))
	require.Equal(t, "c2pa.created", a.Actions[0].Action)
	require.Equal(t, Trained, a.Actions[0].DigitalSourceType)
}
