package pieces_test

import (
	"bytes"
	"hash/crc32"
	"testing"

	"github.com/rembus-go/rembus/internal/pieces"
)

// TestSame: they do what is done in one go, whatever the lengths.
func TestSame(t *testing.T) {
	table := crc32.MakeTable(crc32.Castagnoli)
	for _, from := range []int{0, 1, pieces.Size - 1, pieces.Size, pieces.Size + 1, 3*pieces.Size + 7} {
		src := bytes.Repeat([]byte{1, 2, 3, 5, 7, 11, 13}, from/7+1)[:from]
		if got, want := pieces.Checksum(src, table), crc32.Checksum(src, table); got != want {
			t.Errorf("%d bytes: sum %x, not %x", from, got, want)
		}
		for _, to := range []int{0, 1, from, from + 1, pieces.Size} {
			got, want := make([]byte, to), make([]byte, to)
			if n, m := pieces.Copy(got, src), copy(want, src); n != m || !bytes.Equal(got, want) {
				t.Errorf("%d bytes to %d: %d, not %d", from, to, n, m)
			}
		}
	}
}
