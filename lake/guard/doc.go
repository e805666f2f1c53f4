// Package guard decides whether SQL text from outside may run.
//
// DuckDB's own settings do not hold such text: functions exist that read
// files, list databases, change settings, or make one row of gigabytes, and
// there is no limit of memory or time per query. So DuckDB's own parser
// turns the text into a tree, and the tree is walked with lists of what is
// allowed. Everything else is refused: a node, a function, an operator, a type,
// and any attribute of a node that this package does not know.
//
// DuckDB's parser itself can be made to work for hours by a text of a few hundred
// bytes: it repeats the subject of a CASE for each WHEN, the definition of a window for
// each use, and makes 2^n sets of a CUBE. So the text is looked through for these, token
// by token, before.
//
// What it promises for a text that passed:
//
//   - It names no table and no variable but those it may, and a condition or list of
//     columns no column but those of its own table.
//   - It has no side effect, and reads nothing outside of the tables.
//   - Every value that it computes is at most a small multiple of the values
//     in the tables and of its own length, which is bounded; also where one expression
//     uses the result of another by its name.
//   - What it keeps for a group of rows or a window frame has a bounded size, or is
//     counted by DuckDB's memory limit.
//   - Every function in it takes time linear in its input, so that a cancelled
//     query stops soon. (DuckDB looks at a cancellation between blocks of
//     2,048 rows only, and its LIKE tries 2,000^3 ways for three wildcards on a
//     text of 2,000 characters.)
//
// A verdict depends on nothing but the text, the tables and columns that it may refer to,
// which parameters have values, about how long these are, and, of parameters that are
// patterns, the values. So what passed is remembered by a digest of just that.
//
// The same text must be executed as was checked, with the same line breaks
// around it: see [Guard.Where], [Guard.Select] and [Guard.Query].
package guard
