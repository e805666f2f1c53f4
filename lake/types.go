package lake

import (
	"github.com/duckdb/duckdb-go/v2"

	"github.com/rembus-go/rembus/schema"
)

// duckTypes are DuckDB's own names and types of the schema's.
var duckTypes = map[schema.Type]struct {
	name string
	code duckdb.Type
}{
	schema.Boolean:   {"BOOLEAN", duckdb.TYPE_BOOLEAN},
	schema.Text:      {"VARCHAR", duckdb.TYPE_VARCHAR},
	schema.Blob:      {"BLOB", duckdb.TYPE_BLOB},
	schema.TinyInt:   {"TINYINT", duckdb.TYPE_TINYINT},
	schema.UTinyInt:  {"UTINYINT", duckdb.TYPE_UTINYINT},
	schema.SmallInt:  {"SMALLINT", duckdb.TYPE_SMALLINT},
	schema.USmallInt: {"USMALLINT", duckdb.TYPE_USMALLINT},
	schema.Integer:   {"INTEGER", duckdb.TYPE_INTEGER},
	schema.UInteger:  {"UINTEGER", duckdb.TYPE_UINTEGER},
	schema.BigInt:    {"BIGINT", duckdb.TYPE_BIGINT},
	schema.UBigInt:   {"UBIGINT", duckdb.TYPE_UBIGINT},
	schema.HugeInt:   {"HUGEINT", duckdb.TYPE_HUGEINT},
	schema.UHugeInt:  {"UHUGEINT", duckdb.TYPE_UHUGEINT},
	schema.Float:     {"FLOAT", duckdb.TYPE_FLOAT},
	schema.Double:    {"DOUBLE", duckdb.TYPE_DOUBLE},
	schema.Timestamp: {"TIMESTAMP", duckdb.TYPE_TIMESTAMP},
}
