package metadata

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOwnYAML: what is read without a tree is what the tree gives.
func TestOwnYAML(t *testing.T) {
	record := Record{Label: Generated, ContentProducer: "001191990099MA01ABCD5610001", ProduceID: "a: b # c", ReservedCode2: `"{}"`}
	own := string(record.yaml())
	members := ownYAML(own)
	require.Len(t, members, len(keys))
	const comment = "# not ours\n"
	require.Nil(t, ownYAML(own+comment))
	tree, err := parseStatement([]byte(own + comment))
	require.NoError(t, err)
	require.Equal(t, tree.members, members)
	for name, other := range map[string]string{
		"a quote in a value":     "AIGC:\n  Label: 'it''s'\n",
		"two values of a key":    "AIGC:\n  Label: '1'\n  Label: '2'\n",
		"a value without quotes": "AIGC:\n  Label: 1\n",
		"another indent":         "AIGC:\n   Label: '1'\n",
		"no indent":              "AIGC:\nLabel: '1'\n",
		"an unknown key":         "AIGC:\n  Labels: '1'\n",
		"one quote":              "AIGC:\n  Label: '\n",
		"nothing":                "AIGC:\n",
	} {
		require.Empty(t, ownYAML(other), name)
	}
}
