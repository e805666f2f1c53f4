package lake

import (
	"github.com/duckdb/duckdb-go/v2"

	"github.com/rembus-go/rembus/schema"
)

// duckTypes are DuckDB's own names of the schema's types where they differ.
var duckTypes = map[schema.Type]string{
	schema.Text:        "VARCHAR",
	schema.TimestampTZ: "TIMESTAMP WITH TIME ZONE",
}

// duckType returns the name that DuckDB lists a column of type t with.
func duckType(t schema.Type) string {
	if name, ok := duckTypes[t]; ok {
		return name
	}
	return string(t)
}

// stagedTypes are the types of columns in the staging area, but for DECIMAL. JSON is
// text there: DuckDB checks it on the way to its table.
var stagedTypes = map[schema.Type]duckdb.Type{
	schema.Boolean:     duckdb.TYPE_BOOLEAN,
	schema.Text:        duckdb.TYPE_VARCHAR,
	schema.Blob:        duckdb.TYPE_BLOB,
	schema.TinyInt:     duckdb.TYPE_TINYINT,
	schema.UTinyInt:    duckdb.TYPE_UTINYINT,
	schema.SmallInt:    duckdb.TYPE_SMALLINT,
	schema.USmallInt:   duckdb.TYPE_USMALLINT,
	schema.Integer:     duckdb.TYPE_INTEGER,
	schema.UInteger:    duckdb.TYPE_UINTEGER,
	schema.BigInt:      duckdb.TYPE_BIGINT,
	schema.UBigInt:     duckdb.TYPE_UBIGINT,
	schema.HugeInt:     duckdb.TYPE_HUGEINT,
	schema.UHugeInt:    duckdb.TYPE_UHUGEINT,
	schema.Float:       duckdb.TYPE_FLOAT,
	schema.Double:      duckdb.TYPE_DOUBLE,
	schema.Timestamp:   duckdb.TYPE_TIMESTAMP,
	schema.TimestampTZ: duckdb.TYPE_TIMESTAMP_TZ,
	schema.Date:        duckdb.TYPE_DATE,
	schema.Time:        duckdb.TYPE_TIME,
	schema.UUID:        duckdb.TYPE_UUID,
	schema.JSON:        duckdb.TYPE_VARCHAR,
}

// stagedType returns the type of a column in the staging area.
func stagedType(t schema.Type) (duckdb.TypeInfo, error) {
	if digits, scale, ok := t.Decimal(); ok {
		return duckdb.NewDecimalInfo(uint8(digits), uint8(scale))
	}
	return duckdb.NewTypeInfo(stagedTypes[t])
}
