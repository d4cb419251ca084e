// Package seal writes and verifies the integrity data in the reserved fields of
// an AIGC record: ReservedCode1 of the producer, ReservedCode2 of the propagator
// (GB 45438-2025 Annex E f) and i), TC260-PG-202511A).
//
// A seal is a signature over the label, and over the media of the file where the
// format lets them be told from metadata. It holds when the record is written
// again, moved, or propagated, and when other metadata is edited; it breaks when a
// signed value of the record or a byte of the media changes.
//
// The public key travels in the seal. So a seal alone proves integrity: the label
// is as whoever holds the key wrote it. Identity needs a key that the verifier has
// from elsewhere and trusts. [Result] says which of the two was proven.
//
// # What is read
//
// SecurityData of type TC260PG, as a string or an object, with or without its
// outer key:
//   - label signatures of Annex A.1, as MiniMax and others write them, with SM2, ECDSA
//     P-256 or Ed25519;
//   - Tencent CodeBuddy's SM2 signatures over an SM3 value of the label;
//   - the seals of this package.
//
// All other content of the fields, such as digests and tokens of which only their
// makers know what they say, is [Unsupported], never [Invalid].
//
// # What is written
//
// The guide leaves open how content is selected and what a propagator signs, so
// these are our choices. A seal is compact JSON in characters that Annex E j)
// allows, shorter than 2048 characters with its quotes escaped:
//
//	{"SecurityData":{"Type":"TC260PG","Version":1,
//	  "Bindings":[{"Type":"hash","AlgID":HASH,"CntSel":"label","Value":HEX},
//	              {"Type":"hash","AlgID":HASH,"CntSel":"media","Value":HEX}],
//	  "PubSD":[{"Type":"DS","AlgID":SIG,"TBSData":{"Type":"Md"},"Signature":HEX},
//	           {"Type":"DS","AlgID":SIG,"TBSData":{"Type":"Bnd"},"Signature":HEX},
//	           {"Type":"PubKey","AlgID":SIG,"KeyValue":HEX}]}}
//
// The label message is that of Annex A.1, for a propagator with its own pair:
//
//	"Label":"1","ContentProducer":"...","ProduceID":"..."
//	"Label":"1","ContentPropagator":"...","PropagateID":"..."
//
// Md signs the label message. Bnd signs the text of Bindings as it stands, where
// "label" is the hash of the label message, so that a signed content hash cannot be
// put beside another label. "media" is the hash of the parts of the file that
// are content, in the order of the format, each after its length as 8 bytes, high
// byte first: for instance the image data and colour chunks of PNG, the frames of
// MP3, the samples and sample tables of MP4, the pages' objects of PDF. Where a
// format has no such parts the seal binds the label alone, and verification says so.
//
//	AlgID SIG             key      hash     signature            KeyValue
//	1.2.156.10197.1.501   SM2      SM3      r and s, 64 bytes    04, x, y
//	1.2.840.10045.4.3.2   P-256    SHA-256  r and s, 64 bytes    04, x, y
//	1.3.101.112           Ed25519  SHA-256  64 bytes             32 bytes
//
// SM2 signs with SM3 and the default user id 1234567812345678 (GB/T 32918.2, GM/T 0009).
package seal
