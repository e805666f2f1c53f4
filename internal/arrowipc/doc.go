// Package arrowipc reads and writes DataFrames: Arrow IPC streams, as CBOR tag
// 80 carries them.
//
// A stream comes from outside. The Arrow library trusts the counts in its
// metadata and allocates what they say, which ends the program before any
// recover could help; so every message is looked through before the library
// sees it, all memory comes from a budget, and every array is validated in full
// before it is handed out. What [Decode] returns can be read without a panic.
//
// Importing the package gives protocol its converter of DataFrames to JSON.
package arrowipc
