// Package guard decides whether SQL text from outside may run.
//
// DuckDB's own settings do not hold such text: functions exist that read
// files, list databases, change settings, or make one row of gigabytes, and
// there is no limit of memory or time per query. So DuckDB's own parser
// turns the text into a tree, and the tree is walked with lists of what is
// allowed. Everything else is refused: a node, a function, an operator, a type,
// and any attribute of a node that this package does not know.
//
// What it promises for a text that passed:
//
//   - It names no table, no column and no variable but those of its own table.
//   - It has no side effect, and reads nothing outside of the table.
//   - Every value that it computes is at most a small multiple of the values
//     in the table and of its own length, which is bounded.
//   - Every function in it takes time linear in its input, so that a cancelled
//     query stops soon. (DuckDB looks at a cancellation between blocks of
//     2,048 rows only, and its LIKE tries 2,000^3 ways for three wildcards on a
//     text of 2,000 characters.)
//
// The same text must be executed as was checked, with the same line breaks
// around it: see [Guard.Where] and [Guard.Select].
package guard
