package metadata

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseProviderCode(t *testing.T) {
	code, err := ParseProviderCode(exampleCode)
	require.NoError(t, err)
	require.Equal(t, ProviderCode{Organization, SocialCredit, "91990099MA01ABCD56", ServiceGeneration, "0001"}, code)
	require.Equal(t, exampleCode, code.String())
	code, err = NewProviderCode("91990099MA01ABCD56", NoService, "")
	require.NoError(t, err)
	require.Equal(t, "001191990099MA01ABCD5600000", code.String())
}

func TestCodeErrors(t *testing.T) {
	for code, want := range map[string]string{
		"":                            "27 characters are needed, not 0",
		exampleCode[:26]:              "27 characters are needed, not 26",
		exampleCode + "0":             "27 characters are needed, not 28",
		"001191990099MA01ABCD561xliu": "character 24: only digits and upper-case letters are allowed",
		"001191990099MA01ABCD56 0001": "character 23: only digits and upper-case letters are allowed",
		"011191990099MA01ABCD5610001": "character 1: the format is 00, not 01",
		"001191990099MA01ABCD5710001": "character 22: the check character of the social credit code is 6, not 7",
		"001191990099MA01ABCD4310001": "character 21: the check character of the organization code is 5, not 4",
		"001191990099MA01ABCI5610001": "character 20: the letters I, O, S, V and Z are not used in a social credit code",
	} {
		t.Run(code, func(t *testing.T) {
			_, err := ParseProviderCode(code)
			bad, ok := errors.AsType[*CodeError](err)
			require.True(t, ok, "%v", err)
			require.False(t, bad.Unconfirmed)
			require.Contains(t, err.Error(), want)
		})
	}
}

func TestCodeWarnings(t *testing.T) {
	for code, position := range map[string]int{
		"0021" + strings.Repeat("0", 18) + "10001": 3,
		"0012" + strings.Repeat("0", 18) + "10001": 4,
		"001191990099MA01ABCD5630001":              23,
		"001191990099MA01ABCD5600001":              23,
	} {
		parsed, err := ParseProviderCode(code)
		bad, ok := errors.AsType[*CodeError](err)
		require.True(t, ok, "%s: %v", code, err)
		require.True(t, bad.Unconfirmed)
		require.Equal(t, position, bad.Position)
		require.Equal(t, code, parsed.String())
	}
}

// Both check characters must see every single wrong character and every swap of
// neighbours before them.
func TestCheckDigitsSeeTypingErrors(t *testing.T) {
	valid := "91990099MA01ABCD56"
	for i := range len(valid) {
		for _, c := range usccAlphabet {
			typo := valid[:i] + string(c) + valid[i+1:]
			_, problem := checkUSCC(typo)
			require.Equal(t, typo == valid, problem == "", typo)
		}
		if i > 0 && valid[i] != valid[i-1] {
			swapped := valid[:i-1] + valid[i:i+1] + valid[i-1:i] + valid[i+1:]
			_, problem := checkUSCC(swapped)
			require.NotEmpty(t, problem, swapped)
		}
	}
}

func TestLooksLikeCode(t *testing.T) {
	for s, want := range map[string]bool{
		exampleCode: true, "001191990099MA01ABCD56xliu": true, exampleCode + "9": true, "001191990099": true,
		"doubao": false, "Minimax Agent AI": false, "": false, "007": false, "00 Seven Studio": false, "e7539405-955c-4979-a8ff-98b6c2367cd5": false,
	} {
		require.Equal(t, want, LooksLikeCode(s), s)
	}
}
