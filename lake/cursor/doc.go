// Package cursor runs one statement of DuckDB and gives its rows as Arrow record
// batches while it runs.
//
// The driver gathers the whole result outside of DuckDB's memory limit before the
// first row can be read: ten million rows of a telemetry table are 1.5 GB, whatever
// the limit. A cursor streams instead. DuckDB computes about a megabyte ahead of what
// was read and then waits, so that who reads decides how much there will be.
//
// Values are copied column by column from DuckDB's vectors, whose layout is that of
// its C interface (duckdb.h), into arrays of the types that every Arrow client reads:
//
//	BOOLEAN, integers up to 64 bits, FLOAT, DOUBLE   the same
//	VARCHAR, JSON                                    Utf8
//	UUID                                             Utf8, such as 0193f2a0-…
//	BLOB                                             Binary
//	HUGEINT, UHUGEINT                                Decimal128(38, 0)
//	DECIMAL(p, s)                                    Decimal128(p, s)
//	DATE                                             Date32
//	TIME                                             Time64 in microseconds
//	TIMESTAMP                                        Timestamp in microseconds; _S, _MS
//	                                                 and _NS in their own units
//	TIMESTAMPTZ                                      Timestamp in microseconds, UTC
//
// Other types are refused with advice: INTERVAL, lists and structs are seldom wanted,
// and not all clients read them.
package cursor
