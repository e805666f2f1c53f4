// Package crashfs is a file system in memory for tests of durable storage. It
// knows what was synced and what was not: after [FS.Crash] only a random part
// of the unsynced is there, as after a power loss, and after [FS.Kill] all of
// it, as after kill -9. Hooks fail any operation; a capacity fills the disk.
//
// The model is what a careful program may count on with Linux: a synced file keeps
// its content, a name is there for good once its directory is synced, unsynced
// writes arrive in any order, whole, torn or as zeros, and an fsync that failed has
// dropped the writes that it was for.
package crashfs
