package lake

import (
	"context"
	"errors"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// Procedure is a method that the lake serves, as server.Procedure.
type Procedure = func(ctx context.Context, caller string, args *protocol.Payload) (*protocol.Payload, error)

// Submit appends an entry to the log, as of QoS1, and returns its sequence
// number.
type Submit = func(ctx context.Context, e *protocol.Entry) (seq uint64, err error)

// Procedures returns the methods of all tables by name:
//
//   - query_T(null | {"where", "cols", "when", "limit", "offset"}) → DataFrame of what
//     was published and upserted before the call, or up to the instant when;
//   - history_T(map of keys | keys in order) → DataFrame of the versions of a row, in
//     order, with valid_from and valid_to;
//   - upsert_T(map | [map…] | DataFrame, {"nulls": bool}?) → null. A table without
//     keys takes the rows as new ones, as in Rembus;
//   - delete_T(null | {"where"}) → null; when is ignored, as in Rembus;
//   - sql(text, values…) or sql(text, {name: value}) → DataFrame of a SELECT over all
//     tables, of EXPLAIN, DESCRIBE or SHOW TABLES.
//
// And query_rejected, without when, over the rows that were refused.
//
// The rows that limit and offset cut pages out of keep their order: that in which they
// came, or that of the keys. With the same when the pages are of one state, whatever is
// stored meanwhile.
//
// Every refusal is a *protocol.Error of status 40.
func (l *Lake) Procedures(submit Submit) map[string]Procedure {
	procedures := make(map[string]Procedure, 4*len(l.tables)+1)
	procedures["sql"] = answer(nil, func(ctx context.Context, _ *table, args *protocol.Payload) (protocol.DataFrame, error) {
		return l.sql(ctx, args)
	})
	for name, t := range l.tables {
		procedures["query_"+name] = answer(t, l.query)
		procedures["history_"+name] = answer(t, l.history)
		procedures["upsert_"+name] = l.command(submit, t, protocol.EntryUpsert)
		procedures["delete_"+name] = l.command(submit, t, protocol.EntryDelete)
	}
	procedures["query_"+rejectedTable] = answer(newRejectedTable(), l.queryRejected)
	return procedures
}

// answer returns a method that answers with a DataFrame.
func answer(t *table, ask func(context.Context, *table, *protocol.Payload) (protocol.DataFrame, error)) Procedure {
	return func(ctx context.Context, _ string, args *protocol.Payload) (*protocol.Payload, error) {
		frame, err := ask(ctx, t, args)
		if err != nil {
			return nil, asException(err)
		}
		return protocol.EncodeValue(frame)
	}
}

// command returns upsert_T or delete_T: checked, appended to the log, and
// answered when it is applied.
func (l *Lake) command(submit Submit, t *table, kind protocol.EntryKind) Procedure {
	return func(ctx context.Context, caller string, args *protocol.Payload) (*protocol.Payload, error) {
		e := &protocol.Entry{
			Time: time.Now().UnixNano(),
			Kind: kind,
			From: caller,
			Msg:  &protocol.Message{Type: protocol.Pub, QoS: protocol.QoS1, Topic: t.Name, Data: args},
		}
		if err := l.precheck(ctx, e); err != nil {
			return nil, asException(err)
		}
		seq, err := submit(ctx, e)
		if err != nil {
			return nil, err
		}
		l.log.Commit()
		err = l.Await(ctx, seq)
		if err == nil {
			return nil, nil
		}
		if health := l.Health(); health != nil && errors.Is(err, ctx.Err()) {
			return nil, exception("the lake is not available now; what was sent is kept and applied later")
		}
		return nil, asException(err)
	}
}

// precheck refuses what could not be applied, before it is in the log.
func (l *Lake) precheck(ctx context.Context, e *protocol.Entry) error {
	c, err := l.changeOf(e)
	if err != nil {
		return err
	}
	if c.deletion {
		if c.where == "" {
			return nil
		}
		return l.checkWhere(ctx, c.table, c.where)
	}
	_, err = c.decode()
	return err
}
