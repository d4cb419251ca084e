package splice_test

import (
	"bytes"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/splice"
)

const benchSize = 64 << 20

// A sink has nothing but Write: io.Discard would take short cuts.
type sink struct{ n int64 }

func (s *sink) Write(b []byte) (int, error) {
	s.n += int64(len(b))
	return len(b), nil
}

// labelled returns a plan over a large file with an edit near its head.
func labelled(b *testing.B, lazy ...splice.Sequence) *splice.Plan {
	source := bytes.Repeat([]byte("media bytes "), benchSize/12+1)
	plan, err := splice.New(bytes.NewReader(source), benchSize, []splice.Edit{
		{Offset: 33, Insert: bytes.NewReader(make([]byte, 700))},
		{Offset: 1000, Delete: 8, Insert: bytes.NewReader(make([]byte, 8))},
	}, lazy...)
	require.NoError(b, err)
	return plan
}

// pages renumbers a file of 4 KiB pages: four bytes of each.
func pages() splice.Sequence {
	const page = 4096
	return splice.Sequence{Offset: page, Length: benchSize - page, Edits: func(from int64) iter.Seq2[splice.Edit, error] {
		return func(yield func(splice.Edit, error) bool) {
			for off := max(from/page, 1) * page; off < benchSize; off += page {
				if !yield(splice.Edit{Offset: off + 18, Delete: 4, Insert: bytes.NewReader([]byte("page"))}, nil) {
					return
				}
			}
		}
	}}
}

func benchmarkWriteTo(b *testing.B, plan *splice.Plan) {
	b.SetBytes(plan.Size())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.WriteTo(new(sink)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlanWriteTo(b *testing.B) { benchmarkWriteTo(b, labelled(b)) }

func BenchmarkSequence(b *testing.B) { benchmarkWriteTo(b, labelled(b, pages())) }

func BenchmarkPlanReadAt(b *testing.B) {
	plan := labelled(b)
	buf := make([]byte, 4096)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	var off int64
	for b.Loop() {
		if _, err := plan.ReadAt(buf, off); err != nil {
			b.Fatal(err)
		}
		off = (off + 1<<20 + 13) % (benchSize - 4096)
	}
}
