package examples_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block is a fenced block of a page.
type block struct {
	kind string // what it is written in
	text string
	want string // the block of kind text that follows it
}

var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

func blocks(t *testing.T, page string) (all []block) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		if b := (block{kind: m[1], text: m[2]}); b.kind != "text" {
			all = append(all, b)
		} else if len(all) > 0 {
			all[len(all)-1].want = b.text
		}
	}
	return all
}

// pages are README.md and docs.
func pages(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Glob("../docs/*.md")
	if err != nil || len(docs) < 5 {
		t.Fatalf("docs: %v, %v", docs, err)
	}
	return append(docs, "../README.md")
}

// What the pages show works as written, and prints what they say: each page against
// a broker of its own, in its order. Only the port differs.
func TestPages(t *testing.T) {
	for _, page := range pages(t) {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			_, url := startBroker(t)
			for _, b := range blocks(t, page) {
				t.Run(b.kind, func(t *testing.T) { b.run(t, url) })
			}
		})
	}
}

func (b block) run(t *testing.T, url string) {
	if strings.HasPrefix(b.text, "make ") {
		checkTargets(t, b.text)
		return
	}
	if b.kind == "wire" {
		talk(t, url, b.text)
		return
	}
	text := strings.ReplaceAll(b.text, "ws://127.0.0.1:8338", url)
	var cmd *exec.Cmd
	switch b.kind {
	case "sh":
		cmd = command("/bin/sh", "-euc", text)
		cmd.Env = append(cmd.Env, "REMBUS_BASE_URL="+url)
	case "python":
		cmd = command(python(t), "-c", text)
		cmd.Env = append(cmd.Env, "REMBUS_DIR="+t.TempDir(), "PYTHONDONTWRITEBYTECODE=1")
	case "go":
		cmd = command(buildText(t, text))
	case "json":
		cmd = command("rembusd", "schema", "check", write(t, "schema.json", text))
		b.want = ""
	default:
		t.Fatalf("a block of %q: none of sh, python, go, json, wire, text", b.kind)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s%s", err, b.text, out, stderr.String())
	}
	if got := string(out); b.want != "" && got != b.want {
		t.Errorf("printed\n%s\nthe page says\n%s", got, b.want)
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// buildText compiles a program within this module.
func buildText(t *testing.T, text string) string {
	t.Helper()
	source := write(t, "main.go", text)
	program := filepath.Join(filepath.Dir(source), "program")
	if out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// python is the interpreter that has the client, as for the interop tests.
func python(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../.venv/bin/python")
	if err == nil {
		_, err = os.Stat(path)
	}
	switch {
	case err == nil:
		return path
	case os.Getenv("REMBUS_INTEROP") == "required":
		t.Fatalf("the Python client is not installed: %v", err)
	default:
		t.Skip("left out: the Python client is not installed (make venv)")
	}
	return ""
}

// checkTargets looks for make's targets without running them: this test is one of
// them.
func checkTargets(t *testing.T, text string) {
	t.Helper()
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^make ([a-z-]+)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(string(makefile), "\n"+m[1]+":") {
			t.Errorf("the Makefile has no %s", m[1])
		}
	}
}

// Every flag and every file that a page names exists.
func TestPagesNameWhatExists(t *testing.T) {
	help := output(t, "rembusd", "--help") + output(t, "rembusd", "schema", "apply", "--help")
	for _, name := range []string{"pub", "sub", "rpc", "expose", "query", "sql", "bench"} {
		help += output(t, "rembus", name, "--help")
	}
	known := regexp.MustCompile(`--[a-z][a-z-]+`).FindAllString(help, -1)
	link := regexp.MustCompile(`\]\(([^)#:\s]+)\)`)
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile("[ `]--[a-z][a-z-]+").FindAllString(string(text), -1) {
			if !slices.Contains(known, name[1:]) {
				t.Errorf("%s: there is no flag %s", page, name[1:])
			}
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}
