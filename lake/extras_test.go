package lake_test

import (
	"testing"

	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
)

// Extras tell of the message that changed a row last, also that it had none: in
// tables with and without keys, by a message, a DataFrame and an upsert.
func TestExtrasTellOfTheLastMessage(t *testing.T) {
	const extras = `"extras": {"recv_ts": "ts", "slot": "bucket", "origin_ts": "sent", "publisher": "who", "topic": "topic"},
		"columns": [{"col": "k", "type": "INTEGER"}, {"col": "v", "type": "BIGINT"}, {"col": "w", "type": "TEXT"}]`
	log := &memLog{}
	b := start(t, log, func(o *lake.Options) {
		o.Schema = parse(t, `{"tables": [{"table": "plain", "topic": ":w/plain", `+extras+`}, {"table": "keyed", "topic": ":w/keyed", "keys": ["k"], `+extras+`}]}`)
	})
	send := func(from, topic string, origin int64, args ...any) {
		p, err := protocol.EncodeArgs(args...)
		if err != nil {
			t.Fatal(err)
		}
		m := &protocol.Message{Type: protocol.Pub, Topic: topic, HasSlot: from != "", Slot: 7, Origin: origin, Data: p}
		log.append(&protocol.Entry{Time: 9, From: from, Msg: m})
	}
	for _, table := range []string{"plain", "keyed"} {
		send("meter", "a/"+table, 5, row{"k": 1, "v": 1})
		send("", table, 0, row{"k": 1, "v": 2})
		send("meter", "a/"+table, 5, row{"k": 2})
		send("", table, -1, frame(t, [3]any{2, 3, nil}, [3]any{3, nil, "c"}))
		send("meter", "a/"+table, 5, row{"k": 4})
		log.append(&protocol.Entry{Time: 11, Kind: protocol.EntryUpsert, From: "ann", Msg: protocol.NewPub(table, args(t, row{"k": 4, "v": 4}))})
	}
	b.want("query_keyed", row{"cols": "v, w, ts, bucket, sent, who, topic", "where": "k = 1"}, `[{"v":2,"w":"a","ts":9,"bucket":null,"sent":null,"who":null,"topic":"keyed"}]`)
	b.want("query_keyed", row{"cols": "v, w, ts, bucket, sent, who, topic", "where": "k = 2"}, `[{"v":3,"w":null,"ts":9,"bucket":null,"sent":null,"who":null,"topic":"keyed"}]`)
	b.want("query_keyed", row{"cols": "v, w, ts, bucket, sent, who, topic", "where": "k = 4"}, `[{"v":4,"w":"a","ts":11,"bucket":null,"sent":null,"who":"ann","topic":null}]`)
	b.want("query_plain", row{"cols": "v, ts, bucket, sent, who, topic", "where": "k = 1 AND v = 1"}, `[{"v":1,"ts":9,"bucket":7,"sent":5,"who":"meter","topic":"a/plain"}]`)
	b.want("query_plain", row{"cols": "count(*) AS n", "where": "sent IS NULL AND who IS NULL AND topic = 'plain'"}, `[{"n":3}]`)
	b.want("query_plain", row{"cols": "ts, bucket, sent, who, topic", "where": "v = 4"}, `[{"ts":11,"bucket":null,"sent":null,"who":"ann","topic":null}]`)
}

func args(t *testing.T, v ...any) *protocol.Payload {
	t.Helper()
	p, err := protocol.EncodeArgs(v...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
