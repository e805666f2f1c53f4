package lake_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
)

// rejected returns what the table has, in order.
func (b *bench) rejected() (rows []struct{ Topic, Publisher, Reason, Payload string }) {
	b.t.Helper()
	text := b.rows("query_rejected", row{"cols": []string{"topic", "publisher", "reason", "payload"}})
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		b.t.Fatal(err)
	}
	for _, r := range rows {
		if r.Payload != "" && (!json.Valid([]byte(r.Payload)) || len(r.Payload) > 64<<10) {
			b.t.Errorf("payload %.100q of %d bytes", r.Payload, len(r.Payload))
		}
	}
	return rows
}

// Every row that is refused is in the table rejected, with the reason and what was
// sent.
func TestRejected(t *testing.T) {
	log := &memLog{}
	b := start(t, log, onDisk(t))
	publish := func(from, topic string, p *protocol.Payload) {
		log.append(&protocol.Entry{From: from, Time: time.Now().UnixNano(), Msg: protocol.NewPub(topic, p)})
	}
	args := func(v ...any) *protocol.Payload {
		p, err := protocol.EncodeArgs(v...)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	publish("meter", "a/telemetry", args(row{"n": "seven"}))
	publish("meter", "a/telemetry", args(row{"n": 7}))
	publish("", "a/telemetry", args(row{"n": []byte{1, 2, 255}}))
	publish("", "a/telemetry", args(row{"n": "x", "long": strings.Repeat(`"`, 100_000)}))
	publish("", "a/telemetry", args(row{"n": "x", "long": strings.Repeat("y", 1_000_000)}))
	publish("", "a/telemetry", protocol.NewPayload(protocol.CBOR, []byte{0x81, 0xff}))
	log.append(&protocol.Entry{Kind: protocol.EntryUpsert, From: "office", Msg: protocol.NewPub("counter", args(row{"v": 1}))})
	for i, want := range []struct{ topic, publisher, reason, payload string }{
		{"a/telemetry", "meter", "n", `[{"n":"seven"}]`},
		{"a/telemetry", "", "n", `[{"n":"AQL/"}]`},
		{"a/telemetry", "", "n", `"start":"[`},
		{"a/telemetry", "", "n", `"base64":"`},
		{"a/telemetry", "", "", `{"base64":"gf8=","bytes":2}`},
		{"upsert_counter", "office", "a key must not be missing", `[{"v":1}]`},
	} {
		rows := b.rejected()
		if len(rows) != 6 {
			t.Fatalf("%+v", rows)
		}
		if r := rows[i]; r.Topic != want.topic || r.Publisher != want.publisher || !strings.Contains(r.Reason, want.reason) || !strings.Contains(r.Payload, want.payload) {
			t.Errorf("%.300q, want %v", r, want)
		}
	}
	b.want("query_rejected", row{"cols": "count(*) AS n", "where": "publisher = 'meter' AND time > '2020-01-01'"}, `[{"n":1}]`)
	b.want("query_telemetry", row{"cols": "n"}, `[{"n":7}]`)
	b.refused("invalid key", "query_rejected", row{"when": 1})
	b.refused("refused SQL", "query_rejected", row{"where": "payload IN (SELECT 'x')"})
	if b.Refused() != 6 {
		t.Errorf("%d refused", b.Refused())
	}
}

// Of a DataFrame each refused row is kept by itself, up to 100; then how many more.
func TestRejectedRowsOfAFrame(t *testing.T) {
	log := &memLog{}
	b := start(t, log, nil)
	keyless := func(rows int) (f [][3]any) {
		for i := range rows {
			f = append(f, [3]any{nil, i, "w"})
		}
		return f
	}
	log.publish(t, "counter", frame(t, append(keyless(2), [3]any{1, 1, "w"}, [3]any{nil, 7, "w"})...))
	rows := b.rejected()
	if len(rows) != 3 {
		t.Fatalf("%+v", rows)
	}
	for i, v := range []int{0, 1, 7} {
		var sent map[string]any
		if err := json.Unmarshal([]byte(rows[i].Payload), &sent); err != nil || len(sent) != 4 || sent["v"] != float64(v) || sent["w"] != "w" || sent["k"] != nil {
			t.Errorf("%+v, %v", rows[i], err)
		}
	}
	log.publish(t, "counter", frame(t, keyless(500)...))
	rows = b.rejected()
	if n := len(rows); n != 104 || rows[n-1].Reason != "and 400 more rows of the message" {
		t.Errorf("%d rows, the last %+v", n, rows[len(rows)-1])
	}
	b.want("query_counter", row{"cols": "k"}, `[{"k":1}]`)
}

// A row that only DuckDB refuses is kept too, once, and the batch around it is stored.
func TestRejectedByDuckDB(t *testing.T) {
	log := &memLog{}
	b := start(t, log, nil)
	for i := range 20 {
		log.publish(t, "telemetry", row{"n": i})
	}
	log.append(&protocol.Entry{Kind: protocol.EntryUpsert, Msg: protocol.NewPub("sensor", payloadOf(t, row{"dn": "x"}))}) // site is NULL
	b.want("query_telemetry", row{"cols": "count(*) AS n"}, `[{"n":20}]`)
	if rows := b.rejected(); len(rows) != 1 || rows[0].Topic != "upsert_sensor" || !strings.Contains(rows[0].Reason, "NOT NULL") {
		t.Errorf("%+v", rows)
	}
}

func payloadOf(t *testing.T, args ...any) *protocol.Payload {
	t.Helper()
	p, err := protocol.EncodeArgs(args...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A flood is kept in part, and the rest as a number; the table does not outgrow its
// limits of rows and age.
func TestRejectedIsBounded(t *testing.T) {
	log := &memLog{}
	b := start(t, log, func(o *lake.Options) { o.RejectedRows, o.BatchRows = 1500, 4000 })
	old := payloadOf(t, row{"n": "old"})
	log.append(&protocol.Entry{Time: time.Now().Add(-8 * 24 * time.Hour).UnixNano(), Msg: protocol.NewPub("telemetry", old)})
	log.publish(t, "telemetry", row{"n": 1})
	b.want("query_rejected", row{"cols": "count(*) AS n"}, `[{"n":0}]`)
	flood := func() {
		for range 4000 {
			log.publish(t, "telemetry", row{"n": "flood"})
		}
		b.want("query_telemetry", row{"cols": "count(*) AS n"}, `[{"n":1}]`)
	}
	flood()
	b.want("query_rejected", row{"cols": "count(*) AS n, count(payload) AS kept, max(CASE WHEN topic = '' THEN reason END) AS more"},
		`[{"n":1001,"kept":1000,"more":"3000 more rows were refused and are not kept"}]`)
	flood()
	b.want("query_rejected", row{"cols": "count(*) AS n"}, `[{"n":1500}]`)
	if b.Refused() != 8001 {
		t.Errorf("%d refused", b.Refused())
	}
}
