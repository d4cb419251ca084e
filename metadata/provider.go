package metadata

import (
	"fmt"
	"strings"
)

// A ProviderCode is the 27-character code of a service provider
// (TC260-PG-20252A): format 00, subject, binding, subject code, service, model.
// Annex E of GB 45438-2025 allows a name in its place; see [LooksLikeCode].
type ProviderCode struct {
	Subject SubjectType
	Binding BindingType
	USCC    string      // Unified Social Credit Code, 18 characters (GB 32100)
	Service ServiceType // "0" with Model "0000": no service named
	Model   string      // 4 characters of the provider's choice, "0000" for none
}

// A SubjectType is position 3 of a code: who the provider is.
type SubjectType string

// Organization is the only subject type that two sources confirm.
const Organization SubjectType = "1"

// A BindingType is position 4 of a code: what the subject code is.
type BindingType string

// SocialCredit says that the subject code is a Unified Social Credit Code. No
// other binding is confirmed.
const SocialCredit BindingType = "1"

// A ServiceType is position 23 of a code: what the service does.
type ServiceType string

// The service types.
const (
	NoService   ServiceType = "0" // the code names no service: all of 23 to 27 is 0
	Generation  ServiceType = "1"
	Propagation ServiceType = "2"
)

// Positions in a code.
const (
	codeLength  = 27
	codeUSCC    = 4
	codeService = codeUSCC + usccLength
	usccLength  = 18
)

// A CodeError says why a string is no valid provider code.
type CodeError struct {
	Code     string
	Position int    // of the first wrong character, from 1; 0 for the code as a whole
	Problem  string // "27 characters are needed, not 26"

	// Unconfirmed says that nothing is wrong by the rules that are known, but
	// that a type in the code is not: a warning. The parsed code is valid.
	Unconfirmed bool
}

func (e *CodeError) Error() string {
	if e.Position == 0 {
		return fmt.Sprintf("provider code %.40q: %s", e.Code, e.Problem)
	}
	return fmt.Sprintf("provider code %.40q: character %d: %s", e.Code, e.Position, e.Problem)
}

// NewProviderCode returns the code of an organization from its Unified Social
// Credit Code, checked to the digit, the service, and a model or application
// code of its own choice: four digits or upper-case letters, "" for none. The
// error is a [*CodeError].
func NewProviderCode(uscc string, service ServiceType, model string) (ProviderCode, error) {
	if model == "" {
		model = "0000"
	}
	c := ProviderCode{Organization, SocialCredit, uscc, service, model}
	return ParseProviderCode(c.String())
}

// ParseProviderCode parses a code: its length, alphabet, format and types, and
// both check digits of the Unified Social Credit Code (GB 32100, GB 11714).
// The error is a [*CodeError]. When that is Unconfirmed the code is returned as
// well, and its subject code has not been checked unless it is an organization's.
func ParseProviderCode(s string) (ProviderCode, error) {
	fail := func(position int, format string, args ...any) (ProviderCode, error) {
		return ProviderCode{}, &CodeError{Code: s, Position: position, Problem: fmt.Sprintf(format, args...)}
	}
	if i := strings.IndexFunc(s, notCodeCharacter); i >= 0 {
		return fail(i+1, "only digits and upper-case letters are allowed")
	}
	if len(s) != codeLength {
		return fail(0, "%d characters are needed, not %d", codeLength, len(s))
	}
	if s[:2] != "00" {
		return fail(1, "the format is 00, not %s", s[:2])
	}
	c := ProviderCode{
		Subject: SubjectType(s[2:3]), Binding: BindingType(s[3:4]), USCC: s[codeUSCC:codeService],
		Service: ServiceType(s[codeService : codeService+1]), Model: s[codeService+1:],
	}
	if c.Subject == Organization && c.Binding == SocialCredit {
		if position, problem := checkUSCC(c.USCC); problem != "" {
			return fail(codeUSCC+position, "%s", problem)
		}
	}
	return c, c.unconfirmed()
}

// unconfirmed returns a warning about types that no source confirms, or nil.
func (c ProviderCode) unconfirmed() error {
	warn := func(position int, what, value string) error {
		problem := fmt.Sprintf("%s %s is not known", what, value)
		return &CodeError{Code: c.String(), Position: position, Problem: problem, Unconfirmed: true}
	}
	switch {
	case c.Subject != Organization:
		return warn(3, "subject type", string(c.Subject))
	case c.Binding != SocialCredit:
		return warn(4, "binding type", string(c.Binding))
	case c.Service == Generation, c.Service == Propagation, c.Service == NoService && c.Model == "0000":
		return nil
	}
	return warn(codeService+1, "service type", string(c.Service))
}

// String returns the 27 characters of the code.
func (c ProviderCode) String() string {
	return "00" + string(c.Subject) + string(c.Binding) + c.USCC + string(c.Service) + c.Model
}

// LooksLikeCode reports whether s is meant as a provider code, right or wrong,
// rather than a provider's name: it starts with 00 and two more digits, and is
// longer than a name of digits would be.
func LooksLikeCode(s string) bool {
	return len(s) >= 12 && strings.HasPrefix(s, "00") && isDigit(s[2]) && isDigit(s[3])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func notCodeCharacter(c rune) bool { return (c < '0' || c > '9') && (c < 'A' || c > 'Z') }

// usccAlphabet gives the characters of a social credit code their values: no I,
// O, S, V, Z (GB 32100).
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// checkUSCC checks a social credit code of 18 digits and upper-case letters. It
// returns what is wrong and at which position, from 1, or "".
func checkUSCC(code string) (position int, problem string) {
	sum, weight := 0, 1
	for i := range usccLength - 1 {
		value := strings.IndexByte(usccAlphabet, code[i])
		if value < 0 {
			return i + 1, "the letters I, O, S, V and Z are not used in a social credit code"
		}
		sum += value * weight
		weight = weight * 3 % 31
	}
	if want := usccAlphabet[(31-sum%31)%31]; code[usccLength-1] != want {
		return usccLength, fmt.Sprintf("the check character of the social credit code is %c, not %c", want, code[usccLength-1])
	}
	if want := organizationCheck(code[8:16]); code[16] != want {
		return 17, fmt.Sprintf("the check character of the organization code is %c, not %c", want, code[16])
	}
	return 0, ""
}

// organizationCheck returns the check character of the 8 characters of an
// organization code (GB 11714).
func organizationCheck(code string) byte {
	sum := 0
	for i, weight := range [...]int{3, 7, 9, 10, 5, 8, 4, 2} {
		value := int(code[i] - '0')
		if code[i] >= 'A' {
			value = int(code[i]-'A') + 10
		}
		sum += value * weight
	}
	return "0123456789X0"[11-sum%11]
}
