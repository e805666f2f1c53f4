package schema

import (
	"fmt"
	"strconv"
	"strings"
)

// Type is a column type by its DuckDB name, such as "DOUBLE", "TIMESTAMP" or
// "DECIMAL(18,3)".
type Type string

// The column types, and the Go type that [Type.Convert] gives for each.
const (
	Boolean   Type = "BOOLEAN"   // bool
	Text      Type = "TEXT"      // string, valid UTF-8
	Blob      Type = "BLOB"      // []byte
	TinyInt   Type = "TINYINT"   // int8
	UTinyInt  Type = "UTINYINT"  // uint8
	SmallInt  Type = "SMALLINT"  // int16
	USmallInt Type = "USMALLINT" // uint16
	Integer   Type = "INTEGER"   // int32
	UInteger  Type = "UINTEGER"  // uint32
	BigInt    Type = "BIGINT"    // int64
	UBigInt   Type = "UBIGINT"   // uint64
	HugeInt   Type = "HUGEINT"   // *big.Int
	UHugeInt  Type = "UHUGEINT"  // *big.Int
	Float     Type = "FLOAT"     // float32
	Double    Type = "DOUBLE"    // float64
	Timestamp Type = "TIMESTAMP" // time.Time in UTC, whole microseconds

	TimestampTZ Type = "TIMESTAMPTZ" // the same
	Date        Type = "DATE"        // time.Time, midnight UTC
	Time        Type = "TIME"        // time.Time on 1970-01-01 in UTC, whole microseconds
	UUID        Type = "UUID"        // []byte, 16 of them
	JSON        Type = "JSON"        // string

	// Decimal is the DECIMAL without parameters; see [DecimalOf] for others. The
	// value is the number without its point, so 1.5 is 1500: an int64 up to
	// [maxSmallDecimal] digits, else a *big.Int.
	Decimal Type = "DECIMAL(18,3)"
)

// maxSmallDecimal is the most digits of a DECIMAL whose values are int64.
const maxSmallDecimal = 18

// MaxDecimal is the most digits that a DECIMAL may have.
const MaxDecimal = 38

// DecimalOf returns the type of decimal numbers of so many digits, 1 to 38, of
// which scale are behind the point.
func DecimalOf(digits, scale int) Type { return Type(fmt.Sprintf("DECIMAL(%d,%d)", digits, scale)) }

// Decimal returns the parameters of a DECIMAL; ok is false for other types.
func (t Type) Decimal() (digits, scale int, ok bool) {
	params, ok := strings.CutPrefix(string(t), "DECIMAL(")
	if !ok {
		return 0, 0, false
	}
	first, second, _ := strings.Cut(strings.TrimSuffix(params, ")"), ",")
	digits, err := strconv.Atoi(first)
	scale, err2 := strconv.Atoi(second)
	return digits, scale, err == nil && err2 == nil
}

// Types are all column types.
var Types = []Type{
	Boolean, Text, Blob, TinyInt, UTinyInt, SmallInt, USmallInt, Integer, UInteger,
	BigInt, UBigInt, HugeInt, UHugeInt, Float, Double, Decimal, Timestamp, TimestampTZ, Date, Time, UUID, JSON,
}

// typeNames has every name a file may use: the types and DuckDB's own aliases.
// INT8 is therefore eight bytes, as in SQL.
var typeNames = map[string]Type{
	"BOOL": Boolean, "LOGICAL": Boolean,
	"VARCHAR": Text, "STRING": Text, "CHAR": Text, "BPCHAR": Text,
	"BYTEA": Blob, "BINARY": Blob, "VARBINARY": Blob,
	"INT1": TinyInt, "UINT8": UTinyInt,
	"INT2": SmallInt, "INT16": SmallInt, "SHORT": SmallInt, "UINT16": USmallInt,
	"INT": Integer, "INT4": Integer, "INT32": Integer, "SIGNED": Integer, "UINT32": UInteger,
	"INT8": BigInt, "INT64": BigInt, "LONG": BigInt, "UINT64": UBigInt,
	"INT128": HugeInt, "UINT128": UHugeInt,
	"REAL": Float, "FLOAT4": Float, "FLOAT8": Double,
	"DATETIME": Timestamp, "TIMESTAMP WITHOUT TIME ZONE": Timestamp, "TIMESTAMP WITH TIME ZONE": TimestampTZ,
	"TIME WITHOUT TIME ZONE": Time, "GUID": UUID,
	"DECIMAL": Decimal, "DEC": Decimal, "NUMERIC": Decimal,
}

func init() {
	for _, t := range Types {
		typeNames[string(t)] = t
	}
}

// ParseType returns the type of that name or alias, in any case; ok is false
// when there is none. DECIMAL, DEC and NUMERIC may have their digits and scale
// behind them: DECIMAL(10,2), or DECIMAL(10) for whole numbers.
func ParseType(name string) (t Type, ok bool) {
	name = strings.ToUpper(name)
	if t, ok = typeNames[name]; ok {
		return t, true
	}
	base, params, ok := strings.Cut(name, "(")
	if !ok || typeNames[strings.TrimSpace(base)] != Decimal {
		return "", false
	}
	params, ok = strings.CutSuffix(params, ")")
	if !ok {
		return "", false
	}
	first, second, two := strings.Cut(params, ",")
	digits, ok := parameter(first)
	scale, ok2 := 0, true
	if two {
		scale, ok2 = parameter(second)
	}
	if !ok || !ok2 || digits < 1 || digits > MaxDecimal || scale > digits {
		return "", false
	}
	return DecimalOf(digits, scale), true
}

// parameter reads a number of at most two digits.
func parameter(s string) (int, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 1 || len(s) > 2 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}
