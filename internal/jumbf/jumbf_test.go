package jumbf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sample is a store with one manifest, as C2PA nests them.
func sample() *Box {
	salted := Super(TypeUUID("cbor"), "c2pa.actions.v2", Leaf("cbor", []byte{0xa0}))
	salted.Salt = bytes.Repeat([]byte{7}, 16)
	assertions := Super(TypeUUID("c2as"), "c2pa.assertions",
		salted,
		Super(TypeUUID("json"), "org.example.note", Leaf("json", []byte("{}"))),
		Super(EmbeddedFile, "c2pa.thumbnail", Leaf("bfdb", []byte("\x00image/png\x00")), Leaf("bidb", []byte("png"))))
	return Super(TypeUUID("c2pa"), "c2pa", Super(TypeUUID("c2ma"), "urn:c2pa:x", assertions))
}

func TestTypeUUID(t *testing.T) {
	u := TypeUUID("c2pa")
	require.Equal(t, "633270610011001080 0000aa00389b71", fmt.Sprintf("%x %x", u[:9], u[9:]))
}

func TestRoundTrip(t *testing.T) {
	raw := sample().Append(nil)
	b, err := Parse(append(raw, "padding"...))
	require.NoError(t, err)
	require.Equal(t, raw, b.Raw, "padding is not of the box")
	require.Equal(t, raw, b.Append(nil))
	require.Equal(t, "c2pa", b.Label)

	assertions := b.Child("urn:c2pa:x").Child("c2pa.assertions")
	actions := assertions.Child("c2pa.actions.v2")
	require.Equal(t, TypeUUID("cbor"), actions.UUID)
	require.Len(t, actions.Salt, 16)
	require.Equal(t, []byte{0xa0}, actions.Children[0].Payload)
	require.Equal(t, EmbeddedFile, assertions.Child("c2pa.thumbnail").UUID)
}

func TestContent(t *testing.T) {
	built := sample()
	read, err := Parse(built.Append(nil))
	require.NoError(t, err)
	require.Equal(t, built.Content(), read.Content(), "what is hashed is the same before and after")
	require.Equal(t, "jumd", string(read.Content()[4:8]))
}

func TestRawIsKept(t *testing.T) {
	raw := sample().Append(nil)
	old, err := Parse(raw)
	require.NoError(t, err)
	store := Super(TypeUUID("c2pa"), "c2pa", &Box{Raw: old.Children[0].Raw})
	require.Equal(t, raw, store.Append(nil))
}

func TestLongHeader(t *testing.T) {
	short := sample().Append(nil)
	long := binary.BigEndian.AppendUint32(nil, 1)
	long = append(long, "jumb"...)
	long = binary.BigEndian.AppendUint64(long, uint64(len(short)+8))
	b, err := Parse(append(long, short[8:]...))
	require.NoError(t, err)
	require.Equal(t, short[8:], b.Content(), "the header is not hashed")
}

func TestBoxToTheEnd(t *testing.T) {
	raw := sample().Append(nil)
	clear(raw[:4])
	b, err := Parse(raw)
	require.NoError(t, err)
	require.Equal(t, raw, b.Raw)
}

func TestChild(t *testing.T) {
	for _, children := range []int{0, 2 * manyChildren} { // searched, indexed
		store := Super(TypeUUID("c2pa"), "c2pa",
			Super(UUID{}, "one"), Super(UUID{}, "two"), Super(UUID{}, "two"), Super(UUID{}, "two"), Leaf("free", nil))
		for i := range children {
			store.Children = append(store.Children, Super(UUID{}, fmt.Sprint(i)))
		}
		b, err := Parse(store.Append(nil))
		require.NoError(t, err)
		require.Equal(t, "one", b.Child("one").Label)
		require.Nil(t, b.Child("two"), "an ambiguous label")
		require.Nil(t, b.Child("three"))
	}
}

func TestDescriptionFields(t *testing.T) {
	desc := append(make([]byte, 16), Requestable|hasLabel|hasID|hasHash|hasPrivate)
	desc = append(desc, "name\x00"...)
	desc = append(desc, make([]byte, 4+32)...)
	desc = append(desc, "\x00\x00\x00\x0cc2shsalt"...)
	b, err := Parse(Leaf("jumb", Leaf("jumd", desc).Append(nil)).rawSuper())
	require.NoError(t, err)
	require.Equal(t, "name", b.Label)
	require.Equal(t, "salt", string(b.Salt))
}

// rawSuper encodes a superbox whose payload is given as it stands.
func (b *Box) rawSuper() []byte {
	return appendBox(nil, "jumb", func(dst []byte) []byte { return append(dst, b.Payload...) })
}

func TestMalformed(t *testing.T) {
	super := func(payload string) string { return string(Leaf("jumb", []byte(payload)).rawSuper()) }
	box := func(fourcc, payload string) string { return string(Leaf(fourcc, []byte(payload)).Append(nil)) }
	desc := strings.Repeat("\x00", 16)
	nested := box("free", "")
	for range maxDepth + 1 {
		nested = super(box("jumd", desc+"\x00") + nested)
	}
	tests := []struct {
		name, data string
		want       error
	}{
		{"empty", "", errTruncated},
		{"half a header", "\x00\x00\x00", errTruncated},
		{"half a long header", "\x00\x00\x00\x01jumb\x00", errTruncated},
		{"no superbox", box("free", "x"), errNoSuper},
		{"shorter than its header", "\x00\x00\x00\x07jumb", errShort},
		{"long and shorter than its header", "\x00\x00\x00\x01jumb\x00\x00\x00\x00\x00\x00\x00\x0f", errShort},
		{"longer than the data", "\x00\x00\x01\x00jumb", errTruncated},
		{"longer than memory", "\x00\x00\x00\x01jumb\xff\xff\xff\xff\xff\xff\xff\xff", errTruncated},
		{"empty superbox", super(""), errNoDesc},
		{"no description first", super(box("cbor", "")), errNoDesc},
		{"description too short", super(box("jumd", desc)), errDesc},
		{"label without an end", super(box("jumd", desc+"\x03label")), errDesc},
		{"hash cut short", super(box("jumd", desc+"\x08hash")), errDesc},
		{"private box cut short", super(box("jumd", desc+"\x10\x00\x00\x00\x20c2sh")), errDesc},
		{"child cut short", super(box("jumd", desc+"\x00") + "\x00\x00\x00\x20cbor"), errTruncated},
		{"too deep", nested, errDeep},
		{"too many", super(box("jumd", desc+"\x00") + strings.Repeat(box("free", ""), maxBoxes)), errMany},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.data))
			require.ErrorIs(t, err, tt.want)
			require.ErrorAs(t, err, new(*Error))
			require.NotEmpty(t, err.Error())
		})
	}
}

func TestTruncations(t *testing.T) {
	raw := sample().Append(nil)
	for n := range raw {
		_, err := Parse(raw[:n])
		require.Error(t, err, n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample().Append(nil))
	f.Add([]byte("\x00\x00\x00\x01jumb\x00\x00\x00\x00\x00\x00\x00\x10"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Parse(data)
		if err != nil {
			require.ErrorAs(t, err, new(*Error))
			return
		}
		once := b.Append(nil)
		again, err := Parse(once)
		require.NoError(t, err)
		require.Equal(t, once, again.Append(nil))
	})
}

func BenchmarkParse(b *testing.B) {
	raw := sample().Append(nil)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}
