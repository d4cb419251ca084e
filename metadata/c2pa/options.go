package c2pa

import (
	"time"

	"github.com/aigclabel/aigclabel/metadata"
)

// Options adjust [Validate]; nil stands for the defaults.
type Options struct {
	// Trust says whom to trust. Without it a file is [Valid] at best.
	Trust *Trust

	// Time is the time of the validation; zero is now.
	Time time.Time

	// Sidecar is the manifest store of a file that does not carry one itself.
	Sidecar []byte

	Limits metadata.Limits
}
