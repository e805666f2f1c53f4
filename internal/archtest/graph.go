package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// node is a package as go list describes it.
type node struct {
	ImportPath string
	Standard   bool
	CgoFiles   []string
	Deps       []string // all that it stands on, directly or not
}

// graph is packages by import path.
type graph map[string]node

// reach says what the packages of a pattern must not stand on, however far away.
type reach struct {
	pkg    string
	except string
	forbid []string
}

// reaches is the table: the client side runs on any platform that Go has, and a
// plain client carries neither Arrow nor DuckDB. The core stays the core
// whatever a leaf below it learns to import.
var reaches = []reach{
	{pkg: "protocol/...", forbid: []string{"github.com/duckdb/...", "github.com/apache/...", "github.com/coder/..."}},
	{pkg: "component/...", except: "component/frame", forbid: []string{"github.com/duckdb/...", "github.com/apache/..."}},
	{pkg: "component/frame", forbid: []string{"github.com/duckdb/..."}},
	{pkg: "cmd/rembus", forbid: []string{"github.com/duckdb/..."}},
	{pkg: "server/...", forbid: []string{"github.com/duckdb/...", "github.com/apache/...", "github.com/coder/..."}},
}

// wrongReach returns what breaks reaches, as "package: what is wrong".
func (g graph) wrongReach(module string) []string {
	var wrong []string
	for path, n := range g {
		local, ours := strings.CutPrefix(path, module+"/")
		if !ours {
			continue
		}
		for _, r := range reaches {
			if !match(r.pkg, local) || r.except != "" && match(r.except, local) {
				continue
			}
			for _, dep := range n.Deps {
				if matchAny(r.forbid, dep) {
					wrong = append(wrong, fmt.Sprintf("%s: stands on %s", local, dep))
				}
				if d := g[dep]; !d.Standard && len(d.CgoFiles) > 0 {
					wrong = append(wrong, fmt.Sprintf("%s: stands on cgo in %s", local, dep))
				}
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

// list returns the graph of all packages in the module at dir. Cgo counts as
// enabled: with it off, go list hides the files that want it.
func list(dir string) (graph, error) {
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Standard,CgoFiles,Deps", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("failed to list packages: %w", err)
	}
	g := graph{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var n node
		if err := dec.Decode(&n); errors.Is(err, io.EOF) {
			return g, nil
		} else if err != nil {
			return nil, err
		}
		g[n.ImportPath] = n
	}
}
