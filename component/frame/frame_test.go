package frame_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/component/frame"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/memlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

var schema = arrow.NewSchema([]arrow.Field{
	{Name: "dn", Type: arrow.BinaryTypes.String},
	{Name: "temperature", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
}, nil)

func batch(names []string, temperatures []float64) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.StringBuilder).AppendValues(names, nil)
	b.Field(1).(*array.Float64Builder).AppendValues(temperatures, nil)
	return b.NewRecordBatch()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// network returns components of one broker in this process.
func network(t *testing.T, names ...string) []*component.Component {
	log := memlog.New(memlog.Options{})
	srv, err := server.New(server.Options{Log: log, Logger: quiet})
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := srv.Close(ctx); err != nil {
			t.Error(err)
		}
		log.Close()
	})
	var all []*component.Component
	for _, name := range names {
		c, err := component.Attach(t.Context(), func(context.Context) (protocol.Link, error) {
			near, far := protocol.Pipe()
			go func() { _ = srv.Serve(far) }()
			return near, nil
		}, name, component.WithLogger(quiet))
		must(t, err)
		t.Cleanup(func() {
			if err := c.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		all = append(all, c)
	}
	return all
}

// Row "DataFrame" of protocol.md: among the arguments, and as a result.
func TestFramesBetweenComponents(t *testing.T) {
	all := network(t, "meter", "store")
	meter, store := all[0], all[1]
	want := batch([]string{"a", "b", "c"}, []float64{1, 2.5, -3})
	got := make(chan arrow.RecordBatch, 1)
	_, err := store.Subscribe(t.Context(), "*/telemetry", frame.Handler(func(_ context.Context, m *component.Message, b arrow.RecordBatch) error {
		if m.Topic() != "meter/telemetry" {
			t.Errorf("topic %q", m.Topic())
		}
		got <- b
		return nil
	}))
	must(t, err)
	must(t, frame.Publish(t.Context(), meter.Topic("meter/telemetry", component.WithQoS(component.QoS1)), want))
	if b := <-got; !array.RecordEqual(b, want) {
		t.Errorf("got %v", b)
	}
	must(t, store.Expose(t.Context(), "warm", func(min float64, df protocol.DataFrame) (protocol.DataFrame, error) {
		b, err := frame.Read(df)
		if err != nil {
			return nil, err
		}
		for i := range int(b.NumRows()) {
			if b.Column(1).(*array.Float64).Value(i) >= min {
				return frame.Of(b.NewSlice(int64(i), b.NumRows()))
			}
		}
		return nil, errors.New("all cold")
	}))
	warm, err := frame.Call(t.Context(), meter, "warm", 2, want)
	must(t, err)
	if !array.RecordEqual(warm, want.NewSlice(1, 3)) {
		t.Errorf("got %v", warm)
	}
	if _, err := frame.Call(t.Context(), meter, "warm", 99, want); !errors.Is(err, component.ErrException) {
		t.Errorf("refused: %v", err)
	}
	if _, err := frame.Call(t.Context(), meter, "rid"); !errors.Is(err, frame.ErrNoFrame) {
		t.Errorf("a text: %v, want ErrNoFrame", err)
	}
	if _, err := frame.Call(t.Context(), meter, "warm", 1, "no frame"); !errors.Is(err, component.ErrArguments) {
		t.Errorf("a text as argument: %v, want ErrArguments", err)
	}
}

func TestHandlerWithoutFrame(t *testing.T) {
	failures := make(chan error, 2)
	near, far := protocol.Pipe()
	c, err := component.Attach(t.Context(), func(context.Context) (protocol.Link, error) { return near, nil }, "",
		component.WithoutReconnect(), component.WithLogger(quiet), component.OnError(func(err error) { failures <- err }))
	must(t, err)
	go func() {
		for {
			m, err := far.Receive()
			if err != nil {
				return
			}
			_ = far.Send([]*protocol.Message{protocol.NewResponse(m.ID, protocol.StatusOK, nil)})
		}
	}()
	_, err = c.Subscribe(t.Context(), "t", frame.Handler(func(context.Context, *component.Message, arrow.RecordBatch) error {
		t.Error("called")
		return nil
	}))
	must(t, err)
	none, err := protocol.EncodeArgs("no frame")
	must(t, err)
	broken, err := protocol.EncodeArgs(protocol.DataFrame("no arrow")) // fault 29
	must(t, err)
	must(t, far.Send([]*protocol.Message{protocol.NewPub("t", none), protocol.NewPub("t", broken)}))
	if err := <-failures; !errors.Is(err, frame.ErrNoFrame) {
		t.Errorf("got %v, want ErrNoFrame", err)
	}
	if err := <-failures; errors.Is(err, frame.ErrNoFrame) {
		t.Errorf("got %v, want what is wrong with the stream", err)
	}
	must(t, c.Close(t.Context()))
}

// Any split of a table into batches reads as the same table.
func TestReadJoinsBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.String(), 0, 50).Draw(t, "names")
		temperatures := make([]float64, len(names))
		for i := range temperatures {
			temperatures[i] = rapid.Float64().Draw(t, "temperature")
		}
		whole := batch(names, temperatures)
		var parts []arrow.RecordBatch
		for from := int64(0); from < whole.NumRows(); {
			to := rapid.Int64Range(from+1, whole.NumRows()).Draw(t, "to")
			parts = append(parts, whole.NewSlice(from, to))
			from = to
		}
		if len(parts) == 0 {
			parts = append(parts, whole)
		}
		df, err := frame.Of(parts...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := frame.Read(df)
		if err != nil {
			t.Fatal(err)
		}
		if !array.RecordEqual(got, whole) {
			t.Fatalf("got %v, want %v", got, whole)
		}
		s, batches, err := frame.ReadAll(df)
		if err != nil || !s.Equal(schema) || len(batches) != len(parts) {
			t.Fatalf("%d batches of %d, %v", len(batches), len(parts), err)
		}
	})
}

// A stream may end before its first batch.
func TestReadStreamWithoutBatches(t *testing.T) {
	var buf bytes.Buffer
	must(t, ipc.NewWriter(&buf, ipc.WithSchema(schema)).Close())
	b, err := frame.Read(buf.Bytes())
	must(t, err)
	if b.NumRows() != 0 || !b.Schema().Equal(schema) {
		t.Errorf("got %v", b)
	}
}

func TestOfNothing(t *testing.T) {
	if _, err := frame.Of(); err == nil {
		t.Error("a DataFrame without a batch")
	}
	other := array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 0)
	if _, err := frame.Of(batch(nil, nil), other); err == nil {
		t.Error("batches of different schemas")
	}
	if _, err := frame.Read(protocol.DataFrame("no arrow")); err == nil { // fault 29
		t.Error("read what is no Arrow")
	}
	if _, _, err := frame.ReadAll(nil); err == nil {
		t.Error("read nothing")
	}
}
