package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSchemaCheckSaysWhatDeletes: also that a delete_topic has no effect.
func TestSchemaCheckSaysWhatDeletes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.json")
	text := `{"tables": [
		{"table": "a", "topic": ":k/a", "delete_topic": ":k/a/gone", "keys": ["k"], "columns": [{"col": "k", "type": "TEXT"}]},
		{"table": "b", "delete_topic": "b/gone", "columns": [{"col": "k", "type": "TEXT"}]}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "a\t<- :k/a\na\tdeletes <- :k/a/gone\nb\t<- b\nb\tdelete_topic has no effect: the table has no keys\n"
	if code, stdout, stderr := cli("schema", "check", file); code != exitOK || stdout != want {
		t.Errorf("exit code %d, %q%s, want %q", code, stdout, stderr, want)
	}
}
