package lake

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/schema"
)

// What the table rejected takes of a transaction: a flood of what does not fit must
// not hold up what does.
const (
	mostRejectedRows  = 100     // of one message
	mostRejected      = 1000    // rows of a transaction
	mostRejectedBytes = 4 << 20 // of their payloads, but for the last
)

// rejectedStore is the table of refused rows, rejectedTable its view.
const rejectedStore = `"` + bookSchema + `"."` + rejectedTable + `"`

// createRejected are the statements that make the table and its view.
var createRejected = []string{
	"CREATE TABLE IF NOT EXISTS " + rejectedStore + ` ("time" TIMESTAMP NOT NULL, topic VARCHAR NOT NULL, publisher VARCHAR NOT NULL, reason VARCHAR NOT NULL, payload VARCHAR)`,
	"CREATE OR REPLACE VIEW " + rejectedTable + ` AS SELECT "time", topic, publisher, reason, payload FROM ` + rejectedStore,
}

// newRejectedTable returns the view of refused rows as query_rejected sees it.
func newRejectedTable() *table {
	columns := make([]schema.Column, len(rejectedColumns))
	for i, name := range rejectedColumns {
		columns[i] = schema.Column{Name: name, Type: schema.Text, Nullable: true}
	}
	columns[0].Type = schema.Timestamp
	t := newTable(&schema.Table{Name: rejectedTable, Columns: columns})
	t.rows = rejectedStore
	return t
}

// queryRejected answers query_rejected: as query_T, without when.
func (l *Lake) queryRejected(ctx context.Context, t *table, args *protocol.Payload) (protocol.DataFrame, error) {
	if _, err := queryOf(args, "where", "cols", "limit", "offset"); err != nil {
		return nil, err
	}
	return l.query(ctx, t, args)
}

// rejection is a row of a message that was left out.
type rejection struct {
	row    int
	reason error
}

// reject takes note of row i, of the first ones only.
func (c *change) reject(i int, reason error) {
	if c.refused++; c.reason == nil {
		c.reason = fmt.Errorf("row %d: %w", i+1, reason)
	}
	if len(c.rejections) < mostRejectedRows {
		c.rejections = append(c.rejections, rejection{i, reason})
	}
}

// rejected is the table of refused rows as the writer knows it.
type rejected struct {
	rows  int64 // at most these are in it; -1: unknown
	purge time.Time
}

const purgeEvery = time.Hour

// keepRejected puts what changes refuse into the table, within the transaction of w.
func (l *Lake) keepRejected(w *writer, changes []*change) (err error) {
	var k *keeper
	for _, c := range changes {
		if c.refused == 0 || c.unkept {
			continue
		}
		if k == nil {
			if k, err = newKeeper(w); err != nil {
				return err
			}
		}
		if err = k.change(c); err != nil {
			break
		}
	}
	if k == nil {
		return nil
	}
	if err == nil {
		err = k.rest()
	}
	if err := errors.Join(err, k.appender.Close()); err != nil {
		l.rejected.rows = -1
		return err
	}
	return l.purge(w, int64(k.rows))
}

// purge removes what is too old or too much, now and then.
func (l *Lake) purge(w *writer, added int64) (err error) {
	r := &l.rejected
	if r.rows < 0 {
		if r.rows, err = w.count("SELECT count(*) FROM " + rejectedStore); err != nil {
			return err
		}
	} else {
		r.rows += added
	}
	ctx, now := context.Background(), time.Now()
	if now.Sub(r.purge) > purgeEvery {
		if err := w.exec(ctx, "DELETE FROM "+rejectedStore+` WHERE "time" < ?`, bound(now.Add(-l.opts.RejectedAge).UTC())...); err != nil {
			return err
		}
		r.purge = now
	}
	if most := int64(l.opts.RejectedRows); r.rows > most+most/10 {
		q := fmt.Sprintf("DELETE FROM %[1]s WHERE rowid < (SELECT rowid FROM %[1]s ORDER BY rowid DESC LIMIT 1 OFFSET %[2]d)", rejectedStore, most-1)
		if err := w.exec(ctx, q); err != nil {
			return err
		}
		r.rows = most
	}
	return nil
}

// count runs a query for one number.
func (w *writer) count(q string) (n int64, err error) {
	rows, err := w.conn.(driver.QueryerContext).QueryContext(context.Background(), q, nil)
	if err != nil {
		return 0, err
	}
	row := make([]driver.Value, 1)
	if err = rows.Next(row); err == nil {
		n = row[0].(int64)
	} else if err == io.EOF {
		err = nil
	}
	return n, errors.Join(err, rows.Close())
}

// keeper fills the table within one transaction.
type keeper struct {
	appender *duckdb.Appender
	last     *protocol.Entry
	rows     int
	bytes    int
	unkept   uint64 // rows beyond the limits
}

func newKeeper(w *writer) (*keeper, error) {
	a, err := duckdb.NewAppender(w.conn, "", bookSchema, rejectedTable)
	return &keeper{appender: a}, err
}

// change adds the rows of one message, or the message.
func (k *keeper) change(c *change) error {
	k.last = c.entry
	if len(c.rejections) == 0 {
		return k.add(c.entry, c.refused, c.reason, func() any { return messageText(c.entry.Msg.Data) })
	}
	rows := c.rowTexts()
	for _, r := range c.rejections {
		if err := k.add(c.entry, 1, r.reason, func() any { return rows(r.row) }); err != nil {
			return err
		}
	}
	if more := c.refused - uint64(len(c.rejections)); more > 0 {
		return k.add(c.entry, more, fmt.Errorf("and %d more rows of the message", more), func() any { return nil })
	}
	return nil
}

// add adds one row, which stands for so many.
func (k *keeper) add(e *protocol.Entry, stands uint64, reason error, payload func() any) error {
	if k.rows >= mostRejected || k.bytes >= mostRejectedBytes {
		k.unkept += stands
		return nil
	}
	topic := e.Msg.Topic
	switch e.Kind {
	case protocol.EntryUpsert:
		topic = "upsert_" + topic
	case protocol.EntryDelete:
		topic = "delete_" + topic
	}
	text := payload()
	if s, ok := text.(string); ok {
		k.bytes += len(s)
	}
	k.rows++
	return k.appender.AppendRow(time.Unix(0, e.Time).UTC(), strings.ToValidUTF8(topic, "?"), strings.ToValidUTF8(e.From, "?"), plainError(reason), text)
}

// rest adds one row for all that found no room.
func (k *keeper) rest() error {
	if k.unkept == 0 {
		return nil
	}
	k.rows++
	return k.appender.AppendRow(time.Unix(0, k.last.Time).UTC(), "", "", fmt.Sprintf("%d more rows were refused and are not kept", k.unkept), nil)
}
