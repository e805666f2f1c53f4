package journal_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

// victim appends for ever and prints each durable end.
func victim(t *testing.T, dir string) {
	j, err := journal.Open(dir, journal.Options{SegmentBytes: 256 << 10, MaxUnwritten: 32 << 10})
	if err != nil {
		t.Fatal(err)
	}
	j.Notify(func(durable uint64, err error) { fmt.Println("durable", durable, err) })
	for {
		for range rand.IntN(50) {
			appendAll(t, j, pub("t", protocol.QoS1, fmt.Sprintf("%0100d", j.End()+1)))
		}
		if err := j.PutState("end", []byte(strconv.FormatUint(j.End(), 10)), nil); err != nil {
			t.Fatal(err)
		}
		j.Commit()
		if err := j.Room(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// Fault 1: kill -9 under load, in one directory again and again.
func TestKill(t *testing.T) {
	if dir := os.Getenv("JOURNAL_VICTIM_DIR"); dir != "" {
		victim(t, dir)
	}
	dir := t.TempDir()
	for round := range 5 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), "JOURNAL_VICTIM_DIR="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		durable := uint64(0)
		lines := bufio.NewScanner(out)
		for n := 1 + rand.IntN(50); lines.Scan(); {
			if _, err := fmt.Sscanf(lines.Text(), "durable %d <nil>", &durable); err != nil {
				t.Errorf("the victim says %q", lines.Text())
			}
			if n--; n == 0 {
				if err := cmd.Process.Kill(); err != nil {
					t.Error(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil || durable == 0 {
			t.Fatalf("the victim lived (%v), durable %d", err, durable)
		}
		j := open(t, dir, journal.Options{})
		got := all(t, j, nil)
		if uint64(len(got)) < durable {
			t.Fatalf("round %d: %d entries of %d durable ones", round, len(got), durable)
		}
		for i, e := range got {
			if e.Seq != uint64(i+1) || string(e.Msg.Data.Raw()) != fmt.Sprintf("%0100d", e.Seq) {
				t.Fatalf("round %d: entry %d is %s", round, i+1, text(e))
			}
		}
		if end, err := strconv.ParseUint(states(t, j)["end"], 10, 64); err != nil || end > uint64(len(got)) {
			t.Fatalf("round %d: state %d of %d entries: %v", round, end, len(got), err)
		}
		for _, d := range j.Damage() {
			if !d.Cut {
				t.Fatalf("round %d: %v", round, d)
			}
		}
		closed(t, j)
	}
}
