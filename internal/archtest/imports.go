package archtest

import (
	"fmt"
	"strings"
)

// rule says what the packages of a pattern may import of ours, and what of
// others they must not. Patterns are paths from the module's root; "x/..." is x
// and everything below, "x/*" one level below.
type rule struct {
	pkg    string
	ours   []string
	forbid []string // by path or "prefix/..."
}

// outside is what the broker's core reaches only through interfaces: files,
// sockets, databases.
var outside = []string{
	"os/...", "net/...", "syscall", "path/filepath", "io/ioutil", "database/sql/...",
	"golang.org/x/sys/...", "github.com/coder/...", "github.com/duckdb/...", "github.com/apache/...",
}

// rules is the table of packages; the first match counts.
var rules = []rule{
	{pkg: "protocol/...", ours: []string{"protocol/..."}, forbid: outside},
	{pkg: "schema", ours: []string{"protocol", "internal/..."}},
	{pkg: "auth", ours: []string{"protocol", "internal/..."}},
	{pkg: "journal/...", ours: []string{"protocol", "journal/...", "internal/..."}},
	{pkg: "lake/...", ours: []string{"schema", "protocol", "lake/...", "internal/..."}},
	{pkg: "component/frame", ours: []string{"component", "protocol", "internal/..."}},
	{pkg: "component/...", ours: []string{"protocol", "adaptor/*", "internal/..."}},
	{pkg: "server/...", ours: []string{"protocol", "server/...", "internal/..."}, forbid: outside},
	{pkg: "adaptor/*", ours: []string{"protocol", "internal/..."}},
	{pkg: "internal/archtest"},
	{pkg: "internal/...", ours: []string{"protocol", "internal/..."}},
	{pkg: "examples/...", ours: []string{"component/...", "protocol"}},
	{pkg: "interop/...", ours: []string{"component/...", "protocol", "interop/..."}},
	{pkg: "torture/...", ours: []string{"adaptor/*", "component/...", "protocol"}},
	{pkg: "cmd/...", ours: []string{"..."}},
}

// wrongImports returns the imports that break rules, as "file: what is wrong".
func (t *tree) wrongImports() []string {
	var wrong []string
	for _, f := range t.files {
		r, ok := ruleOf(f.pkg)
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s: no import rule for package %s", f.name, f.pkg))
			continue
		}
		for _, imp := range f.imports() {
			local, ours := strings.CutPrefix(imp, t.module+"/")
			switch {
			case ours && !matchAny(r.ours, local),
				imp == t.module && !matchAny(r.ours, "."),
				ours && !strings.HasPrefix(f.pkg, "cmd/") && strings.HasPrefix(local, "cmd/"),
				!ours && matchAny(r.forbid, imp):
				wrong = append(wrong, fmt.Sprintf("%s: %s must not import %s", f.name, f.pkg, imp))
			}
		}
	}
	return wrong
}

func ruleOf(pkg string) (rule, bool) {
	for _, r := range rules {
		if match(r.pkg, pkg) {
			return r, true
		}
	}
	return rule{}, false
}

func matchAny(patterns []string, path string) bool {
	for _, p := range patterns {
		if match(p, path) {
			return true
		}
	}
	return false
}

func match(pattern, path string) bool {
	if pattern == "..." {
		return true
	}
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	if base, ok := strings.CutSuffix(pattern, "/*"); ok {
		rest, below := strings.CutPrefix(path, base+"/")
		return below && !strings.Contains(rest, "/")
	}
	return path == pattern
}
