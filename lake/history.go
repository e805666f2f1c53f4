package lake

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"

	"github.com/rembus-go/rembus/lake/guard"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/schema"
)

// Columns of history_T behind those of the table.
const (
	validFrom = "valid_from"
	validTo   = "valid_to"
)

// history answers history_T: the versions of one row in order.
func (l *Lake) history(ctx context.Context, t *table, args *protocol.Payload) (protocol.DataFrame, error) {
	if len(t.keys) == 0 {
		return nil, exception("table %.60q has no keys, so no row of it has a history; query_T with when shows the table as it was", t.Name)
	}
	keys, err := t.Key(&protocol.Entry{Msg: protocol.NewPub(t.Name, args)}, schema.Vars{})
	if err != nil {
		return nil, exception("history takes the keys of one row, as a map or in order: %s", plainError(err))
	}
	values := make([]any, len(keys))
	for i, key := range keys {
		values[i] = driverValue(t.types[t.keys[i]], key)
	}
	return l.asking(ctx, func(ctx context.Context, conn *session, _ *guard.Guard) (protocol.DataFrame, error) {
		return l.result(ctx, conn, t.versions(), bound(values...))
	})
}

// versions is the query of history_T; the keys are bound.
func (t *table) versions() string {
	conditions := make([]string, len(t.keys))
	for i, at := range t.keys {
		conditions[i] = fmt.Sprintf("%s = CAST($%d AS %s)", quoteIdent(t.names[at]), i+1, duckType(t.types[at]))
	}
	return fmt.Sprintf(`SELECT %[1]s, %[2]s AS %[3]s, %[4]s AS %[5]s FROM (
		SELECT *, NULL::TIMESTAMP AS %[4]s FROM %[6]s WHERE %[8]s
		UNION ALL BY NAME SELECT * FROM %[7]s WHERE %[8]s) ORDER BY %[9]s`,
		quoteAll("", t.names), fromColumn, validFrom, untilColumn, validTo,
		t.rows, t.past, strings.Join(conditions, " AND "), seqColumn)
}

// driverValue returns a value of the schema as the driver binds it.
func driverValue(t schema.Type, v any) any {
	_, scale, decimal := t.Decimal()
	switch v := v.(type) {
	case int64:
		if decimal {
			return driverValue(t, big.NewInt(v))
		}
	case *big.Int:
		if decimal {
			return protocol.Decimal{Mantissa: v, Exponent: -int64(scale)}.String()
		}
	case []byte:
		if t == schema.UUID {
			return hex.EncodeToString(v)
		}
	}
	return v
}
