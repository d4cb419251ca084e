package program

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
)

func TestRun(t *testing.T) {
	peer.Tool(t, "sh")
	require.NoError(t, Run(t.Context(), "sh", "-c", "exit 0"))
	err := Run(t.Context(), "sh", "-c", "yes 'the reason' | head -c 100000; exit 3")
	require.ErrorContains(t, err, "sh: the reason the reason")
	require.Less(t, len(err.Error()), 600)
	require.ErrorIs(t, Run(t.Context(), "no-such-program"), ErrNotFound)
	require.Equal(t, "no-such-program", Missing("sh", "no-such-program"))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Run(ctx, "sh", "-c", "sleep 60"), context.Canceled)
}

func TestReadFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.WriteFile(name, make([]byte, 10), 0o600))
	b, err := ReadFile(name, 10)
	require.NoError(t, err)
	require.Len(t, b, 10)
	_, err = ReadFile(name, 9)
	require.ErrorContains(t, err, "10 bytes")
}
