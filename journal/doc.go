// Package journal is the broker's durable log: every message that was accepted
// and the latest state of every twin, in one order, in segment files of one
// directory. It offers what the broker core expects of a log and more for
// people ([Stat], [Verify], [Dump]).
//
// # What it promises
//
//   - What is at or below [Journal.Durable] was written and fsynced, its file and
//     its directory entry too. It survives kill -9 and power loss. The durable end
//     moves at least every [Options.SyncInterval] while something is pending, and
//     as soon as the disk allows after [Journal.Commit]. All that was appended
//     while one fsync ran goes with the next one.
//   - The order on disk is the order of Append and PutState. After a crash the log
//     is what was durable, followed by some of what was not. A twin's state never
//     survives without the durable entries before it.
//   - A sequence number is never given twice: after a start the next one is above
//     every number on disk and above [Options.Floor]. Numbers that were given but
//     not stored (policy, cap) are marked on disk with their batch.
//   - [Journal.Read] returns entries at or below the durable end only, in order,
//     whole and with the right checksum, whatever happened to the files.
//   - Nothing but retention deletes or shortens what a previous run wrote: each
//     run writes files of its own. What a crash cut off stays where it is, behind
//     the last record; it was never durable.
//
// # When something fails
//
// For entries that were appended and are not yet durable, and for the
// publishers that wait for them:
//
//   - A failed fsync, or a write error that is not "no space", ends writing for
//     good ([Failed]). The entries above Durable are undecided: they will never
//     become durable in this run and are not read. Notify functions get the last
//     durable end and an error that is [ErrFailed]; every later Append, PutState
//     and Room returns it. The fsync is not tried again, because the kernel
//     forgets what it could not write. After a restart the log holds everything
//     that was durable, and perhaps some of the rest.
//   - A full disk (or quota, file size limit, or no descriptor left for the next
//     file) is a pause ([Full]). What was appended stays in memory, in order, and
//     is written again with growing pauses of at most two seconds until there is
//     room; it then becomes durable as if nothing had happened, so publishers that
//     wait keep waiting and need no error. Meanwhile Append refuses QoS1, QoS2,
//     upserts and deletes with [ErrFull], and QoS0 entries take their number
//     without being stored, counted in [Health]. Memory is bounded by what was
//     taken before plus, for states, [Options.MaxUnwritten]. Room does not wait,
//     so that publishers hear of it. Reading goes on.
//   - The hard cap reached ([Options.HardCap]) is the same for Append, but
//     everything that was taken is written: the durable end goes on moving. It
//     ends when retention, which waits for [Options.Keep], has unlinked files.
//   - A bad checksum loses its record only. The readers go on at the next valid
//     record, found by the file's mark; the range is logged and listed by
//     [Journal.Damage]. Both sides are kept.
//   - The end of a file that is no valid record, in a file that was not closed in
//     order, is what a crash cut off: logged and listed as such ([Damage].Cut). It
//     is not truncated: should the disk have spoiled the last record of a file, it
//     would look the same, and people may want the bytes. A power loss may also
//     leave a hole before valid records that were not durable either; that cannot
//     be told from damage and is reported as such.
//   - A file of an unknown format version: [Open] refuses with [ErrVersion] and
//     touches no file.
//
// # Files
//
// NNNNNNNNNNNN.seg are the segments, numbered upwards; .idx beside a segment is its
// index, a cache that is made again when it is missing, damaged or does not fit size
// and time of the segment. LOCK keeps a second process out. A new segment is begun
// by the first write of a run, when the last one has [Options.SegmentBytes], and
// when it holds entries and is an eighth of [Options.RetentionAge] old.
//
// All numbers are little-endian, CRC is CRC-32C (Castagnoli). A segment begins with
//
//	 0               8       12      16      20      24              32              40              48
//	+---------------+-------+-------+-------+-------+---------------+---------------+---------------+
//	| "rembusJ\n"   |version| crc a | mark  | crc b | base          | clock         | created       |
//	+---------------+-------+-------+-------+-------+---------------+---------------+---------------+
//
// crc a covers bytes 0–11 and is there in every version; crc b covers 24–47,
// started with mark. mark is random and opens every record of the file, so that
// reading can go on behind damage and no publisher can make data look like a
// record. base is the first sequence number that the segment may hold. clock
// is the age clock, nanoseconds that brokers on this log have run; created is for
// people.
//
// A record is
//
//	 0       4       8       12      16              24              32  33  34  36  38  39  40   44
//	+-------+-------+-------+-------+---------------+---------------+---+---+---+---+---+---+-----+------+----+-------+--------+------+
//	| mark  | crc h | length| crc d | seq           | time          | k | f |fl |tl |il | 0 | slot| from | id | topic | origin | data |
//	+-------+-------+-------+-------+---------------+---------------+---+---+---+---+---+---+-----+------+----+-------+--------+------+
//
// length counts the whole record; crc h covers bytes 8 up to the data, started with
// mark; crc d covers the data. time is nanoseconds since 1970. fl, tl and il are the
// lengths of from, topic and id. f holds QoS (bits 0–1), slot present (2), data in
// JSON (3), data is null (4), the kind of id (5–6: none, number, bytes, text) and
// origin present (7): the sender's own time, 8 bytes like time. Without that flag
// there are none.
// The kinds k:
//
//	 1, 2, 3  an entry: published, upsert, delete
//	16, 17    the state of the twin "from"; the twin is gone. seq is the log's end then
//	18, 19    a snapshot of all states begins (seq is base-1, time the age clock); is complete
//	20        mark of a batch: numbers up to seq were given
//	21        the segment was closed in order (seq its last number, time the age clock)
//
// Each segment begins with a snapshot of all states, so that older ones can be
// unlinked whole.
//
// # Age
//
// Retention compares the age clock of the end of a segment with now. That clock only
// counts time that passed while a broker ran, by the monotonic clock, and is carried
// from run to run in the files. So a clock that jumps expires nothing, and time in
// which no broker ran counts for nothing.
package journal
