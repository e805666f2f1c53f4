package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// bound ends a wait for something that should have come long ago.
const bound = 60 * time.Second

// What all tests share; components, topics and tables are each test's own.
var (
	program string // rembusd
	python  string // of the environment that has the client
	shared  *broker
	clients *driver
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if python, err = findPython(); err != nil {
		if os.Getenv("REMBUS_INTEROP") == "required" {
			fmt.Fprintln(os.Stderr, "interop is required, but", err)
			return 1
		}
		fmt.Println("interop was left out:", err)
		return 0
	}
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := start(dir); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		return 1
	}
	code := m.Run()
	for _, stop := range []func() error{clients.stop, shared.stop} {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "interop:", err)
			code = 1
		}
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// start makes what the tests share.
func start(dir string) (err error) {
	if program, err = build(dir); err != nil {
		return err
	}
	if shared, err = startBroker(filepath.Join(dir, "shared"), "--schema", filepath.Join("testdata", "schema.json")); err != nil {
		return err
	}
	clients, err = startDriver(filepath.Join(dir, "components"))
	return err
}

// findPython returns the interpreter that has the client.
func findPython() (string, error) {
	path, err := filepath.Abs(filepath.Join("..", ".venv", "bin", "python"))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the Python client is not installed: make venv")
	}
	return path, nil
}

// build returns the path of rembusd, built from the sources as they are.
func build(dir string) (string, error) {
	if path := os.Getenv("REMBUS_BROKER"); path != "" {
		return path, nil
	}
	path := filepath.Join(dir, "rembusd")
	args := append([]string{"build", "-tags", "duckdb_arrow", "-o", path}, buildFlags...)
	if out, err := exec.Command("go", append(args, "../cmd/rembusd")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building rembusd: %w\n%s", err, out)
	}
	return path, nil
}

// environment is that of this process without what would change the programs:
// settings of Rembus, and proxies.
func environment(more ...string) (env []string) {
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "REMBUS_") || strings.HasSuffix(strings.ToLower(name), "_proxy") {
			continue
		}
		env = append(env, v)
	}
	return append(env, more...)
}
