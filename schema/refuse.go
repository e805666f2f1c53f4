package schema

import (
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

func (t Type) refuse(v any) error {
	return fmt.Errorf("%s does not take %s", t, describe(v))
}

// describe names a value from outside for an error: short, quoted and ASCII.
func describe(v any) string {
	const most = 32
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "the boolean " + strconv.FormatBool(v)
	case int64, uint64:
		return fmt.Sprintf("the integer %d", v)
	case *big.Int:
		if v.BitLen() > 256 {
			return fmt.Sprintf("an integer of %d bits", v.BitLen())
		}
		return "the integer " + v.String()
	case float64:
		return "the number " + strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		if len(v) > most {
			return "the text " + strconv.QuoteToASCII(v[:most]) + "..."
		}
		return "the text " + strconv.QuoteToASCII(v)
	case []byte:
		return count(len(v), "byte")
	case []any:
		return "a list of " + count(len(v), "value")
	case map[string]any:
		return "a map"
	case time.Time:
		return "the time " + v.UTC().Format(time.RFC3339Nano)
	case protocol.Decimal:
		if v.Mantissa.BitLen() > 256 {
			return "a decimal fraction of " + count(v.Mantissa.BitLen(), "bit")
		}
		return "the number " + v.String()
	case protocol.DataFrame:
		return "a DataFrame"
	}
	return fmt.Sprintf("a %T", v)
}
