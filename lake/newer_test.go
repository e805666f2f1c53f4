package lake_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rembus-go/rembus/lake"
)

// blockSum is DuckDB's checksum of a block.
func blockSum(block []byte) uint64 {
	sum := uint64(5381)
	for ; len(block) > 0; block = block[8:] {
		sum ^= binary.LittleEndian.Uint64(block) * 0xbf58476d1ce4e5b9
	}
	return sum
}

// Fault 14: a file that a newer DuckDB wrote is refused and left as it is.
func TestNewerFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	o := lake.Options{Path: path, Schema: parse(t, tables)}
	l, err := lake.Open(t.Context(), o)
	if err == nil {
		err = l.Close(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The first 4096 bytes: the checksum of the rest, DUCK, the version.
	if got := blockSum(file[8:4096]); got != binary.LittleEndian.Uint64(file) {
		t.Skipf("the checksum of DuckDB's files is another: %x", got)
	}
	binary.LittleEndian.PutUint64(file[12:], 200)
	binary.LittleEndian.PutUint64(file, blockSum(file[8:4096]))
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := lake.Probe(t.Context(), path, false); !errors.Is(err, lake.ErrNewer) {
		t.Errorf("probe: %v", err)
	}
	if _, err := lake.Open(t.Context(), o); !errors.Is(err, lake.ErrNewer) {
		t.Errorf("opened: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, file) {
		t.Errorf("the file was changed: %v", err)
	}
	if aside, err := lake.SetAside(path); err != nil || len(aside) > 0 {
		t.Errorf("set aside %q, %v", aside, err)
	}
}
