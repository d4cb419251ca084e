package c2pa

import "cmp"

// A State says what the credentials of a file are worth (C2PA 2.2, 14.3).
type State string

// The states. The zero value is that of a file without credentials.
const (
	// Invalid says that the file or its credentials have changed since they were
	// signed, or never followed the specification.
	Invalid State = "Invalid"

	// Valid says that nothing has changed since an unknown signer signed. Anyone
	// can sign: it proves integrity, not who it was.
	Valid State = "Valid"

	// Trusted says that the file is valid and the signer known to the trust list.
	Trusted State = "Trusted"
)

// A Code is a status code of the specification (C2PA 2.2, 15.2), such as
// "assertion.dataHash.match".
type Code string

// A Kind says what a code is about: a success, an information or a failure.
type Kind string

// The kinds (C2PA 2.2, 15.2.1 to 15.2.3).
const (
	Success       Kind = "success"
	Informational Kind = "informational"
	Failure       Kind = "failure"
)

// A Finding is one result of a validation.
type Finding struct {
	Code Code   `json:"code"`
	Kind Kind   `json:"kind"`
	URL  string `json:"url,omitempty"` // the JUMBF URI that it concerns

	// Explanation says what was found, for people.
	Explanation string `json:"explanation,omitempty"`
}

// found returns the finding of a code.
func found(code Code, explanation string) Finding {
	return Finding{Code: code, Kind: code.Kind(), Explanation: explanation}
}

// Kind returns what the code is about. Unknown codes are failures.
func (c Code) Kind() Kind { return cmp.Or(kinds[c], Failure) }

// The successes.
const (
	AssertionAccessible          Code = "assertion.accessible"
	AssertionHashedURIMatch      Code = "assertion.hashedURI.match"
	DataHashMatch                Code = "assertion.dataHash.match"
	BMFFHashMatch                Code = "assertion.bmffHash.match"
	BoxesHashMatch               Code = "assertion.boxesHash.match"
	CollectionHashMatch          Code = "assertion.collectionHash.match"
	ClaimSignatureValidated      Code = "claimSignature.validated"
	ClaimSignatureInsideValidity Code = "claimSignature.insideValidity"
	IngredientSignatureValidated Code = "ingredient.claimSignature.validated"
	IngredientManifestValidated  Code = "ingredient.manifest.validated"
	SigningCredentialTrusted     Code = "signingCredential.trusted"
	SigningCredentialNotRevoked  Code = "signingCredential.ocsp.notRevoked"
	TimeStampTrusted             Code = "timeStamp.trusted"
	TimeStampValidated           Code = "timeStamp.validated"
)

// The informations.
const (
	DataHashAdditionalExclusions  Code = "assertion.dataHash.additionalExclusionsPresent"
	BMFFHashAdditionalExclusions  Code = "assertion.bmffHash.additionalExclusionsPresent"
	BoxesHashAdditionalExclusions Code = "assertion.boxesHash.additionalExclusionsPresent"
	IngredientUnknownProvenance   Code = "ingredient.unknownProvenance"
	ManifestUnknownProvenance     Code = "manifest.unknownProvenance"
	OCSPInaccessible              Code = "signingCredential.ocsp.inaccessible"
	OCSPSkipped                   Code = "signingCredential.ocsp.skipped"
	TimeOfSigningInsideValidity   Code = "timeOfSigning.insideValidity"
	TimeOfSigningOutsideValidity  Code = "timeOfSigning.outsideValidity"
	TimeStampMalformed            Code = "timeStamp.malformed"
	TimeStampMismatch             Code = "timeStamp.mismatch"
	TimeStampOutsideValidity      Code = "timeStamp.outsideValidity"
	TimeStampUntrusted            Code = "timeStamp.untrusted"
	TimeStampCredentialInvalid    Code = "timeStamp.credentialInvalid"
)

// The failures.
const (
	AlgorithmDeprecated           Code = "algorithm.deprecated"
	AlgorithmUnsupported          Code = "algorithm.unsupported"
	ActionIngredientMismatch      Code = "assertion.action.ingredientMismatch"
	ActionMalformed               Code = "assertion.action.malformed"
	ActionRedacted                Code = "assertion.action.redacted"
	ActionRedactionMismatch       Code = "assertion.action.redactionMismatch"
	BMFFHashMalformed             Code = "assertion.bmffHash.malformed"
	BMFFHashMismatch              Code = "assertion.bmffHash.mismatch"
	BoxesHashMalformed            Code = "assertion.boxesHash.malformed"
	BoxesHashMismatch             Code = "assertion.boxesHash.mismatch"
	BoxesHashUnknownBox           Code = "assertion.boxesHash.unknownBox"
	AssertionCBORInvalid          Code = "assertion.cbor.invalid"
	CloudDataHardBinding          Code = "assertion.cloud-data.hardBinding"
	CloudDataActions              Code = "assertion.cloud-data.actions"
	CloudDataMalformed            Code = "assertion.cloud-data.malformed"
	CollectionHashIncorrectCount  Code = "assertion.collectionHash.incorrectFileCount"
	CollectionHashInvalidURI      Code = "assertion.collectionHash.invalidURI"
	CollectionHashMalformed       Code = "assertion.collectionHash.malformed"
	CollectionHashMismatch        Code = "assertion.collectionHash.mismatch"
	DataHashMalformed             Code = "assertion.dataHash.malformed"
	DataHashMismatch              Code = "assertion.dataHash.mismatch"
	AssertionHashedURIMismatch    Code = "assertion.hashedURI.mismatch"
	IngredientMalformed           Code = "assertion.ingredient.malformed"
	AssertionInaccessible         Code = "assertion.inaccessible"
	AssertionJSONInvalid          Code = "assertion.json.invalid"
	AssertionMetadataDisallowed   Code = "assertion.metadata.disallowed"
	AssertionMissing              Code = "assertion.missing"
	AssertionMultipleHardBindings Code = "assertion.multipleHardBindings"
	AssertionNotRedacted          Code = "assertion.notRedacted"
	AssertionOutsideManifest      Code = "assertion.outsideManifest"
	AssertionSelfRedacted         Code = "assertion.selfRedacted"
	AssertionUndeclared           Code = "assertion.undeclared"
	AssertionTimestampMalformed   Code = "assertion.timestamp.malformed"
	HardBindingRedacted           Code = "assertion.hardBinding.redacted"
	ClaimCBORInvalid              Code = "claim.cbor.invalid"
	ClaimHardBindingsMissing      Code = "claim.hardBindings.missing"
	ClaimMalformed                Code = "claim.malformed"
	ClaimMissing                  Code = "claim.missing"
	ClaimMultiple                 Code = "claim.multiple"
	ClaimSignatureMissing         Code = "claimSignature.missing"
	ClaimSignatureMismatch        Code = "claimSignature.mismatch"
	ClaimSignatureOutsideValidity Code = "claimSignature.outsideValidity"
	GeneralError                  Code = "general.error"
	HashedURIMissing              Code = "hashedURI.missing"
	HashedURIMismatch             Code = "hashedURI.mismatch"
	IngredientSignatureMissing    Code = "ingredient.claimSignature.missing"
	IngredientSignatureMismatch   Code = "ingredient.claimSignature.mismatch"
	IngredientManifestMissing     Code = "ingredient.manifest.missing"
	IngredientManifestMismatch    Code = "ingredient.manifest.mismatch"
	ManifestCompressedInvalid     Code = "manifest.compressed.invalid"
	ManifestHTMLMultiple          Code = "manifest.html.multipleManifests"
	ManifestInaccessible          Code = "manifest.inaccessible"
	ManifestMultipleParents       Code = "manifest.multipleParents"
	ManifestTextCorruptedWrapper  Code = "manifest.text.corruptedWrapper"
	ManifestTextMultipleWrappers  Code = "manifest.text.multipleWrappers"
	ManifestTimestampInvalid      Code = "manifest.timestamp.invalid"
	ManifestTimestampWrongParents Code = "manifest.timestamp.wrongParents"
	ManifestUpdateInvalid         Code = "manifest.update.invalid"
	ManifestUpdateWrongParents    Code = "manifest.update.wrongParents"
	SigningCredentialInvalid      Code = "signingCredential.invalid"
	SigningCredentialUntrusted    Code = "signingCredential.untrusted"
	SigningCredentialRevoked      Code = "signingCredential.ocsp.revoked"
	SigningCredentialUnknown      Code = "signingCredential.ocsp.unknown"
)

// kinds lists the codes that are no failures.
var kinds = func() map[Code]Kind {
	m := map[Code]Kind{}
	for _, c := range []Code{
		AssertionAccessible, AssertionHashedURIMatch, DataHashMatch, BMFFHashMatch, BoxesHashMatch, CollectionHashMatch,
		ClaimSignatureValidated, ClaimSignatureInsideValidity, IngredientSignatureValidated, IngredientManifestValidated,
		SigningCredentialTrusted, SigningCredentialNotRevoked, TimeStampTrusted, TimeStampValidated,
	} {
		m[c] = Success
	}
	for _, c := range []Code{
		DataHashAdditionalExclusions, BMFFHashAdditionalExclusions, BoxesHashAdditionalExclusions, IngredientUnknownProvenance,
		ManifestUnknownProvenance, OCSPInaccessible, OCSPSkipped, TimeOfSigningInsideValidity, TimeOfSigningOutsideValidity,
		TimeStampMalformed, TimeStampMismatch, TimeStampOutsideValidity, TimeStampUntrusted, TimeStampCredentialInvalid,
	} {
		m[c] = Informational
	}
	return m
}()
