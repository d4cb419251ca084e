package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aigclabel/aigclabel/metadata/c2pa"
)

// generator is what our credentials name as the program that made the claim.
var generator = c2pa.Generator{Name: "aigclabel", Version: "1"}

// runCert makes a chain of certificates for development.
func runCert(_ context.Context, c *cli, flags *flag.FlagSet, args []string) (int, error) {
	dir := flags.String("o", "", "`directory` to write root.pem, chain.pem and key.pem into (required)")
	name := flags.String("name", "aigclabel development", "`name` of the organization in the certificates")
	if err := flags.Parse(args); err != nil {
		return 0, fmt.Errorf("%w: %w", errUsage, err)
	}
	if flags.NArg() > 0 || *dir == "" {
		return 0, usageError("name the directory to write into with -o, and nothing else")
	}
	made, err := c2pa.NewDevelopmentChain(*name, nil)
	if err != nil {
		return 0, err
	}
	root, chain, key, err := made.PEM()
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return 0, err
	}
	for _, f := range []struct {
		name string
		text []byte
	}{{"key.pem", key}, {"chain.pem", chain}, {"root.pem", root}} {
		if err := writeNew(filepath.Join(*dir, f.name), f.text); err != nil {
			return 0, err
		}
	}
	fmt.Fprintf(c.stdout, `A root, a certificate that it vouches for and its key are in %[1]s. They are for development:
nobody else trusts the root. Platforms trust the lists of the C2PA, whose authorities issue
certificates for production.

  aigclabel label -cert %[2]s -cert-key %[3]s -producer CODE -o OUT IN
  aigclabel verify -trust %[4]s OUT
`, *dir, filepath.Join(*dir, "chain.pem"), filepath.Join(*dir, "key.pem"), filepath.Join(*dir, "root.pem"))
	return exitOK, nil
}

// signFlags are what signs credentials.
type signFlags struct{ chain, key, tsa string }

func (s *signFlags) register(flags *flag.FlagSet) {
	flags.StringVar(&s.chain, "cert", "", "also sign Content Credentials with the certificate in `file` (PEM), and those that lead to its root")
	flags.StringVar(&s.key, "cert-key", "", "`file` with the private key of -cert (PEM)")
	flags.StringVar(&s.tsa, "tsa", "", "`URL` of a time-stamping authority (RFC 3161) that states when it was signed")
}

// chosen returns the signer that is asked for, nil if none is.
func (s *signFlags) chosen() (*c2pa.Signer, error) {
	switch {
	case s.chain == "" && s.key == "" && s.tsa == "":
		return nil, nil
	case s.chain == "" && s.key == "":
		return nil, usageError("-tsa goes with -cert and -cert-key: it stamps what they sign")
	case s.chain == "" || s.key == "":
		return nil, usageError("-cert and -cert-key go together; aigclabel cert makes both for development")
	}
	chain, err := readCertificates(s.chain)
	if err != nil {
		return nil, err
	}
	key, err := readKey(s.key)
	if err != nil {
		return nil, err
	}
	signer := &c2pa.Signer{Key: key, Chain: chain, Generator: generator}
	if s.tsa != "" {
		signer.Timestamper = &c2pa.HTTPTimestamper{URL: s.tsa}
	}
	return signer, nil
}

// trustFlags registers whose credentials are trusted.
func trustFlags(flags *flag.FlagSet, to **c2pa.Trust) {
	into := func(list func(*c2pa.Trust) *[]*x509.Certificate) func(string) error {
		return func(name string) error {
			certs, err := readCertificates(name)
			if err != nil {
				return err
			}
			if *to == nil {
				*to = &c2pa.Trust{}
			}
			l := list(*to)
			*l = append(*l, certs...)
			return nil
		}
	}
	flags.Func("trust", "trust the roots in `file` (PEM) for the signers of Content Credentials; may be repeated",
		into(func(t *c2pa.Trust) *[]*x509.Certificate { return &t.Signers }))
	flags.Func("tsa-trust", "trust the roots in `file` (PEM) for time stamps; may be repeated",
		into(func(t *c2pa.Trust) *[]*x509.Certificate { return &t.TimeStampers }))
}

func readCertificates(name string) ([]*x509.Certificate, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	certs, err := c2pa.ParseCertificates(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return certs, nil
}

var (
	errNoKey     = errors.New("no private key in PEM (PKCS #8, or the older forms for EC and RSA)")
	errEncrypted = errors.New("the private key is encrypted; decrypt it first, as by openssl pkey -in KEY -out PLAIN")
)

// readKey returns the private key in a file.
func readKey(name string) (crypto.Signer, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		key, err := parseKey(block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if key != nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", name, errNoKey)
}

// parseKey returns the key of a block, nil if it holds something else.
func parseKey(block *pem.Block) (crypto.Signer, error) {
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, errEncrypted
	}
	switch block.Type {
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		signer, _ := key.(crypto.Signer)
		return signer, err
	}
	return nil, nil
}
