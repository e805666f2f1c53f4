package schema

import "github.com/rembus-go/rembus/protocol"

// Key converts one message of the table's deletion topic to the keys of the row
// that it deletes: one value for each of [Table.Keys], in their order, as
// [Type.Convert] returns them. vars is what [Schema.Match] returned for its topic.
// The data may be
//
//   - none: every key comes from the topic, or is its column's default;
//   - one map: keys by name, other fields ignored, absent ones as before. A field
//     wins over the variable of the topic with the same name;
//   - else one value for each key in order, also on patterns with variables.
//
// So a message that made a row, sent there as a map, deletes it. A DataFrame is
// many keys: [ErrDataFrame]; of those that it does not have as columns
// [Table.Missing] says the value. Any other error says which key refuses which
// value and why (a *[ValueError]), or why the message as a whole does not fit.
// Safe for concurrent use.
func (t *Table) Key(e *protocol.Entry, vars Vars) (Row, error) {
	return t.collect(e, vars, form{t.keys, "key", len(t.keys)})
}
