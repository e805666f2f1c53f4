// Package lake stores what matches the schema in DuckDB.
package lake
