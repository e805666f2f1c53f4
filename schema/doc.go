// Package schema reads schema.json, maps topics to tables and messages to rows.
//
// A schema file is checked as a whole before anything of it is used: [Parse]
// and [Load] return either a schema that the lake can create tables from, or
// [Problems], everything that is wrong with its place in the file.
//
// What it promises:
//
//   - A topic belongs to at most one table ([Schema.Match]): the table of that
//     name, else the first one in the file whose pattern it fits, those of
//     deletions before those of rows.
//   - A value is stored as it was sent or refused ([Type.Convert]); the only
//     roundings are to the nearest FLOAT, and of times to microseconds.
//   - A message becomes a complete row or an error that names the column and
//     the reason ([Table.Row]), or likewise the keys of a row to delete
//     ([Table.Key]); nothing from a message ever becomes a name.
//   - Names may hold quotes, semicolons and spaces, never control characters;
//     who builds SQL must quote them.
//
// The package reads no database and holds no state. Its rules come from what
// Rembus accepts in schema.json, made strict where Rembus guesses.
package schema
