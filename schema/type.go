package schema

import "strings"

// Type is a column type by its DuckDB name, such as "DOUBLE" or "TIMESTAMP".
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
)

// Types are all column types.
var Types = []Type{
	Boolean, Text, Blob, TinyInt, UTinyInt, SmallInt, USmallInt, Integer, UInteger,
	BigInt, UBigInt, HugeInt, UHugeInt, Float, Double, Timestamp,
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
	"DATETIME": Timestamp,
}

func init() {
	for _, t := range Types {
		typeNames[string(t)] = t
	}
}

// ParseType returns the type of that name or alias, in any case; ok is false
// when there is none.
func ParseType(name string) (t Type, ok bool) {
	t, ok = typeNames[strings.ToUpper(name)]
	return t, ok
}
