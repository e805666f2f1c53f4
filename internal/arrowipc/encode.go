package arrowipc

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// ErrTooLarge is returned by [Writer.Write] when the stream would exceed its limit.
var ErrTooLarge = errors.New("DataFrame too large")

// Writer writes an uncompressed IPC stream, which every client reads.
type Writer struct {
	buf   bytes.Buffer
	ipc   *ipc.Writer
	limit int
}

// NewWriter returns a writer of a stream of at most limit bytes; 0 means no
// limit.
func NewWriter(schema *arrow.Schema, limit int) *Writer {
	w := &Writer{limit: limit}
	w.ipc = ipc.NewWriter(&w.buf, ipc.WithSchema(schema))
	return w
}

// Write adds a batch, which must have the schema of the stream. The error is
// ErrTooLarge when there is no room for it.
func (w *Writer) Write(b arrow.RecordBatch) error {
	if err := w.ipc.Write(b); err != nil {
		return fmt.Errorf("failed to encode a DataFrame: %w", err)
	}
	if w.limit > 0 && w.buf.Len() > w.limit {
		return ErrTooLarge
	}
	return nil
}

// Bytes ends the stream and returns it.
func (w *Writer) Bytes() ([]byte, error) {
	if err := w.ipc.Close(); err != nil {
		return nil, fmt.Errorf("failed to encode a DataFrame: %w", err)
	}
	return w.buf.Bytes(), nil
}

// Encode returns batches of one schema as a stream.
func Encode(schema *arrow.Schema, batches ...arrow.RecordBatch) ([]byte, error) {
	w := NewWriter(schema, 0)
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			return nil, err
		}
	}
	return w.Bytes()
}
