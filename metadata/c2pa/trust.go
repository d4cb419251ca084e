package c2pa

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// Trust says which certificates are known. None are built in and none are fetched.
// It may be used by several goroutines that do not change it.
type Trust struct {
	// Signers are the anchors of those who sign manifests.
	Signers []*x509.Certificate

	// TimeStampers are the anchors of time-stamping authorities. Those of signers
	// do not count here, nor these there (C2PA 2.2, 14.4.2).
	TimeStampers []*x509.Certificate

	// Allowed are certificates of signers that are trusted without a chain, and
	// never issue others (C2PA 2.2, 14.4.3).
	Allowed []*x509.Certificate

	// EKUs are the extended key usages of signers beside those that the
	// specification lists.
	EKUs []asn1.ObjectIdentifier
}

// maxCertificates bounds a trust list.
const maxCertificates = 4096

// ParseCertificates reads the certificates of PEM text, such as a chain or a trust
// list, in their order. Other blocks and the text between them are skipped.
func ParseCertificates(text []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := parseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("c2pa: certificate %d: %w", len(certs), err)
		}
		if certs = append(certs, cert); len(certs) > maxCertificates {
			return nil, fmt.Errorf("c2pa: more than %d certificates", maxCertificates)
		}
	}
	if len(certs) == 0 {
		return nil, errors.New("c2pa: no certificate in PEM form; openssl x509 makes it of others")
	}
	return certs, nil
}

func (t *Trust) signers() []*x509.Certificate {
	if t == nil {
		return nil
	}
	return t.Signers
}

func (t *Trust) timeStampers() []*x509.Certificate {
	if t == nil {
		return nil
	}
	return t.TimeStampers
}

func (t *Trust) ekus() []asn1.ObjectIdentifier {
	if t == nil {
		return nil
	}
	return t.EKUs
}

// allows says whether a certificate is known by itself.
func (t *Trust) allows(cert *x509.Certificate) bool {
	return t != nil && contains(t.Allowed, cert)
}

func contains(certs []*x509.Certificate, cert *x509.Certificate) bool {
	for _, c := range certs {
		if c.Equal(cert) {
			return true
		}
	}
	return false
}

// pathTo returns the certificates from the first of a chain to an anchor, nil if
// there is no such path, and whether all of them were valid at a time. A path that
// was whole at another time is one still.
func pathTo(anchors, chain []*x509.Certificate, at time.Time) (path []*x509.Certificate, inside bool) {
	if len(anchors) == 0 {
		return nil, false
	}
	between := issuers(chain)
	opts := x509.VerifyOptions{
		Roots: pool(anchors), Intermediates: pool(between),
		CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	if paths, err := chain[0].Verify(opts); err == nil {
		return sound(paths), true
	}
	if validAt(chain[:1], at) && validAt(between, at) && validAt(anchors, at) {
		return nil, false // no other time would do
	}
	opts.CurrentTime = chain[0].NotBefore
	for _, cert := range between { // where all times overlap, they do at the latest start
		if cert.NotBefore.After(opts.CurrentTime) {
			opts.CurrentTime = cert.NotBefore
		}
	}
	if paths, err := chain[0].Verify(opts); err == nil {
		return sound(paths), false
	}
	return nil, false
}

// The bounds of the search for a path: it tries all issuers of a name, and who
// makes a file decides how many there are.
const (
	maxIssuers  = 5
	maxSameName = 2
)

// issuers returns the certificates that may be on a path from the first one.
func issuers(chain []*x509.Certificate) []*x509.Certificate {
	var found []*x509.Certificate
	names := map[string]int{}
	wanted := []*x509.Certificate{chain[0]}
	for len(wanted) > 0 {
		name := string(wanted[0].RawIssuer)
		wanted = wanted[1:]
		for _, cert := range chain[1:] {
			if string(cert.RawSubject) == name && names[name] < maxSameName && len(found) < maxIssuers && !contains(found, cert) {
				names[name]++
				found, wanted = append(found, cert), append(wanted, cert)
			}
		}
	}
	return found
}

func pool(certs []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, cert := range certs {
		p.AddCert(withPSSKey(cert))
	}
	return p
}

// sound returns the first path without a weak authority on it; that of the anchor
// is the caller's choice.
func sound(paths [][]*x509.Certificate) []*x509.Certificate {
	for _, path := range paths {
		var p profile
		for _, cert := range path[1:max(1, len(path)-1)] {
			p.cert = cert
			p.checkAlgorithms()
		}
		if len(p.faults) == 0 {
			return path
		}
	}
	return nil
}

// declaredPath returns the start of a chain in which each issued the one before.
func declaredPath(chain []*x509.Certificate) []*x509.Certificate {
	for i := 1; i < len(chain); i++ {
		if string(chain[i-1].RawIssuer) != string(chain[i].RawSubject) {
			return chain[:i]
		}
	}
	return chain
}

// validAt says whether all certificates were valid at a time.
func validAt(chain []*x509.Certificate, at time.Time) bool {
	for _, cert := range chain {
		if at.Before(cert.NotBefore) || at.After(cert.NotAfter) {
			return false
		}
	}
	return true
}
