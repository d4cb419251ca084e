package watermark_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/watermark"
)

// The open key and what is derived from secrets never change: what was marked is to be found
// for ever.
func TestKeysStay(t *testing.T) {
	text, err := watermark.OpenKey.MarshalText()
	require.NoError(t, err)
	require.Equal(t, openKeyText, string(text))
	k, err := watermark.DeriveKey([]byte("0123456789abcdef"), "customer 1")
	require.NoError(t, err)
	text, err = k.MarshalText()
	require.NoError(t, err)
	require.Equal(t, derivedKeyText, string(text))
}

const (
	openKeyText    = "AIGCLABEL-WATERMARK-KEY-1-JwYawGKqKMQSzNvUGldyu7JmRF7w7WBq67UxBGTenSI"
	derivedKeyText = "AIGCLABEL-WATERMARK-KEY-1-Tz9V01-u_2VsB9iEdy8a-jIUZumjD0DGwVC8kFRgZH0"
)

func TestKeyText(t *testing.T) {
	k := watermark.NewKey()
	require.NotEqual(t, k, watermark.NewKey())
	b, err := json.Marshal(map[string]watermark.Key{"key": k})
	require.NoError(t, err)
	var back map[string]watermark.Key
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, k, back["key"])
}

func TestKeyTextWrong(t *testing.T) {
	for name, text := range map[string]string{
		"empty":       "",
		"no prefix":   openKeyText[len("AIGCLABEL-WATERMARK-KEY-1-"):],
		"other":       "AIGCLABEL-WATERMARK-KEY-2-" + openKeyText[len("AIGCLABEL-WATERMARK-KEY-1-"):],
		"short":       openKeyText[:len(openKeyText)-1],
		"long":        openKeyText + "A",
		"padded":      openKeyText + "=",
		"not base64":  strings.Replace(openKeyText, openKeyText[40:41], "+", 1),
		"spare bits":  openKeyText[:len(openKeyText)-1] + "_",
		"two":         openKeyText + " " + openKeyText,
		"line inside": openKeyText[:40] + "\n" + openKeyText[40:],
	} {
		t.Run(name, func(t *testing.T) {
			k := watermark.OpenKey
			require.ErrorIs(t, k.UnmarshalText([]byte(text)), watermark.ErrKey)
			require.Equal(t, watermark.OpenKey, k)
		})
	}
}

// TestKeyStaysOutOfLogs formats a key in the ways that logs do.
func TestKeyStaysOutOfLogs(t *testing.T) {
	k := keyOf(1)
	require.Equal(t, "watermark key, watermark key, [watermark key]", fmt.Sprintf("%s, %v, %v", k, k, []watermark.Key{k}))
	require.Equal(t, "watermark key", fmt.Sprintf("%#v", k))
	require.Equal(t, "open watermark key", watermark.OpenKey.String())
	text, err := k.MarshalText()
	require.NoError(t, err)
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("marked", "key", k)
	}
	require.NotContains(t, log.String(), string(text))
	require.Equal(t, 2, strings.Count(log.String(), "watermark key"))
}

func TestDeriveKey(t *testing.T) {
	secret := []byte("a secret of some length")
	a, err := watermark.DeriveKey(secret, "a")
	require.NoError(t, err)
	b, err := watermark.DeriveKey(secret, "b")
	require.NoError(t, err)
	require.NotEqual(t, a, b)
	again, err := watermark.DeriveKey(secret, "a")
	require.NoError(t, err)
	require.Equal(t, a, again)
	_, err = watermark.DeriveKey(secret[:15], "a")
	require.ErrorIs(t, err, watermark.ErrKey)
}

func FuzzKey(f *testing.F) {
	f.Add(openKeyText)
	f.Add(" " + openKeyText + "\r\n")
	f.Add(openKeyText[:30])
	f.Fuzz(func(t *testing.T, text string) {
		var k watermark.Key
		if err := k.UnmarshalText([]byte(text)); err != nil {
			require.ErrorIs(t, err, watermark.ErrKey)
			require.Zero(t, k)
			return
		}
		back, err := k.MarshalText()
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(text), string(back))
	})
}
