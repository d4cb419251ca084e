package seal

import (
	"crypto"
	"crypto/ecdsa"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
)

// The sample key of GB/T 32918, and what it signed.
const (
	sampleX = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
	sampleY = "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
	sampleD = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"

	rawSignature = "7898e9c1f500900b94c7945036467d4d43535cdc213eb26b8cae1adf8e56f5e7" + "55a674cc8bde13503df5f4fe38074b633e4102f2eba9275376eff568629e9cb3"
	derSignature = "304402207898e9c1f500900b94c7945036467d4d43535cdc213eb26b8cae1adf8e56f5e7" + "022055a674cc8bde13503df5f4fe38074b633e4102f2eba9275376eff568629e9cb3"

	codeBuddyValue     = "a31fea5079b837c43f6f162c186fafec09618df73328895a4531b57f147a2b78"
	codeBuddySignature = "3045022100fcb20e351bc5ccbd4dcda3763517c174d827b2f8e815cceba90332a9ede7df3a" + "02205ccdb33360d5bdedbeff1e8b3fc018583c8432e90005ee1751375bf61cef24f3"

	// spki is the start of SubjectPublicKeyInfo of an SM2 key.
	spki = "3059301306072A8648CE3D020106082A811CCF5501822D034200"
)

// sample is the record that the vectors are over.
func sample() metadata.Record {
	return metadata.Record{Label: "1", ContentProducer: "001191990099MA01ABCD5610001", ProduceID: "example-0001"}
}

// labelSeal is a label signature of Annex A.1.
func labelSeal(tbs, algorithm, signature, key string) string {
	return fmt.Sprintf(`{"SecurityData":{"Type":"TC260PG","Version":1,"PubSD":[`+
		`{"Type":"DS","AlgID":%q,"TBSData":{"Type":%q},"Signature":%q,"KeyID":"k1"},`+
		`{"Type":"PubKey","AlgID":%q,"KeyValue":%q,"KeyID":"k1"}]}}`, algorithm, tbs, signature, algorithm, key)
}

const sm2ID = "1.2.156.10197.1.501"

// codeBuddySeal1 is a seal of CodeBuddy's, with its leading space.
const codeBuddySeal1 = `{"Type":" TC260PG","Version":1,"Bindings":[{"Type":"soft","AlgID":"phash","Value":"0123456789abcdef"},{"Type":"hash","AlgID":"sm3","Value":"` + codeBuddyValue + `"}],` +
	`"PubSD":[{"Type":"DS","AlgID":"sm2","TBSData":{"Type":"Binding","BType":"hash"},"Signature":"` + codeBuddySignature + `"},{"Type":"PubKey","AlgID":"sm2","KeyValue":"04` + sampleX + sampleY + `"}],` +
	`"Extension":{"Timestamp":1790000000,"KeyVersion":"v1-example"}}`

// outcome verifies a record with a seal in ReservedCode1.
func outcome(t *testing.T, rec metadata.Record, field string) Result {
	rec.ReservedCode1 = field
	results, err := Verify(rec, metadata.Source{}, nil)
	require.NoError(t, err)
	require.Len(t, results, 2)
	require.Equal(t, Absent, results[1].Outcome)
	return results[0]
}

func TestMessage(t *testing.T) {
	rec := sample()
	require.Equal(t, `"Label":"1","ContentProducer":"001191990099MA01ABCD5610001","ProduceID":"example-0001"`, string(Producer.message(rec)))
	digest, err := sm2.CalculateSM2Hash(sampleKey(t).Public().(*ecdsa.PublicKey), Producer.message(rec), nil)
	require.NoError(t, err)
	require.Equal(t, "73aced506673787332c36229a7ce7e9701f52dfe1337765c3d4a0c1260425b74", hex.EncodeToString(digest))
	rec.ContentPropagator, rec.PropagateID = `a"b`, "<&>"
	require.Equal(t, `"Label":"1","ContentPropagator":"a\"b","PropagateID":"<&>"`, string(Propagator.message(rec)))
}

// Each form that a key and a signature may have verifies, and tells of a change.
func TestLabelSignatures(t *testing.T) {
	for _, test := range []struct {
		name, tbs, algorithm, signature, key string
		changed                              Outcome
	}{
		{"MiniMax, x alone", "LabelMataData", sm2ID, rawSignature, "00" + sampleX, Invalid},
		{"raw, point", "Md", sm2ID, rawSignature, "04" + sampleX + sampleY, Invalid},
		{"DER, point", "Md", sm2ID, derSignature, "04" + sampleX + sampleY, Invalid},
		{"coordinates", "Md", "SM2", rawSignature, sampleX + sampleY, Invalid},
		{"compressed", "Md", sm2ID, rawSignature, "03" + sampleX, Invalid},
		{"SubjectPublicKeyInfo, unknown message", "LabelMataData", sm2ID, derSignature, spki + "04" + sampleX + sampleY, Unsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			field := labelSeal(test.tbs, test.algorithm, test.signature, test.key)
			good := outcome(t, sample(), field)
			require.Equal(t, Valid, good.Outcome, good.Message)
			require.Equal(t, Integrity, good.Proof)
			require.Equal(t, Unbound, good.Content)
			require.Equal(t, []string{"Label", "ContentProducer", "ProduceID"}, good.Covers)
			require.Equal(t, Fingerprint(sampleKey(t).Public()), good.Key)
			require.Equal(t, "k1", good.KeyID)
			for _, rec := range []metadata.Record{
				{Label: "2", ContentProducer: sample().ContentProducer, ProduceID: "example-0001"},
				{Label: "1", ContentProducer: sample().ContentProducer + "x", ProduceID: "example-0001"},
				{Label: "1", ContentProducer: sample().ContentProducer, ProduceID: "example-0002"},
			} {
				bad := outcome(t, rec, field)
				require.Equal(t, test.changed, bad.Outcome, bad.Message)
				require.Empty(t, bad.Key)
			}
		})
	}
}

func TestWrongKeys(t *testing.T) {
	for name, field := range map[string]string{
		"even y":       labelSeal("Md", sm2ID, rawSignature, "02"+sampleX),
		"other signer": labelSeal("Md", sm2ID, rawSignature, "04"+generatorX+generatorY),
	} {
		require.Equal(t, Invalid, outcome(t, sample(), field).Outcome, name)
	}
	for name, field := range map[string]string{
		"no point": labelSeal("Md", sm2ID, rawSignature, "04"+sampleX+sampleX),
		"no key":   labelSeal("Md", sm2ID, rawSignature, ""),
		"no hex":   labelSeal("Md", sm2ID, rawSignature, "zz"),
		"RSA":      labelSeal("Md", "1.2.840.113549.1.1.11", rawSignature, "04"+sampleX+sampleY),
		"another KeyID": strings.Replace(labelSeal("Md", sm2ID, rawSignature, "04"+sampleX+sampleY),
			`"KeyID":"k1"}]`, `"KeyID":"k2"}]`, 1),
	} {
		require.Equal(t, Unsupported, outcome(t, sample(), field).Outcome, name)
	}
}

// The generator of the curve is a key of somebody else.
const (
	generatorX = "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
	generatorY = "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)

func TestCodeBuddy(t *testing.T) {
	good := outcome(t, sample(), codeBuddySeal1)
	require.Equal(t, Valid, good.Outcome, good.Message)
	require.Equal(t, Unchecked, good.Content)
	require.Equal(t, []string{"ContentProducer", "ProduceID"}, good.Covers)
	for name, change := range map[string]func(*metadata.Record, *string){
		"number":   func(rec *metadata.Record, _ *string) { rec.ProduceID += "0" },
		"producer": func(rec *metadata.Record, _ *string) { rec.ContentProducer = rec.ContentProducer[1:] },
		"phash":    func(_ *metadata.Record, s *string) { *s = strings.Replace(*s, "0123456789", "1123456789", 1) },
		"time":     func(_ *metadata.Record, s *string) { *s = strings.Replace(*s, "1790000000", "1790000001", 1) },
		"value": func(_ *metadata.Record, s *string) {
			*s = strings.Replace(*s, codeBuddyValue, "00"+codeBuddyValue[2:], 1)
		},
		"signature": func(_ *metadata.Record, s *string) { *s = strings.Replace(*s, "fcb20e", "fcb20f", 1) },
		"other key": func(_ *metadata.Record, s *string) {
			*s = strings.Replace(*s, sampleX+sampleY, generatorX+generatorY, 1)
		},
		"broken hex": func(_ *metadata.Record, s *string) { *s = strings.Replace(*s, "fcb20e", "xcb20e", 1) },
	} {
		rec, field := sample(), codeBuddySeal1
		change(&rec, &field)
		require.Equal(t, Invalid, outcome(t, rec, field).Outcome, name)
	}
}

// What other producers write is nobody's forgery.
func TestUnsupported(t *testing.T) {
	for _, field := range []string{
		"e862483430d978cbf828b8b24296ef9328d843a0",
		"q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=",
		"L-20260101", "f0c75010-e263-4106-bc77-40cf53088361",
		derSignature, "{", "{}", `{"Type":"other","PubSD":[]}`, `{"SecurityData":"TC260PG"}`,
		`{"SecurityData":{"Type":"TC260PG","PubSd":[{"Type":"DS","AlgID":"RSA","TBSData":{"Type":"Md"},"Signature":"00"}]}}`,
		`{"SecurityData":{"Type":"TC260PG","Version":"1.0"}}`,
		`{"Type":"TC260PG","PubSD":[` + strings.Repeat(`{"Type":"DS"},`, 20) + `{}]}`,
		`{"Type":"TC260PG","Extension":"` + strings.Repeat("x", maxField) + `"}`,
	} {
		r := outcome(t, sample(), field)
		require.Equal(t, Unsupported, r.Outcome, "%.60s: %s", field, r.Message)
		require.Contains(t, r.Message, "ask the producer")
	}
}

// Nested objects come as their text, and texts of objects with spaces.
func TestNestedObject(t *testing.T) {
	field := labelSeal("Md", sm2ID, rawSignature, "04"+sampleX+sampleY)
	raw := `{"AIGC":{"Label":"1","ContentProducer":"001191990099MA01ABCD5610001","ProduceID":"example-0001","ReservedCode1":` + strings.ReplaceAll(field, ":", ": ") + `}}`
	rec, err := metadata.ParseRecord([]byte(raw))
	require.NoError(t, err)
	require.Equal(t, Valid, outcome(t, rec, rec.ReservedCode1).Outcome)
	var inner struct{ SecurityData json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(field), &inner))
	require.Equal(t, Valid, outcome(t, sample(), string(inner.SecurityData)).Outcome, "without its outer key")
}

func TestTrust(t *testing.T) {
	rec := sample()
	rec.ReservedCode1 = codeBuddySeal1
	others, err := ParsePublicKeys([]byte(publicKeys))
	require.NoError(t, err)
	for _, test := range []struct {
		trusted []crypto.PublicKey
		want    Proof
	}{
		{nil, Integrity}, {others, Integrity}, {append(others, sampleKey(t).Public()), Identity}, {[]crypto.PublicKey{nil, 1, "key"}, Integrity},
	} {
		results, err := Verify(rec, metadata.Source{}, test.trusted)
		require.NoError(t, err)
		require.Equal(t, test.want, results[0].Proof)
	}
}

// TestWild verifies the sealed file of a real service, and that each change to what it
// signs is found, where AIGCLABEL_WILD names a folder with such files.
func TestWild(t *testing.T) {
	dir := os.Getenv("AIGCLABEL_WILD")
	if dir == "" {
		t.Skip("AIGCLABEL_WILD is not set")
	}
	data, err := os.ReadFile(filepath.Join(dir, "tencent-exif.png"))
	require.NoError(t, err)
	src := metadata.Bytes(data, "")
	reading, err := metadata.Read(src, nil)
	require.NoError(t, err)
	results, err := Verify(*reading.Record, src, nil)
	require.NoError(t, err)
	for _, r := range results {
		require.Equal(t, Valid, r.Outcome, r.Message)
		require.Equal(t, results[0].Key, r.Key, "one key")
	}
	for i := range reading.Record.ProduceID {
		changed := *reading.Record
		id := []byte(changed.ProduceID)
		id[i] ^= 1
		changed.ProduceID = string(id)
		results, err := Verify(changed, src, nil)
		require.NoError(t, err)
		require.Equal(t, []Outcome{Invalid, Valid}, []Outcome{results[0].Outcome, results[1].Outcome})
	}
}

func FuzzVerify(f *testing.F) {
	for _, field := range []string{codeBuddySeal1, labelSeal("Md", sm2ID, rawSignature, "00"+sampleX), labelSeal("Md", "ed25519", rawSignature, sampleX)} {
		f.Add(field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		rec := metadata.Record{Label: "3", ContentProducer: "nobody", ProduceID: "signed this", ReservedCode1: field, ReservedCode2: field}
		results, err := Verify(rec, metadata.Source{}, nil)
		require.NoError(t, err)
		for _, r := range results {
			require.NotEqual(t, Valid, r.Outcome, "a seal of a record that was never sealed: %s", field)
			require.True(t, slices.Contains([]Outcome{Absent, Invalid, Unsupported}, r.Outcome))
			require.NotEmpty(t, r.Message)
		}
	})
}
