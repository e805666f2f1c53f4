// Package lake stores what matches the schema in DuckDB, and answers queries.
//
// The lake is one more reader of the broker's log. One goroutine reads what
// became durable, turns messages into rows and commits them in batches; the
// position in the log that a batch reaches is part of its transaction. So every
// accepted message is in its table exactly once, wherever the process was killed.
//
// Each table T of the schema is a table _rembus_rows.T behind a view main.T, which has
// the columns of the schema and the extras. Hidden ones say which message made the row,
// _seq and _row, and when, _from. What is replaced or deleted goes to _rembus_past.T, which
// also has _until. So the table at an instant is what of both was valid then, and a
// row's versions are in order. The time never goes back from one message to the next,
// whatever the clock does. All names are put into SQL by one function that quotes them,
// all values are bound or appended.
//
// How messages become rows:
//
//   - A table without keys gets a row for each message, or for each row of a DataFrame.
//   - In a table with keys each message is merged by itself and in order, whatever
//     batch it is in: an absent column keeps its value, and so does a column that is
//     NULL in all rows of the message. Of two rows with one key in a message the last wins.
//   - Upserts (upsert_T) and deletions (delete_T) are entries of the log and applied in
//     order with the messages. An upsert is applied as a whole or refused.
//   - A message of a table's deletion topic deletes the rows with the keys that it names.
//   - A row that does not fit is counted, logged at a bounded rate and left out. Of a
//     DataFrame just the rows with a wrong value are; a damaged one as a whole. When
//     DuckDB refuses a batch it is halved until the message is alone that is refused.
//
// Rows of messages are appended one by one. A large DataFrame is fed: DuckDB reads its
// columns as they are, and one statement puts all rows where the appender would.
//
// A lake that fails stops nothing else: it reports itself unhealthy, tries
// again with growing pauses and catches up from the log.
//
// Results are Arrow IPC streams, uncompressed, in plain layouts: VARCHAR as Utf8, BLOB
// as Binary, HUGEINT and UHUGEINT as Decimal128(38,0), TIMESTAMP in microseconds
// without a zone, the rest in the type of the same name. A 128-bit value of more
// than 38 digits is an error that advises a cast.
package lake
