package archtest

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const sound = "example.com/sound"

// soundTree returns a copy of testdata/sound that a test may damage.
func soundTree(t *testing.T) fstest.MapFS {
	t.Helper()
	src, copied := os.DirFS("testdata/sound"), fstest.MapFS{}
	err := fs.WalkDir(src, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(src, name)
		copied[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// all returns everything that is wrong with a tree of files.
func all(t *testing.T, files fstest.MapFS) []string {
	t.Helper()
	tree, err := load(files, sound)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(tree.wrongImports(), tree.tooLarge(), tree.undocumented())
}

func TestSoundTreePasses(t *testing.T) {
	report(t, all(t, soundTree(t)))
}

// TestDamagedTreeFails breaks one rule at a time and expects exactly that to be
// told: a check that cannot fail checks nothing.
func TestDamagedTreeFails(t *testing.T) {
	swap := func(old, new string) func(string) string {
		return func(src string) string { return strings.Replace(src, old, new, 1) }
	}
	sync := func(imp string) func(string) string { return swap(`"sync"`, `"sync"`+"\n\t_ \""+imp+`"`) }
	for name, c := range map[string]struct {
		file string
		edit func(string) string
		want string
	}{
		"protocol imports ours": {"protocol/protocol.go", swap("package protocol", "package protocol\n\nimport _ \"example.com/sound/server\""),
			"protocol/protocol.go: protocol must not import example.com/sound/server"},
		"server imports the lake":     {"server/server.go", sync("example.com/sound/lake"), "server/server.go: server must not import example.com/sound/lake"},
		"server imports a transport":  {"server/server.go", sync("example.com/sound/adaptor/ws"), "server/server.go: server must not import example.com/sound/adaptor/ws"},
		"server opens files":          {"server/server.go", sync("os"), "server/server.go: server must not import os"},
		"server dials":                {"server/server.go", sync("net/http"), "server/server.go: server must not import net/http"},
		"server runs SQL":             {"server/server.go", sync("database/sql"), "server/server.go: server must not import database/sql"},
		"server knows DuckDB":         {"server/server.go", sync("github.com/duckdb/duckdb-go/v2"), "server/server.go: server must not import github.com/duckdb/duckdb-go/v2"},
		"server speaks WebSocket":     {"server/server.go", sync("github.com/coder/websocket"), "server/server.go: server must not import github.com/coder/websocket"},
		"only on one platform":        {"server/server_windows.go", swap("package server", "package server\n\nimport _ \"syscall\""), "server/server_windows.go: server must not import syscall"},
		"transports know one another": {"adaptor/ws/ws.go", swap(`"net/http"`, "\"net/http\"\n\t_ \"example.com/sound/adaptor/tcp\""), "adaptor/ws/ws.go: adaptor/ws must not import example.com/sound/adaptor/tcp"},
		"lake imports the server":     {"lake/lake.go", swap("sound/protocol", "sound/server"), "lake/lake.go: lake must not import example.com/sound/server"},
		"component imports its frame": {"component/component.go", swap("sound/adaptor/ws", "sound/component/frame"), "component/component.go: component must not import example.com/sound/component/frame"},
		"import of a command":         {"lake/lake.go", swap("sound/protocol", "sound/cmd/rembusd"), "lake/lake.go: lake must not import example.com/sound/cmd/rembusd"},
		"file too long":               {"lake/lake.go", func(s string) string { return s + strings.Repeat("\n", 500-strings.Count(s, "\n")+1) }, "lake/lake.go: 501 lines, the limit is 500"},
		"function too long": {"lake/lake.go", swap("{ return Open }", "{\n"+strings.Repeat("\n", 78)+"return Open\n}"),
			"lake/lake.go: func Store has 81 lines, the limit is 80"},
		"function without comment": {"lake/lake.go", swap("// Store stores m.\n", ""), "lake/lake.go: Store has no doc comment"},
		"method without comment":   {"server/server.go", swap("// Route keeps m.\n", ""), "server/server.go: Route has no doc comment"},
		"type without comment":     {"server/server.go", swap("// Broker routes.\n", ""), "server/server.go: Broker has no doc comment"},
		"package without comment":  {"lake/lake.go", swap("// Package lake stores.\n", ""), "lake/lake.go: package lake has no package comment"},
	} {
		t.Run(name, func(t *testing.T) {
			files := soundTree(t)
			before := string(files[c.file].Data)
			after := c.edit(before)
			if after == before {
				t.Fatal("the edit changed nothing")
			}
			files[c.file].Data = []byte(after)
			if got := all(t, files); !slices.Equal(got, []string{c.want}) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestNewPackageNeedsARule(t *testing.T) {
	files := soundTree(t)
	files["helpers/helpers.go"] = &fstest.MapFile{Data: []byte("// Package helpers helps.\npackage helpers\n")}
	want := []string{"helpers/helpers.go: no import rule for package helpers"}
	if got := all(t, files); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReachFollowsImportsToTheirEnds(t *testing.T) {
	g := graph{
		"net":                                  {Standard: true, CgoFiles: []string{"cgo_unix.go"}},
		"example.com/c":                        {CgoFiles: []string{"c.go"}},
		"github.com/apache/arrow-go/v18/arrow": {},
		sound + "/protocol":                    {Deps: []string{"net"}},
		sound + "/component":                   {Deps: []string{"net", sound + "/adaptor/ws", "github.com/apache/arrow-go/v18/arrow"}},
		sound + "/component/frame":             {Deps: []string{"github.com/apache/arrow-go/v18/arrow"}},
		sound + "/cmd/rembus":                  {Deps: []string{"example.com/c", "net"}},
		sound + "/cmd/rembusd":                 {Deps: []string{"example.com/c", "github.com/duckdb/duckdb-go/v2"}},
		sound + "/server":                      {Deps: []string{"github.com/duckdb/duckdb-go/v2"}},
	}
	want := []string{
		"cmd/rembus: stands on cgo in example.com/c",
		"component: stands on github.com/apache/arrow-go/v18/arrow",
		"server: stands on github.com/duckdb/duckdb-go/v2",
	}
	if got := g.wrongReach(sound); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
