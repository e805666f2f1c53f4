package torture

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

var program string // rembusd

// TestMain builds rembusd, without the race detector: it is to be as fast as it
// is in life.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "torture")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if program = os.Getenv("REMBUS_BROKER"); program == "" {
		program = filepath.Join(dir, "rembusd")
		out, err := exec.Command("go", "build", "-tags", "duckdb_arrow", "-o", program, "../cmd/rembusd").CombinedOutput()
		if err != nil {
			fmt.Fprintf(os.Stderr, "building rembusd: %v\n%s", err, out)
			return 1
		}
	}
	code := m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// setting is a number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// dice returns the source of a test's random choices.
func dice(t *testing.T) *rand.Rand {
	seed := setting(t, "REMBUS_SEED", rand.Uint64())
	t.Logf("REMBUS_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// environment is that of this process without settings of Rembus and proxies.
func environment() (env []string) {
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "REMBUS_") && !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			env = append(env, v)
		}
	}
	return env
}
