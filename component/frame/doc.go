// Package frame carries tables between components: Arrow record batches as
// Rembus DataFrames. It is apart from package component so that a program
// without tables does not carry Arrow.
//
//	err = frame.Publish(ctx, c.Topic("telemetry"), batch)
//	batch, err := frame.Call(ctx, c, "query_telemetry", map[string]any{"where": "temperature > 18"})
//	_, err = c.Subscribe(ctx, "telemetry", frame.Handler(func(ctx context.Context, m *component.Message, b arrow.RecordBatch) error { … }))
//	err = c.Expose(ctx, "report", func() (protocol.DataFrame, error) { return frame.Of(batch) })
//
// A table from outside is checked in full before it is handed out: whatever the
// bytes, reading it does not panic, and what it may cost is bounded.
//
// What this package returns lives on the garbage-collected heap: Retain and
// Release may be called and need not be. Batches that are handed in stay the
// caller's and may be released on return.
package frame
