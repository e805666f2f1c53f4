package lake

import (
	"fmt"

	"github.com/rembus-go/rembus/protocol"
)

// argsOf decodes the arguments of a call, DataFrames left as they are.
func argsOf(p *protocol.Payload, most int) ([]any, error) {
	raw, err := p.Args()
	if err != nil {
		return nil, exception("arguments do not decode: %s", plainError(err))
	}
	if len(raw) > most {
		return nil, exception("%d arguments, at most %d are expected", len(raw), most)
	}
	args := make([]any, len(raw))
	for i := range raw {
		if frame, ok := raw[i].DataFrame(); ok {
			args[i] = frame
		} else if err := raw[i].Decode(&args[i]); err != nil {
			return nil, exception("arguments do not decode: %s", plainError(err))
		}
	}
	return args, nil
}

// upsertOf reads the arguments of upsert_T: a map, a list of maps or a
// DataFrame, and options of which only nulls is known. The error is for the
// caller.
func (t *table) upsertOf(e *protocol.Entry) (*change, error) {
	args, err := argsOf(e.Msg.Data, 2)
	if err != nil {
		return nil, err
	}
	c := &change{entry: e, table: t, upsert: true}
	if len(args) == 2 && args[1] != nil {
		options, ok := args[1].(map[string]any)
		if !ok {
			return nil, exception("the options of an upsert must be a map")
		}
		if v, found := options["nulls"]; found && v != nil {
			if c.nulls, ok = v.(bool); !ok {
				return nil, exception("nulls must be true or false")
			}
		}
	}
	if len(args) == 0 {
		return nil, exception("an upsert needs a map, a list of maps or a DataFrame")
	}
	switch v := args[0].(type) {
	case protocol.DataFrame:
		c.frame = v
		return c, nil
	case map[string]any:
		err = c.addMap(v)
	case []any:
		for i, item := range v {
			m, ok := item.(map[string]any)
			if !ok {
				return nil, exception("item %d of an upsert is no map", i+1)
			}
			if err = c.addMap(m); err != nil {
				break
			}
		}
	default:
		return nil, exception("an upsert needs a map, a list of maps or a DataFrame")
	}
	if err != nil {
		return nil, exception("%s", plainError(err))
	}
	c.overwriteRows()
	return c, nil
}

func (c *change) addMap(m map[string]any) (err error) {
	t := c.table
	row := make([]any, len(t.Columns), len(t.names))
	for i := range t.Columns {
		v, found := m[t.Columns[i].Name]
		if found && v != nil {
			row[i], err = t.Columns[i].Value(v, c.entry.Msg.Data.Encoding())
		} else {
			row[i], err = t.absent(i)
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", len(c.rows)+1, err)
		}
	}
	c.rows = append(c.rows, t.AppendExtras(row, c.entry))
	return nil
}

// overwriteRows is overwritten for the rows of an upsert of maps.
func (c *change) overwriteRows() {
	if len(c.table.Keys) == 0 {
		return
	}
	overwrite, mixed := make([]bool, len(c.table.names)), false
	for i := range c.table.Columns {
		values, nulls := 0, 0
		for _, row := range c.rows {
			if row[i] == nil {
				nulls++
			} else {
				values++
			}
		}
		overwrite[i] = values > 0 || c.nulls
		mixed = mixed || nulls > 0 && overwrite[i]
	}
	if mixed {
		c.overwrite = c.table.overwriteExtras(overwrite)
	}
}

// deletionOf reads the arguments of delete_T: none, or a map with where.
func (t *table) deletionOf(e *protocol.Entry) (*change, error) {
	q, err := queryOf(e.Msg.Data, "where", "when")
	if err != nil {
		return nil, err
	}
	return &change{entry: e, table: t, deletion: true, where: q.where}, nil
}
