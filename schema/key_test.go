package schema

import (
	"errors"
	"reflect"
	"testing"

	"github.com/rembus-go/rembus/protocol"
)

const keySchema = `{"tables": [
 {"table": "reading", "topic": ":dn/:n/reading", "delete_topic": ":dn/reading/delete", "keys": ["n", "dn"], "columns": [
   {"col": "dn", "type": "TEXT"}, {"col": "v", "type": "DOUBLE"}, {"col": "n", "type": "INTEGER", "default": 1}]},
 {"table": "door", "delete_topic": ":site/:dn/door/delete", "keys": ["dn"], "columns": [
   {"col": "dn", "type": "BLOB"}, {"col": "site", "type": "TEXT"}]},
 {"table": "log", "delete_topic": "log/delete", "columns": [{"col": "a", "type": "TEXT"}]}
]}`

// TestKey holds what a message of a deletion topic names, in CBOR and JSON: the
// same forms as a row's, for the keys alone and in their order.
func TestKey(t *testing.T) {
	s := mustParse(t, keySchema)
	type m = map[string]any
	for _, c := range []struct {
		name, topic string
		args        []any
		json        string
		want        Row
		wrong       string
	}{
		{name: "none", topic: "b1/reading/delete", json: `[]`, want: Row{int32(1), "b1"}},
		{name: "map", topic: "b1/reading/delete", args: []any{m{"n": 7}}, json: `[{"n":7}]`, want: Row{int32(7), "b1"}},
		{name: "field wins over topic", topic: "b1/reading/delete", args: []any{m{"n": 7, "dn": "b2"}}, json: `[{"n":7,"dn":"b2"}]`, want: Row{int32(7), "b2"}},
		{name: "the message that made the row", topic: "b1/reading/delete", args: []any{m{"n": 7, "dn": "b2", "v": 1.5}}, json: `[{"n":7,"dn":"b2","v":1.5}]`, want: Row{int32(7), "b2"}},
		{name: "other fields are not looked at", topic: "b1/reading/delete", args: []any{m{"v": "warm"}}, json: `[{"v":"warm"}]`, want: Row{int32(1), "b1"}},
		{name: "positional, in the order of the keys", topic: "b1/reading/delete", args: []any{7, "b2"}, json: `[7,"b2"]`, want: Row{int32(7), "b2"}},
		{name: "one key", topic: "x/b1/door/delete", json: `[]`, want: Row{[]byte("b1")}},
		{name: "one value", topic: "x/b1/door/delete", args: []any{[]byte("b2")}, json: `["YjI="]`, want: Row{[]byte("b2")}},

		{name: "too few", topic: "b1/reading/delete", args: []any{7}, json: `[7]`, wrong: "1 value for 2 keys"},
		{name: "too many", topic: "x/b1/door/delete", args: []any{7, 8}, json: `[7,8]`, wrong: "2 values for 1 key"},
		{name: "null", topic: "b1/reading/delete", args: []any{m{"n": nil}}, json: `[{"n":null}]`, wrong: `column "n": must not be null`},
		{name: "wrong type", topic: "b1/reading/delete", args: []any{m{"n": 1.5}}, json: `[{"n":1.5}]`, wrong: `column "n": INTEGER takes whole numbers, not the number 1.5`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range []*protocol.Payload{payload(t, c.args...), protocol.NewPayload(protocol.JSON, []byte(c.json))} {
				table, vars := s.Match(c.topic)
				if table == nil || !vars.Deletes() {
					t.Fatalf("%s does not delete: %v", c.topic, table)
				}
				got, err := table.Key(&protocol.Entry{Msg: protocol.NewPub(c.topic, p)}, vars)
				if c.wrong != "" {
					if err == nil || err.Error() != c.wrong {
						t.Errorf("%v: got %v, %v; want error %s", p.Encoding(), got, err, c.wrong)
					}
					continue
				}
				if err != nil || !reflect.DeepEqual(got, c.want) {
					t.Errorf("%v: got %v, %v; want %v", p.Encoding(), got, err, c.want)
				}
			}
		})
	}
}

// TestKeyOfDataFrame: a DataFrame is many keys; those that it does not have come
// from the deletion topic.
func TestKeyOfDataFrame(t *testing.T) {
	s := mustParse(t, keySchema)
	table, vars := s.Match("b1/reading/delete")
	e := &protocol.Entry{Msg: protocol.NewPub("b1/reading/delete", payload(t, protocol.DataFrame("abc")))}
	if _, err := table.Key(e, vars); !errors.Is(err, ErrDataFrame) {
		t.Errorf("got %v", err)
	}
	i, _ := table.Index("dn")
	if got, err := table.Missing(i, vars); got != "b1" || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestDeleteTopicWithoutKeys: it loads, and has no effect.
func TestDeleteTopicWithoutKeys(t *testing.T) {
	s := mustParse(t, keySchema)
	if s.Table("log").DeleteTopic != "log/delete" {
		t.Error("not kept")
	}
	if table, _ := s.Match("log/delete"); table != nil {
		t.Errorf("it belongs to %s", table.Name)
	}
}
