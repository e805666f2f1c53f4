package schema

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/rembus-go/rembus/protocol"
)

// Row holds one value per column in order, then those of the table's extras. The
// values are what [Type.Convert] returns, and [ExtraKind] says for extras; do not
// change what they point to.
type Row []any

// ErrDataFrame is returned by [Table.Row] for a DataFrame.
var ErrDataFrame = errors.New("a DataFrame is not one row")

// ValueError refuses the value of one column.
type ValueError struct {
	Column string
	Reason string // holds at most a short, quoted piece of what was sent
}

func (e *ValueError) Error() string {
	return "column " + strconv.QuoteToASCII(e.Column) + ": " + e.Reason
}

// Row converts one message to a row. vars is what [Schema.Match] returned for
// its topic. The data may be
//
//   - none: every column takes what [Table.Missing] says;
//   - one map: columns by name, other fields ignored, absent ones as before. A field
//     wins over the variable of the topic with the same name, as in Rembus;
//   - else one value for each column in order, also on patterns with
//     variables.
//
// A DataFrame is many rows: [ErrDataFrame], see [Frame]. Any other error says
// which column refuses which value and why (a *[ValueError]), or why the message
// as a whole does not fit. Safe for concurrent use.
func (t *Table) Row(e *protocol.Entry, vars Vars) (Row, error) {
	row, err := t.collect(e, vars, form{t.all, "column", t.Width()})
	if err != nil {
		return nil, err
	}
	return t.AppendExtras(row, e), nil
}

// form is what the values of a message are for.
type form struct {
	columns []int  // positions, in the order of positional values
	noun    string // what they are
	width   int    // room in the row
}

// collect converts the data of a message to the values of the columns of f.
func (t *Table) collect(e *protocol.Entry, vars Vars, f form) (Row, error) {
	var argRoom [4]protocol.RawValue
	args, err := e.Msg.Data.AppendArgs(argRoom[:0])
	if err != nil {
		return nil, fmt.Errorf("data does not decode: %w", err)
	}
	enc := e.Msg.Data.Encoding()
	switch len(args) {
	case 0:
		return t.byName(f, fields{}, enc, vars)
	case 1:
		var room [8]protocol.Field
		if some, ok := args[0].AppendFields(room[:0]); ok {
			return t.byName(f, fields{some: some}, enc, vars)
		}
		if _, ok := args[0].DataFrame(); ok {
			return nil, ErrDataFrame
		}
		v, err := decode(args[0])
		if err != nil {
			return nil, err
		}
		if all, ok := v.(map[string]any); ok {
			return t.byName(f, fields{all: all}, enc, vars)
		}
		return t.byPosition(f, []any{v}, enc)
	}
	if err = f.arity(len(args)); err != nil { // before decoding as many as there may be
		return nil, err
	}
	values := make([]any, len(args))
	for i := range args {
		if values[i], err = decode(args[i]); err != nil {
			return nil, err
		}
	}
	return t.byPosition(f, values, enc)
}

func decode(raw protocol.RawValue) (v any, err error) {
	if err = raw.Decode(&v); err != nil {
		err = fmt.Errorf("data does not decode: %w", err)
	}
	return v, err
}

// fields are those of a map, in one of the two ways in which it is decoded.
type fields struct {
	some []protocol.Field
	all  map[string]any
}

func (f fields) get(name string) (v any, ok bool) {
	for i := range f.some {
		if string(f.some[i].Name) == name {
			return f.some[i].Value, true
		}
	}
	v, ok = f.all[name]
	return v, ok
}

func (t *Table) byName(f form, fields fields, enc protocol.Encoding, vars Vars) (_ Row, err error) {
	row := make(Row, len(f.columns), f.width)
	for i, col := range f.columns {
		if v, ok := fields.get(t.Columns[col].Name); ok {
			row[i], err = t.Columns[col].Value(v, enc)
		} else {
			row[i], err = t.Missing(col, vars)
		}
		if err != nil {
			return nil, err
		}
	}
	return row, nil
}

func (t *Table) byPosition(f form, values []any, enc protocol.Encoding) (_ Row, err error) {
	if err := f.arity(len(values)); err != nil {
		return nil, err
	}
	row := make(Row, len(f.columns), f.width)
	for i, col := range f.columns {
		if row[i], err = t.Columns[col].Value(values[i], enc); err != nil {
			return nil, err
		}
	}
	return row, nil
}

func (f form) arity(n int) error {
	if n == len(f.columns) {
		return nil
	}
	return fmt.Errorf("%s for %s", count(n, "value"), count(len(f.columns), f.noun))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// Value converts v, decoded from a payload in enc, to what the column stores:
// nil for NULL where the column may be NULL. Base64 text is accepted for BLOB
// when enc is JSON, which has no bytes. The error is a *[ValueError].
func (c *Column) Value(v any, enc protocol.Encoding) (any, error) {
	if v == nil && !c.Nullable {
		return nil, &ValueError{c.Name, "must not be null"}
	}
	convert := c.Type.Convert
	if enc == protocol.JSON {
		convert = c.Type.ConvertJSON
	}
	got, err := convert(v)
	if err != nil {
		return nil, &ValueError{c.Name, err.Error()}
	}
	return got, nil
}

// Missing returns what column number col takes when a map or a DataFrame does
// not have it: the variable of the topic, else the default, else nil for NULL
// where the column may be NULL. The error is a *[ValueError].
func (t *Table) Missing(col int, vars Vars) (any, error) {
	c := &t.Columns[col]
	if text, ok := vars.at(col); ok {
		v, err := c.Type.ParseText(text)
		if err != nil {
			return nil, &ValueError{c.Name, "topic: " + err.Error()}
		}
		return v, nil
	}
	switch {
	case c.HasDefault:
		return c.Default, nil
	case c.Nullable:
		return nil, nil
	}
	return nil, &ValueError{c.Name, "missing, and it has no default and must not be null"}
}

// Frame returns the DataFrame that p consists of: its only argument, or the
// data itself. ok is false for all other data.
func Frame(p *protocol.Payload) (df protocol.DataFrame, ok bool) {
	if p == nil || p.Encoding() == protocol.JSON {
		return nil, false
	}
	var room [4]protocol.RawValue
	args, err := p.AppendArgs(room[:0])
	if err != nil || len(args) != 1 {
		return nil, false
	}
	return args[0].DataFrame()
}
