package lake_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// niceness is how nice each thread of this process is.
func niceness(t *testing.T) (all []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/self/task/*/stat")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		nice, err := strconv.Atoi(fields[16]) // the 19th of proc(5), counted from what follows the name
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, nice)
	}
	return all
}

// TestGivesWay: the reader's thread, and those that DuckDB has of its own, are nicer than
// the rest of the process, which stays as it was.
func TestGivesWay(t *testing.T) {
	log := &memLog{}
	b := start(t, log, nil)
	log.publish(t, "s1/telemetry", row{"n": 1})
	b.want("query_telemetry", row{"cols": []string{"n"}}, `[{"n":1}]`)
	normal, nicer := 0, 0
	for _, n := range niceness(t) {
		switch n {
		case 0:
			normal++
		case 5:
			nicer++
		default:
			t.Errorf("a thread is %d nice", n)
		}
	}
	if nicer == 0 || normal == 0 {
		t.Errorf("%d threads give way, %d do not", nicer, normal)
	}
}
