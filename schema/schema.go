// Package schema reads schema.json, maps topics to tables and messages to rows.
package schema

import "github.com/rembus-go/rembus/protocol"

// Schema is a checked schema. Immutable, safe for concurrent use.
type Schema struct {
	Tables []*Table // in the order of the file
}

// Table is one table and the topics that fill it.
type Table struct {
	Name    string
	Topic   string // the pattern, such as ":dn/telemetry"; the name when the file has none
	Columns []Column
	Keys    []string // columns of the key, empty = append only
	RecvTS  string   // extra column for the receive time (UBIGINT, ns); "" = none
	Slot    string   // extra column for the slot (UINTEGER); "" = none
}

// Column is one column of the schema, extras not included.
type Column struct {
	Name       string
	Type       Type
	Nullable   bool
	HasDefault bool
	Default    any // already converted to Type
}

// Type is a column type by its DuckDB name, such as "DOUBLE" or "TIMESTAMP".
type Type string

// Parse checks and parses the text of a schema file. The error is Problems: all
// that is wrong, each with line and column.
func Parse(src []byte) (*Schema, error) { return nil, nil }

// Match returns the table that takes messages of topic, and the values of the
// pattern's variables by column name.
func (s *Schema) Match(topic string) (t *Table, vars map[string]string) { return nil, nil }

// Row holds one value per column in order, then the extras that the table has (recv_ts, slot).
type Row []any

// Row converts one message without DataFrame to a row. The error says which
// column refuses which value and why.
func (t *Table) Row(e *protocol.Entry, vars map[string]string) (Row, error) { return nil, nil }

// Convert turns a decoded value into what the DuckDB driver stores in a column
// of type t, if nothing is lost, and refuses it otherwise.
func (t Type) Convert(v any) (any, error) { return nil, nil }
