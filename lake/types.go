package lake

import "github.com/rembus-go/rembus/schema"

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

// areaType returns the type of a column in the staging area. JSON is text there:
// DuckDB checks it on the way to its table.
func areaType(t schema.Type) string {
	if t == schema.JSON {
		return "VARCHAR"
	}
	return duckType(t)
}
