// Package c2pa reads, validates and writes Content Credentials: the signed manifests of
// C2PA (specification 2.2, with what 2.4 adds), which say who made a file, with what, and
// from what.
//
// [Validate] judges the credentials of a file, in it or beside it:
//
//	report, err := c2pa.Validate(src, &c2pa.Options{Trust: &c2pa.Trust{Signers: roots}})
//	if err == nil && report.State != c2pa.Invalid && report.Origin.AI() {
//		fmt.Println("made by a model, says", report.Active.Signature.Subject)
//	}
//
// A [Signer] writes them:
//
//	signer := &c2pa.Signer{Key: key, Chain: chain, Generator: c2pa.Generator{Name: "my service"}}
//	receipt, err := signer.Sign(ctx, w, src, c2pa.Generated("Painter", "2", time.Now()), nil)
//
// # What a state means
//
// A [Report] has one of three states. A file is [Invalid] when it or its credentials changed
// since they were signed, [Valid] when they did not, and [Trusted] when the signer's
// certificate leads to an anchor of the [Trust] as well. The [Finding] values under it are
// the status codes of the specification, each with the JUMBF URI that it concerns: an unknown
// signer is among the failures, as the specification has it, and makes no file invalid. No
// trust list is built in or fetched. Anchors of time-stamping authorities are a list of their
// own: without the right one a signature whose certificate has ended since is not valid.
//
// # What a signer needs
//
// A key behind [crypto.Signer], in an HSM or a KMS just as well, and a certificate that
// validators accept; [CheckCertificates] says what they would refuse, and
// [NewDevelopmentChain] makes one for development. A file is read twice, once to be hashed
// and once to be written, in memory that does not grow with it. What the file carries
// already becomes the history of the new manifest.
//
// # Errors and concurrency
//
// An error says that a file could not be read or signed. What is wrong with credentials is
// in the report. All functions are safe for concurrent use; nothing is kept between calls or
// logged. The network is used by an [HTTPTimestamper] alone, which only a signer that has
// one calls. Files are taken as hostile: see [metadata.Limits].
package c2pa
