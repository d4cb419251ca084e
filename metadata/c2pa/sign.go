package c2pa

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/metadata"
)

// A Signer signs manifests. It is configuration, safe for concurrent use where
// its key is.
type Signer struct {
	// Key signs: of an HSM or a KMS just as well. ECDSA, RSA and Ed25519 keys will do.
	Key crypto.Signer

	// Chain is the certificate of Key and those that lead to a root, without the root.
	Chain []*x509.Certificate

	// Algorithm, where set, stands for the one that goes with the key: ES256, ES384
	// and ES512 for P-256, P-384 and P-521, PS256 for RSA.
	Algorithm Algorithm

	// Timestamper, where set, states when it was signed.
	Timestamper Timestamper

	// OCSP are fresh responses about the certificates of Chain, in DER, for
	// validators that are offline. They prove something only beside a time stamp
	// (C2PA 2.2, 14.5.2).
	OCSP [][]byte

	// Generator is the program that makes the claim.
	Generator Generator
}

// A Generator is what writes a manifest or makes content: the product's name and
// version.
type Generator struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// A Timestamper returns an RFC 3161 time-stamp token over a message.
type Timestamper interface {
	Timestamp(ctx context.Context, message []byte) (token []byte, err error)
}

// SignOptions adjust [Signer.Plan]; nil stands for the defaults.
type SignOptions struct {
	// Opened is what [Validate] said of the file as it was opened, before the edits
	// that the claim's actions tell: the new manifest repeats it. Without it the file
	// is validated as it stands, which reads it once more where it has credentials,
	// and finds them broken where it was edited.
	Opened *Report

	// Validate adjusts that validation: whom to trust.
	Validate *Options

	// Discard drops credentials that cannot be read at all, and so cannot be
	// kept. By default they are [ErrUnreadable].
	Discard bool

	// Rand makes the identifiers; nil is crypto/rand.
	Rand io.Reader

	Limits metadata.Limits
}

// A Receipt says what was signed.
type Receipt struct {
	Format   string `json:"format"`
	Place    string `json:"place"`            // of the store; "" for one beside the file
	Manifest string `json:"manifest"`         // the new manifest's label
	Parent   string `json:"parent,omitempty"` // that of the manifest before, "" for none
	Binding  string `json:"binding"`          // the assertion that ties it to the bytes; "" for an update
	Size     int64  `json:"size"`             // of the output, in bytes

	// Store is the manifest store: what a repository keeps for files that lose theirs.
	Store []byte `json:"-"`

	// Broken names a signature of another kind that no longer holds for the file.
	Broken string `json:"brokenSignature,omitempty"`
}

var (
	// ErrNoPlace reports a format that carries no credentials, or not in this file.
	ErrNoPlace = errors.New("c2pa: no place for credentials; keep them beside the file, see Signer.Store")

	// ErrCredentials reports a claim that the content is new, of a file that has
	// credentials.
	ErrCredentials = errors.New("c2pa: the file has credentials, so it is not new; tell what was done to it, as Edited and Labelled do")

	// ErrUnreadable reports credentials that cannot be read, and so cannot be kept.
	ErrUnreadable = errors.New("c2pa: the file has credentials that cannot be read; set Discard to drop them")

	// ErrReadBack reports that planned credentials, read again, are not what was
	// asked for. Nothing has been written.
	ErrReadBack = errors.New("c2pa: read-back of the planned credentials differs; nothing was written")
)

// Sign copies src to w with a new manifest that states c. What [Signer.Plan] says
// holds here.
func (s *Signer) Sign(ctx context.Context, w io.Writer, src metadata.Source, c Claim, opts *SignOptions) (Receipt, error) {
	out, receipt, err := s.Plan(ctx, src, c, opts)
	if err != nil {
		return Receipt{}, err
	}
	if _, err := out.WriteTo(w); err != nil {
		return Receipt{}, fmt.Errorf("c2pa: %w", err)
	}
	return receipt, nil
}

// Plan signs a copy of src, up to the first byte: the output can be read anywhere,
// be the source of a further step, and be written. It reads the file once for its
// hash, and writing it reads it a second time; memory does not grow with the file.
//
// Nothing in the file changes but its credentials. Old ones stay byte for byte: the
// new manifest names the old one as what it goes on from, and says what it was
// worth. Sign last: what is written after breaks the credentials.
//
// Errors are those of a claim or of certificates that validators refuse, all of
// them at once; [ErrNoPlace], [ErrCredentials], [ErrUnreadable], [ErrReadBack],
// [metadata.ErrUnknownFormat], [metadata.ErrEncrypted], *[metadata.FormatError] for
// a damaged file, *[metadata.LimitError]; those of the key, of the Timestamper and
// of src. Plan is safe for concurrent use where the key is.
func (s *Signer) Plan(ctx context.Context, src metadata.Source, c Claim, opts *SignOptions) (metadata.Output, Receipt, error) {
	j, err := s.start(src, c, opts)
	if err != nil {
		return nil, Receipt{}, err
	}
	return j.embed(ctx)
}

// Store signs src as it stands and returns the manifest store, to be kept beside the
// file (".c2pa", media type application/c2pa) or in a repository: the way for formats
// without a place for it. Src itself must not change after. [Options].Sidecar of the
// options' Validate are credentials that are beside the file already. Errors are as
// in [Signer.Plan].
func (s *Signer) Store(ctx context.Context, src metadata.Source, c Claim, opts *SignOptions) ([]byte, Receipt, error) {
	j, err := s.start(src, c, opts)
	if err != nil {
		return nil, Receipt{}, err
	}
	return j.beside(ctx)
}

// A job is the signing of one file.
type job struct {
	signer *Signer
	opts   SignOptions
	asset  *asset
	name   string // of the file
	parent *predecessor
	draft  *draft
	size   int // of the signature
}

// start checks what is to be signed, and drafts the manifest.
func (s *Signer) start(src metadata.Source, c Claim, opts *SignOptions) (*job, error) {
	if err := errors.Join(s.check(), c.check()); err != nil {
		return nil, err
	}
	j, err := s.open(src, opts)
	if err != nil {
		return nil, err
	}
	switch {
	case !c.isNew():
	case j.parent.active != nil:
		return nil, fmt.Errorf("%w (%s)", ErrCredentials, j.parent.label())
	default:
		j.parent = nil
	}
	return j, j.begin(standardType, &c)
}

// check returns everything that keeps s from signing, joined.
func (s *Signer) check() error {
	if s.Key == nil {
		return errors.New("c2pa: the signer has no key")
	}
	if s.Generator.Name == "" {
		return errors.New("c2pa: the signer has no Generator: name the program that signs")
	}
	return CheckCertificates(s.Chain, s.Key.Public())
}

// open opens the file and its credentials.
func (s *Signer) open(src metadata.Source, opts *SignOptions) (*job, error) {
	j := &job{signer: s, name: src.Name, opts: *cmp.Or(opts, &SignOptions{}), size: s.signatureSize()}
	var err error
	if j.asset, err = openAsset(src, j.opts.Limits); err != nil {
		return nil, err
	}
	if err := j.asset.writable(); err != nil {
		return nil, err
	}
	j.parent, err = j.openParent(src)
	return j, err
}

// writable returns why the file cannot be written.
func (a *asset) writable() error {
	if a.file == nil {
		return nil
	}
	l := a.file.Summary()
	switch {
	case l.Encrypted:
		return fmt.Errorf("%w (%s)", metadata.ErrEncrypted, a.name)
	case l.Damage != nil:
		return fmt.Errorf("%w; a damaged file is not signed: save it again with the program that made it", public(a.name, l.Damage))
	case len(l.Limits) > 0:
		return public(a.name, l.Limits[0])
	}
	return nil
}

// public turns an error of package container into one of package metadata, or of
// this one.
func public(format string, err error) error {
	if errors.Is(err, container.ErrNoPlace) {
		return fmt.Errorf("%w (%s)%s", ErrNoPlace, format, strings.TrimPrefix(err.Error(), container.ErrNoPlace.Error()))
	}
	if limit, ok := errors.AsType[*container.LimitError](err); ok {
		return new(metadata.LimitError(*limit))
	}
	if bad, ok := errors.AsType[*container.FormatError](err); ok {
		return &metadata.FormatError{Format: format, Offset: bad.Offset, Err: bad.Err}
	}
	return fmt.Errorf("c2pa: %s file: %w", format, err)
}

// openParent reads the credentials that the file has.
func (j *job) openParent(src metadata.Source) (*predecessor, error) {
	p := &predecessor{mime: j.asset.mime}
	validation := cmp.Or(j.opts.Validate, &Options{})
	stores, _, err := j.asset.stores(validation.Sidecar)
	if err != nil || stores == nil {
		return p, err
	}
	if err := p.read(stores, j.asset.src.Inflated); err != nil {
		if j.opts.Discard {
			return &predecessor{mime: p.mime}, nil
		}
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if p.report = j.opts.Opened; p.report == nil {
		p.report, err = Validate(src, validation)
	}
	return p, err
}

// begin drafts a manifest.
func (j *job) begin(kind jumbf.UUID, c *Claim) error {
	random := cmp.Or[io.Reader](j.opts.Rand, rand.Reader)
	id, err := uuid.NewRandomFromReader(random)
	if err != nil {
		return fmt.Errorf("c2pa: %w", err)
	}
	instance, err := uuid.NewRandomFromReader(random)
	if err != nil {
		return fmt.Errorf("c2pa: %w", err)
	}
	j.draft = &draft{kind: kind, label: "urn:c2pa:" + id.String(), instance: "xmp:iid:" + instance.String(), generator: j.signer.Generator, binding: -1}
	j.draft.state(c, j.parent)
	return j.draft.err
}

// embed plans the file twice: first with a store whose hash and signature are open,
// which gives the bytes to hash; then with the store of the same size that has them.
func (j *job) embed(ctx context.Context) (metadata.Output, Receipt, error) {
	if j.asset.file == nil {
		return nil, Receipt{}, fmt.Errorf("%w (%s)", ErrNoPlace, j.asset.name)
	}
	open, err := j.placeholder()
	if err != nil {
		return nil, Receipt{}, err
	}
	_, draft, err := j.put(open)
	if err != nil {
		return nil, Receipt{}, err
	}
	defer draft.src.Release()
	closed, err := j.sign(ctx, draft)
	if err != nil {
		return nil, Receipt{}, err
	}
	plan, final, err := j.put(closed)
	if err != nil {
		return nil, Receipt{}, err
	}
	defer final.src.Release()
	if err := j.readBack(draft, final, closed); err != nil {
		return nil, Receipt{}, err
	}
	r := j.receipt(closed)
	r.Place, r.Size, r.Broken = final.store.Place, plan.Size(), j.asset.file.Summary().Signed
	return plan, r, nil
}

// beside signs the file as it stands.
func (j *job) beside(ctx context.Context) ([]byte, Receipt, error) {
	j.asset = j.asset.bare()
	if _, err := j.placeholder(); err != nil {
		return nil, Receipt{}, err
	}
	b, err := j.sign(ctx, j.asset)
	if err != nil {
		return nil, Receipt{}, err
	}
	r := j.receipt(b)
	r.Size = j.asset.src.Size()
	return b, r, nil
}

// bare returns the file as one that carries no store: all its bytes are hashed, but
// for what the hash of a file of boxes leaves out.
func (a *asset) bare() *asset {
	out := &asset{src: a.src, name: a.name, mime: a.mime, carrier: carrier{binding: byData}}
	if a.carrier.binding == byBoxes {
		out.carrier.binding = byBoxes
	}
	return out
}

// receipt says what was signed, but not where it went.
func (j *job) receipt(store []byte) Receipt {
	r := Receipt{Format: j.asset.name, Manifest: j.draft.label, Parent: j.parent.label(), Store: store}
	if i := j.draft.binding; i >= 0 {
		r.Binding = j.draft.assertions[i].Label
	}
	return r
}
