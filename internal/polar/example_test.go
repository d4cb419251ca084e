package polar_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"

	"github.com/aigclabel/aigclabel/internal/polar"
)

func Example() {
	code := polar.New(1024, 96) // 64 bits of payload and 32 that check them
	info := []byte("picture!")
	coded := code.Encode(binary.BigEndian.AppendUint32(info, crc32.ChecksumIEEE(info)))

	order := rand.New(rand.NewPCG(1, 2)).Perm(len(coded)) // as they were sent
	received := make([]float32, len(coded))
	for _, i := range order[:300] { // the others are lost
		received[i] = 4 - 8*float32(coded[i])
	}
	info, ok := code.Decode(received, 8, func(info []byte) bool {
		return crc32.ChecksumIEEE(info[:8]) == binary.BigEndian.Uint32(info[8:])
	})
	fmt.Printf("%s %t\n", info[:8], ok)
	// Output: picture! true
}
