package archtest

import (
	"os"
	"path/filepath"
	"testing"
)

const module = "github.com/rembus-go/rembus"

var root = filepath.Join("..", "..")

func report(t *testing.T, wrong []string) {
	t.Helper()
	for _, w := range wrong {
		t.Error(w)
	}
}

// TestArchitecture keeps the borders of the packages, the sizes and the doc
// comments of this very module.
func TestArchitecture(t *testing.T) {
	tree, err := load(os.DirFS(root), module)
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.files) < 20 {
		t.Fatalf("only %d files found: the check would prove nothing", len(tree.files))
	}
	t.Run("imports", func(t *testing.T) { report(t, tree.wrongImports()) })
	t.Run("sizes", func(t *testing.T) { report(t, tree.tooLarge()) })
	t.Run("promises", func(t *testing.T) { report(t, tree.undocumented()) })
}

// TestReach follows the imports to their ends: no cgo under the client side, no
// transport, Arrow or DuckDB under the core.
func TestReach(t *testing.T) {
	g, err := list(root)
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := g[module+"/protocol"]; !ok || len(n.Deps) == 0 {
		t.Fatal("package protocol was not listed: the check would prove nothing")
	}
	report(t, g.wrongReach(module))
}
