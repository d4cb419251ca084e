package main

import (
	"crypto"
	"flag"
	"fmt"
	"os"

	"github.com/aigclabel/aigclabel/metadata/seal"
)

// sealFlag registers the key that seals records.
func sealFlag(flags *flag.FlagSet, to **seal.Sealer) {
	flags.Func("seal-key", "also seal the record and the media with the private key in `file` (PEM: SM2, EC P-256 or Ed25519)", func(name string) error {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		key, err := seal.ParsePrivateKey(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*to = &seal.Sealer{Key: key}
		return nil
	})
}

// sealTrustFlag registers the keys whose seals prove who sealed.
func sealTrustFlag(flags *flag.FlagSet, to *[]crypto.PublicKey) {
	flags.Func("seal-trust", "trust the public keys in `file` (PEM) for seals; may be repeated", func(name string) error {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		keys, err := seal.ParsePublicKeys(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*to = append(*to, keys...)
		return nil
	})
}
