package examples_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// home holds bin/ with all programs, and what a reader of the README finds where it
// stands: schema.json.
var home string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "examples")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	home = dir
	if err := build(filepath.Join(home, "bin")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// build makes the broker, the command line and the examples from the sources as
// they are.
func build(bin string) error {
	schema, err := os.ReadFile("../schema.json")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(home, "schema.json"), schema, 0o600); err != nil {
		return err
	}
	args := append([]string{"build", "-tags", "duckdb_arrow", "-o", bin + "/"}, buildFlags...)
	args = append(args, "../cmd/rembusd", "../cmd/rembus", "./publisher", "./collector", "./calculator", "./dataframe")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
}
