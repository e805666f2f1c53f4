package cursor

import (
	"encoding/binary"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// vector is a column of a chunk, in memory of DuckDB's that is gone after the chunk.
type vector struct {
	data     unsafe.Pointer
	validity unsafe.Pointer // bits, 64 to a word; nil when all values are there
	rows     int
}

func vectorOf(chunk mapping.DataChunk, column, rows int) vector {
	v := mapping.DataChunkGetVector(chunk, mapping.IdxT(column))
	return vector{data: mapping.VectorGetData(v), validity: mapping.VectorGetValidity(v), rows: rows}
}

// valid tells whether each value is there; nil means that all are. It uses buf.
func (v vector) valid(buf *[]bool) []bool {
	if v.validity == nil {
		return nil
	}
	flags := (*buf)[:0]
	words := unsafe.Slice((*uint64)(v.validity), (v.rows+63)/64)
	for i := range v.rows {
		flags = append(flags, words[i/64]>>(i%64)&1 == 1)
	}
	*buf = flags
	return flags
}

// values are those of a fixed width. Where there is none they are arbitrary.
func values[T any](v vector) []T { return unsafe.Slice((*T)(v.data), v.rows) }

// text is duckdb_string_t:
//
//	 0       4                          16
//	+-------+---------------------------+
//	|length | up to 12 bytes            |
//	+-------+----------+----------------+
//	|length | 4 bytes  | pointer to all |
//	+-------+----------+----------------+
type text struct {
	length uint32
	prefix [4]byte
	rest   [8]byte
}

const inlined = 12

// bytes refers to the text; t must not move.
func (t *text) bytes() []byte {
	if t.length <= inlined {
		return unsafe.Slice(&t.prefix[0], t.length)
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&t.rest)), t.length)
}

// huge is a HUGEINT, UHUGEINT, UUID or a wide DECIMAL.
type huge struct {
	low  uint64
	high int64
}

// uuid returns the text of a UUID, whose first bit DuckDB keeps turned round so that it
// sorts as a number.
func (h huge) uuid() [16]byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(h.high)^1<<63)
	binary.BigEndian.PutUint64(b[8:], h.low)
	return b
}
