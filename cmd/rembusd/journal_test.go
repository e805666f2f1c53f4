package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

// TestJournalOfARunningBroker: stat, verify and dump look on at what is served.
func TestJournalOfARunningBroker(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	p := start(t, "--dir", dir, "--name", "b/1", "--no-lake")
	url := p.until(t, "rembusd is ready")["url"].(string)
	c, err := component.Dial(ctx, url+"/meter")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := c.Topic("a/"+strconv.Itoa(i), component.WithQoS(component.QoS2)).Publish(ctx, i, "x\x1b[2J"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Subscribe(ctx, "a/*", func(component.Message) {}); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(ctx); err != nil {
		t.Fatal(err)
	}
	at := []string{"--dir", dir, "--name", "b/1"}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"stat"}, "messages   3\n"},
		{[]string{"stat"}, "b%2F1"},
		{[]string{"verify"}, "no damage in 3 messages"},
		{[]string{"dump", "--from", "2", "--topic", "a/*"}, ` pub qos2 meter a/1 [1,"x\u001b[2J"]` + "\n"},
	} {
		code, stdout, stderr := cli(append(append([]string{"journal"}, c.args...), at...)...)
		if code != exitOK || !strings.Contains(stdout, c.want) {
			t.Errorf("%v: %d, want %q in\n%s%s", c.args, code, c.want, stdout, stderr)
		}
	}
	code, stdout, stderr := cli("journal", "dump", "--json", "--until", "1h", "--path", filepath.Join(dir, "b%2F1", "journal"))
	if code != exitOK || stdout != "" {
		t.Errorf("nothing is an hour old: %d %s%s", code, stdout, stderr)
	}
	code, stdout, stderr = cli(append([]string{"journal", "dump", "--json", "--since", "1h", "--to", "1"}, at...)...)
	var line dumpLine
	if err := json.Unmarshal([]byte(stdout), &line); err != nil || code != exitOK {
		t.Fatalf("%d %v %s%s", code, err, stdout, stderr)
	}
	if line.Topic != "a/0" || line.From != "meter" || line.QoS != 2 || string(line.Args) != `[0,"x\u001b[2J"]` || line.ID == "" {
		t.Errorf("%s", stdout)
	}
}

// TestJournalVerifyDamage: fault 7, for people.
func TestJournalVerifyDamage(t *testing.T) {
	dir := t.TempDir()
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := protocol.EncodeArgs("spoiled")
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Append(&protocol.Entry{Msg: protocol.NewPub("t", data)}, &protocol.Entry{Msg: protocol.NewPub("t", nil)}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := cli("journal", "verify", "--path", dir); code != exitOK {
		t.Errorf("before: %d %s%s", code, stdout, stderr)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	b[bytes.Index(b, []byte("spoiled"))] ^= 1
	if err := os.WriteFile(files[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := cli("journal", "verify", "--path", dir)
	if code != exitFailed || !strings.Contains(stdout, "damaged at") || !strings.Contains(stderr, "1 ranges") {
		t.Errorf("%d %s%s", code, stdout, stderr)
	}
	if code, stdout, _ := cli("journal", "stat", "--path", dir); code != exitOK || !strings.Contains(stdout, "damage ") {
		t.Errorf("stat: %d %s", code, stdout)
	}
}

func TestJournalUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no journal": {[]string{"stat", "--path", filepath.Join(t.TempDir(), "none")}, exitFailed, "there is no journal"},
		"bad time":   {[]string{"dump", "--since", "noon"}, exitUsage, "neither a time"},
		"bad space":  {[]string{"dump", "--topic", "a@*"}, exitUsage, "sealed by @"},
		"argument":   {[]string{"dump", "x"}, exitUsage, "unknown command"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := cli(append([]string{"journal"}, c.args...)...)
			if code != c.code || !strings.Contains(stdout+stderr, c.want) {
				t.Errorf("%d, want %d with %q in\n%s%s", code, c.code, c.want, stdout, stderr)
			}
		})
	}
}

// TestDumpIsSafe: fault 31; nothing that a publisher wrote reaches a terminal as
// a control character, and a line stays a line.
func TestDumpIsSafe(t *testing.T) {
	raw := func(b ...byte) *protocol.Payload { return protocol.NewPayload(protocol.CBOR, b) }
	text := func(s string) *protocol.Payload {
		p, err := protocol.EncodeArgs(s)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, c := range []struct {
		from string
		data *protocol.Payload
		want string
	}{
		{"", nil, " - t null\n"},
		{"a b", text("\u009b\u202e\n"), ` "a b" t ["\u009b\u202e\n"]` + "\n"},
		{"\x1b", text("\U000e0001é"), ` "\x1b" t ["\udb40\udc01é"]` + "\n"},
		{"x", protocol.NewPayload(protocol.JSON, []byte("[\n\t1,\r2]")), " x t [  1, 2]\n"},
		{"x", raw(0xa2, 0x01, 0x01, 0x61, 0x31, 0x02), " x t cbor:ogEBYTEC\n"}, // two keys that JSON cannot tell apart
	} {
		var out bytes.Buffer
		e := &protocol.Entry{Seq: 7, Time: time.Now().UnixNano(), From: c.from, Msg: protocol.NewPub("t", c.data)}
		if err := writeLine(&out, e); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(out.String(), c.want) {
			t.Errorf("%q, want %q at its end", out.String(), c.want)
		}
		out.Reset()
		if err := writeJSON(&out, e); err != nil {
			t.Fatal(err)
		}
		var line dumpLine
		if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.From != c.from {
			t.Errorf("%s: %v", out.String(), err)
		}
	}
}

// TestDumpHasTheSendersTime: where the message has one.
func TestDumpHasTheSendersTime(t *testing.T) {
	e := &protocol.Entry{Seq: 7, Time: 1, Msg: protocol.NewPub("t", nil)}
	for origin, want := range map[int64]string{0: "", 1769854830123456789: "2026-01-31T10:20:30.123456789Z"} {
		var out bytes.Buffer
		var line dumpLine
		e.Msg.Origin = origin
		if err := writeJSON(&out, e); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Origin != want {
			t.Errorf("%s: %v", out.String(), err)
		}
	}
}
