package c2pa

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/tsp"
	"github.com/aigclabel/aigclabel/internal/tsp/tsptest"
)

// A clock stamps with the time that it shows.
type clock struct {
	*tsptest.Authority
	at time.Time
}

func (c clock) Timestamp(_ context.Context, message []byte) ([]byte, error) {
	return c.Token(message, c.at), nil
}

// stamped are the codes of a good signature with a good time stamp.
var stamped = []Code{ClaimSignatureValidated, TimeStampTrusted, TimeStampValidated, SigningCredentialTrusted, ClaimSignatureInsideValidity, OCSPSkipped}

// TestTimeStamp keeps a signature good when the certificates have expired.
func TestTimeStamp(t *testing.T) {
	s, opts := developer(t, nil)
	tsa := tsptest.New(t)
	at := time.Now().UTC().Truncate(time.Second)
	s.Timestamper = clock{tsa, at}
	box := seal(t, s)
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	opts.Time = at.AddDate(40, 0, 0)
	signature, findings := checkSignature(box, theClaim, nil, nil, opts)
	require.Equal(t, stamped, codes(findings))
	require.Equal(t, at, signature.Time)
	require.True(t, signature.Trusted)

	opts.Trust.TimeStampers, opts.Trust.Signers = nil, append(opts.Trust.Signers, tsa.Root)
	signature, findings = checkSignature(box, theClaim, nil, nil, opts)
	require.Equal(t, []Code{ClaimSignatureValidated, TimeStampUntrusted, SigningCredentialTrusted, ClaimSignatureOutsideValidity, OCSPSkipped}, codes(findings))
	require.Zero(t, signature.Time)
	require.False(t, signature.Trusted)
}

// TestTimeStampFaults ignores a time stamp that is not good, and says why.
func TestTimeStampFaults(t *testing.T) {
	s, opts := developer(t, nil)
	now := time.Now()
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	tsa := tsptest.New(t)
	changed := func(change func(*x509.Certificate)) *tsptest.Authority {
		return tsptest.NewWithKey(t, newKey(t), change)
	}
	tests := []struct {
		name string
		tsa  *tsptest.Authority
		at   time.Time
		want []Code
	}{
		{"before the authority", tsa, now.AddDate(-30, 0, 0), []Code{TimeStampOutsideValidity, ClaimSignatureInsideValidity}},
		{"after the authority", tsa, now.AddDate(60, 0, 0), []Code{TimeStampOutsideValidity, ClaimSignatureInsideValidity}},
		{"before the signer", tsa, now.AddDate(-1, 0, 0), []Code{TimeStampTrusted, TimeStampValidated, ClaimSignatureOutsideValidity}},
		{"e-mail as well", changed(func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageEmailProtection) }), now,
			[]Code{TimeStampCredentialInvalid, TimeStampUntrusted, ClaimSignatureInsideValidity}},
		{"e-mail", changed(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }), now,
			[]Code{TimeStampCredentialInvalid, TimeStampUntrusted, ClaimSignatureInsideValidity}},
		{"content commitment", changed(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }), now,
			[]Code{TimeStampTrusted, TimeStampValidated, ClaimSignatureInsideValidity}},
		{"no key usage", changed(func(c *x509.Certificate) { c.KeyUsage = 0 }), now,
			[]Code{TimeStampCredentialInvalid, TimeStampUntrusted, ClaimSignatureInsideValidity}},
		{"RSA of 1024 bits", tsptest.NewWithKey(t, weak, nil), now, []Code{TimeStampCredentialInvalid, TimeStampUntrusted, ClaimSignatureInsideValidity}},
	}
	for _, tt := range tests {
		s.Timestamper = clock{tt.tsa, tt.at}
		opts.Trust.TimeStampers = []*x509.Certificate{tt.tsa.Root}
		_, findings := checkSignature(seal(t, s), theClaim, nil, nil, opts)
		require.Equal(t, tt.want, without(codes(findings), ClaimSignatureValidated, SigningCredentialTrusted, OCSPSkipped), tt.name)
	}
}

// without returns the codes but for some.
func without(list []Code, others ...Code) []Code {
	return slices.DeleteFunc(list, func(c Code) bool { return slices.Contains(others, c) })
}

// TestTimeStampHeaders reads time stamps of every shape: one token of the
// signature, the answer over the claim that older versions had, and none of two.
func TestTimeStampHeaders(t *testing.T) {
	s, opts := developer(t, nil)
	tsa := tsptest.New(t)
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	hidden := bucket{1: -7, 33: s.Chain[0].Raw}
	protected, err := coseEncoder.Marshal(hidden)
	require.NoError(t, err)
	now := time.Now()
	old := tsa.Token(toBeSigned(contextCounter, protected, theClaim), now)
	refused := *tsa
	refused.Status = 2
	tokens := func(values ...[]byte) (c stampContainer) {
		for _, value := range values {
			c.Tokens = append(c.Tokens, stampToken{value})
		}
		return c
	}
	sha1 := *tsa
	sha1.Hash = crypto.SHA1
	tests := []struct {
		name string
		open bucket
		want []Code
	}{
		{"old", bucket{"sigTst": tokens(tsa.Response(old))}, []Code{TimeStampTrusted, TimeStampValidated}},
		{"old without the answer", bucket{"sigTst": tokens(old)}, []Code{TimeStampMalformed}},
		{"old and refused", bucket{"sigTst": tokens(refused.Response(nil))}, []Code{TimeStampMalformed}},
		{"old as new", bucket{"sigTst2": tokens(old)}, []Code{TimeStampMismatch}},
		{"new is junk, old is good", bucket{"sigTst2": tokens([]byte("x")), "sigTst": tokens(tsa.Response(old))},
			[]Code{TimeStampMalformed, TimeStampTrusted, TimeStampValidated}},
		{"two", bucket{"sigTst2": tokens(old, old)}, []Code{TimeStampMalformed}},
		{"none", bucket{"sigTst2": tokens()}, []Code{TimeStampMalformed}},
		{"no container", bucket{"sigTst2": "x"}, []Code{TimeStampMalformed}},
		{"SHA-1", bucket{"sigTst2": tokens(sha1.Token(theClaim, now))}, []Code{TimeStampUntrusted}},
	}
	for _, tt := range tests {
		_, findings := checkSignature(compose(t, s, hidden, tt.open, nil), theClaim, nil, nil, opts)
		require.Equal(t, tt.want, without(codes(findings), signed...), tt.name)
	}
}

// TestTimeStampAssertions reads tokens from outside the signature, the first good
// one of several, and only where the signature has none of its own.
func TestTimeStampAssertions(t *testing.T) {
	s, opts := developer(t, nil)
	tsa, stranger := tsptest.New(t), tsptest.New(t)
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	box := seal(t, s)
	parsed, err := parseSign1(box)
	require.NoError(t, err)
	now := time.Now().UTC().Truncate(time.Second)
	good := tsa.Token(parsed.stamped(), now)
	stamps := [][]byte{stranger.Token(parsed.stamped(), now), tsa.Token(theClaim, now), good, good}
	signature, findings := checkSignature(box, theClaim, stamps, nil, opts)
	require.Equal(t, []Code{TimeStampUntrusted, TimeStampMismatch, TimeStampTrusted, TimeStampValidated}, without(codes(findings), signed...))
	require.Equal(t, now, signature.Time)

	s.Timestamper = clock{tsa, now.Add(-time.Minute)}
	signature, findings = checkSignature(seal(t, s), theClaim, stamps, nil, opts)
	require.Equal(t, stamped, codes(findings))
	require.Equal(t, now.Add(-time.Minute), signature.Time)
}

// TestClaimedTimeAfterTimeStamp does not believe in a claimed time that is later
// than the time stamp.
func TestClaimedTimeAfterTimeStamp(t *testing.T) {
	s, opts := developer(t, nil)
	tsa := tsptest.New(t)
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	now := time.Now()
	for claimed, want := range map[time.Duration]Code{-time.Minute: TimeOfSigningInsideValidity, time.Minute: TimeOfSigningOutsideValidity} {
		box := compose(t, s, bucket{1: -7, 33: s.Chain[0].Raw, "iat": now.Add(claimed).Unix()}, bucket{}, nil)
		parsed, err := parseSign1(box)
		require.NoError(t, err)
		_, findings := checkSignature(box, theClaim, [][]byte{tsa.Token(parsed.stamped(), now)}, nil, opts)
		require.Contains(t, codes(findings), want)
	}
}

// TestTimeStampFlips changes each byte of a token: the time is the same or there
// is none.
func TestTimeStampFlips(t *testing.T) {
	s, opts := developer(t, nil)
	tsa := tsptest.New(t)
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	box := seal(t, s)
	parsed, err := parseSign1(box)
	require.NoError(t, err)
	now := time.Now().UTC().Truncate(time.Second)
	token := tsa.Token(parsed.stamped(), now)
	kept := 0
	for i := range token {
		flipped := append([]byte{}, token...)
		flipped[i] ^= 1 << (i % 8)
		signature, _ := checkSignature(box, theClaim, [][]byte{flipped}, nil, opts)
		if !signature.Time.IsZero() {
			require.Equal(t, now, signature.Time, i)
			kept++
		}
	}
	require.Less(t, kept, 40) // versions and lists of algorithms that nothing depends on
}

// TestHTTPTimestamper asks an authority for a stamp over a signature.
func TestHTTPTimestamper(t *testing.T) {
	s, opts := developer(t, nil)
	tsa := tsptest.New(t)
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, http.MethodPost, r.Method)
		require.Equal(t, "application/timestamp-query", r.Header.Get("Content-Type"))
		tsa.ServeHTTP(w, r)
	}))
	defer server.Close()
	stamper := &HTTPTimestamper{URL: server.URL}
	s.Timestamper = stamper
	_, findings := checkSignature(seal(t, s), theClaim, nil, nil, opts)
	require.Equal(t, stamped, codes(findings))

	tsa.Status = 2
	_, err := stamper.Timestamp(t.Context(), theClaim)
	var refused *tsp.StatusError
	require.ErrorAs(t, err, &refused)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = stamper.Timestamp(canceled, theClaim)
	require.ErrorIs(t, err, context.Canceled)
}

// TestHTTPTimestamperFaults refuses what is no stamp, and does not read on without
// end.
func TestHTTPTimestamperFaults(t *testing.T) {
	tsa := tsptest.New(t)
	for name, answer := range map[string]http.HandlerFunc{
		"page":      func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html>")) },
		"not found": http.NotFound,
		"endless":   func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, tsp.MaxSize+2)) },
		"another message": func(w http.ResponseWriter, r *http.Request) {
			w.Write(tsa.Response(tsa.Token([]byte("x"), time.Now())))
		},
		"another request": func(w http.ResponseWriter, r *http.Request) { w.Write(tsa.Response(tsa.Token(theClaim, time.Now()))) },
	} {
		server := httptest.NewServer(answer)
		_, err := (&HTTPTimestamper{URL: server.URL}).Timestamp(t.Context(), theClaim)
		require.Error(t, err, name)
		server.Close()
	}
	s, _ := developer(t, nil)
	s.Timestamper = counterfeiter{tsa}
	_, err := s.signClaim(t.Context(), theClaim, s.signatureSize())
	require.ErrorIs(t, err, tsp.ErrMismatch)
}

// A counterfeiter stamps something else.
type counterfeiter struct{ tsa *tsptest.Authority }

func (f counterfeiter) Timestamp(context.Context, []byte) ([]byte, error) {
	return f.tsa.Token([]byte("x"), time.Now()), nil
}
