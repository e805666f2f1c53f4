package arrowipc_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"go.uber.org/goleak"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The rows in each of testdata/polars_*.arrows, written by polars 2.1 with its
// string views, Categorical dictionaries and compression.
const polarsRows = `[` +
	`{"dn":"a","f":1.5,"i":1,"b":true,"raw":"AAE=","ts":"2026-01-02T03:04:05.000006Z","u":18446744073709551615,"cat":"x","dec":1,"nil":null,"i8":1,"d":"2026-01-01"},` +
	`{"dn":null,"f":null,"i":null,"b":null,"raw":null,"ts":null,"u":null,"cat":"y","dec":2,"nil":null,"i8":-1,"d":null},` +
	`{"dn":"a longer text than twelve bytes","f":null,"i":3,"b":false,"raw":"YSBsb25nZXIgYmxvYiB0aGFuIHR3ZWx2ZSBieXRlcw==","ts":"1969-01-01T00:00:00Z","u":0,"cat":"x","dec":null,"nil":null,"i8":null,"d":null}]`

func polars(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "polars_"+name+".arrows"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStreamsOfPolars(t *testing.T) {
	for _, name := range []string{"uncompressed", "lz4", "zstd", "oldest"} {
		t.Run(name, func(t *testing.T) {
			got, err := arrowipc.Rows(polars(t, name), arrowipc.MaxRows)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != polarsRows {
				t.Errorf("got  %s\nwant %s", got, polarsRows)
			}
		})
	}
	f, err := arrowipc.Decode(polars(t, "empty"), arrowipc.Limits{})
	if err != nil || f.Rows() != 0 || f.Schema.NumFields() != 12 {
		t.Errorf("empty frame: %v, %v", f, err)
	}
}

// Julia's byte string may go on after the end of the stream.
func TestJunkAfterTheEndIsIgnored(t *testing.T) {
	stream := append(polars(t, "uncompressed"), "junk"...)
	if got, err := arrowipc.Rows(stream, arrowipc.MaxRows); err != nil || string(got) != polarsRows {
		t.Errorf("%s, %v", got, err)
	}
}

// A payload in a message begins anywhere in memory.
func TestUnalignedStream(t *testing.T) {
	for shift := range 9 {
		b := append(make([]byte, shift), polars(t, "uncompressed")...)
		if got, err := arrowipc.Rows(b[shift:], arrowipc.MaxRows); err != nil || string(got) != polarsRows {
			t.Errorf("shifted by %d: %s, %v", shift, got, err)
		}
	}
}

func TestFrameBecomesJSONInPayload(t *testing.T) {
	p, err := protocol.EncodeArgs(protocol.DataFrame(polars(t, "lz4")))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.JSON(); err != nil || string(got) != "["+polarsRows+"]" {
		t.Errorf("%s, %v", got, err)
	}
}

// table is a batch of n rows: x 0, 1, 2… and a text.
func table(n int) arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "x", Type: arrow.PrimitiveTypes.Int64},
		{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range n {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
		b.Field(1).(*array.StringBuilder).Append("text")
	}
	return b.NewRecordBatch()
}

func TestEncodeDecode(t *testing.T) {
	want := table(1000)
	stream, err := arrowipc.Encode(want.Schema(), want, want)
	if err != nil {
		t.Fatal(err)
	}
	f, err := arrowipc.Decode(stream, arrowipc.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Rows() != 2000 || len(f.Batches) != 2 || !array.RecordEqual(f.Batches[1], want) {
		t.Errorf("got %d rows in %d batches", f.Rows(), len(f.Batches))
	}
}

func TestWriterHoldsItsLimit(t *testing.T) {
	b := table(1000)
	w := arrowipc.NewWriter(b.Schema(), 20_000)
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); err != arrowipc.ErrTooLarge {
		t.Errorf("got %v", err)
	}
}

// Fault 29: what compression made small is refused by what it grows to.
func TestCompressionBomb(t *testing.T) {
	b := table(1_000_000)
	for name, compress := range map[string]ipc.Option{"lz4": ipc.WithLZ4(), "zstd": ipc.WithZstd()} {
		var buf bytes.Buffer
		w := ipc.NewWriter(&buf, ipc.WithSchema(b.Schema()), compress)
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := arrowipc.Decode(buf.Bytes(), arrowipc.Limits{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err := arrowipc.Decode(buf.Bytes(), arrowipc.Limits{Memory: 4 << 20})
		if err == nil || !strings.Contains(err.Error(), "more memory") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Fault 29: a stream cut at each byte gives an error or fewer batches.
func TestCutStream(t *testing.T) {
	whole := polars(t, "zstd")
	for n := range len(whole) {
		f, err := arrowipc.Decode(whole[:n:n], arrowipc.Limits{})
		if err == nil && f.Rows() != 0 && f.Rows() != 3 {
			t.Errorf("cut at %d: %d rows", n, f.Rows())
		}
	}
}

// Fault 29: any eight bytes of the metadata set to a huge number. Each stream
// must be refused or still be readable.
func TestHugeNumbersInMetadata(t *testing.T) {
	for _, name := range []string{"uncompressed", "zstd", "oldest"} {
		stream := polars(t, name)
		for _, huge := range []uint64{1 << 62, 1 << 63, 1<<64 - 1, 0x7FFFFFFF_7FFFFFFF, 1 << 40} {
			for at := 0; at+8 <= len(stream); at += 4 {
				b := bytes.Clone(stream)
				binary.LittleEndian.PutUint64(b[at:], huge)
				read(b)
			}
		}
	}
}

// read decodes a stream and touches every value.
func read(stream []byte) {
	_, _ = arrowipc.Rows(stream, 1<<20)
}

func TestLimits(t *testing.T) {
	stream, err := arrowipc.Encode(table(0).Schema(), table(100))
	if err != nil {
		t.Fatal(err)
	}
	for text, l := range map[string]arrowipc.Limits{
		"metadata": {Metadata: 100},
		"columns":  {Fields: 1},
		"rows":     {Rows: 99},
	} {
		if _, err := arrowipc.Decode(stream, l); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	if _, err := arrowipc.Rows(stream, 100); err == nil {
		t.Error("JSON beyond its limit")
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"uncompressed", "lz4", "zstd", "oldest", "empty"} {
		f.Add(polars(f, name))
	}
	stream, err := arrowipc.Encode(table(0).Schema(), table(3))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stream)
	f.Fuzz(func(t *testing.T, stream []byte) { read(stream) })
}
