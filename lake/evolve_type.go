package lake

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// fit says whether each value of one type is a value of another.
type fit int

const (
	never   fit = iota
	perhaps     // the values have to be looked at
	always
)

// integers are DuckDB's, with the bits that they have for the value, and whether
// there is a sign.
var integers = map[string]struct {
	bits   int
	signed bool
}{
	"TINYINT": {7, true}, "SMALLINT": {15, true}, "INTEGER": {31, true}, "BIGINT": {63, true}, "HUGEINT": {127, true},
	"UTINYINT": {8, false}, "USMALLINT": {16, false}, "UINTEGER": {32, false}, "UBIGINT": {64, false}, "UHUGEINT": {128, false},
}

// digits is the most decimal digits of an integer of so many bits.
func digits(bits int) int { return bits*30103/100000 + 1 }

// widening says whether a column of type from may become one of type to with all
// its values, both as DuckDB spells them.
func widening(from, to string) fit {
	if a, ok := integers[from]; ok {
		return wideningInteger(a.bits, a.signed, to)
	}
	if p, s, ok := decimal(from); ok {
		if p2, s2, ok := decimal(to); ok && s2 >= s && p2-s2 >= p-s {
			return always
		}
		return never
	}
	switch from + " " + to {
	case "FLOAT DOUBLE", "TIMESTAMP TIMESTAMP WITH TIME ZONE", "JSON VARCHAR":
		return always
	case "DATE TIMESTAMP", "DATE TIMESTAMP WITH TIME ZONE": // a DATE reaches further
		return perhaps
	}
	return never
}

func wideningInteger(bits int, signed bool, to string) fit {
	if b, ok := integers[to]; ok {
		if b.bits >= bits && (b.signed || !signed) {
			return always
		}
		return never
	}
	if p, s, ok := decimal(to); ok {
		if p-s >= digits(bits) {
			return always
		}
		return never
	}
	if to == "DOUBLE" && bits <= 53 || to == "FLOAT" && bits <= 24 {
		return always
	}
	return never
}

// decimal takes a DECIMAL(precision,scale) apart.
func decimal(kind string) (precision, scale int, ok bool) {
	n, err := fmt.Sscanf(kind, "DECIMAL(%d,%d)", &precision, &scale)
	return precision, scale, n == 2 && err == nil
}

// family is what types have in common that DuckDB casts into one another.
func family(kind string) string {
	if _, _, ok := decimal(kind); ok || integers[kind].bits > 0 || kind == "FLOAT" || kind == "DOUBLE" {
		return "number"
	}
	if kind == "DATE" || strings.HasPrefix(kind, "TIMESTAMP") {
		return "time"
	}
	return kind
}

// literal returns a value of the schema as SQL, for defaults: DuckDB binds no values
// where a table is changed, and a default that is no plain constant it cannot add
// in a transaction with other changes.
func literal(v any, kind string) string {
	text := fmt.Sprint(v)
	switch v := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		if text = hex.EncodeToString(v); kind != "UUID" {
			text = regexp.MustCompile("..").ReplaceAllString(text, `\x$0`)
		}
	case float32:
		text = strconv.FormatFloat(float64(v), 'g', -1, 32)
	case float64:
		text = strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		layout := "2006-01-02 15:04:05.999999"
		switch kind {
		case "DATE":
			layout = time.DateOnly
		case "TIME":
			layout = "15:04:05.999999"
		case "TIMESTAMP WITH TIME ZONE":
			layout += "+00"
		}
		text = v.UTC().Format(layout)
	default:
		if _, scale, ok := decimal(kind); ok {
			text = pointed(text, scale)
		}
	}
	return quoteText(text)
}

// pointed returns a number with its point, which is left out of a DECIMAL's value.
func pointed(number string, scale int) string {
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign, number = "-", number[1:]
	}
	if missing := scale + 1 - len(number); missing > 0 {
		number = strings.Repeat("0", missing) + number
	}
	at := len(number) - scale
	return sign + number[:at] + "." + number[at:]
}
