package protocol

import (
	"errors"
	"sync/atomic"
)

// tagDataFrame marks a byte string as an Arrow IPC stream.
const tagDataFrame = 80

// DataFrame is a table as an Arrow IPC stream; CBOR tag 80 on the wire.
type DataFrame []byte

var errNoDataFrame = errors.New("rembus: the value is no DataFrame")

// MarshalCBOR writes the tagged byte string.
func (d DataFrame) MarshalCBOR() ([]byte, error) {
	out := make([]byte, 0, len(d)+11)
	return appendBytes(appendHead(out, majorTag, tagDataFrame), d), nil
}

// UnmarshalCBOR takes a copy of the stream out of a tagged byte string.
func (d *DataFrame) UnmarshalCBOR(raw []byte) error {
	frame, ok := RawValue(raw).DataFrame()
	if !ok {
		return errNoDataFrame
	}
	*d = append(DataFrame{}, frame...)
	return nil
}

// DataFrame returns the Arrow IPC stream if the value is a DataFrame. It is part
// of the value: do not change it.
func (r RawValue) DataFrame() (DataFrame, bool) {
	h, pos, err := readHead(r, 0)
	if err != nil || h.major != majorTag || h.arg != tagDataFrame {
		return nil, false
	}
	h, pos, err = readHead(r, pos)
	if err != nil || h.major != majorBytes {
		return nil, false
	}
	if h.indefinite() {
		b, end, err := joinChunks(r, pos, majorBytes)
		return DataFrame(b), err == nil && end == len(r)
	}
	if h.arg != uint64(len(r)-pos) {
		return nil, false
	}
	return DataFrame(r[pos:]), true
}

var frameJSON atomic.Pointer[func(DataFrame) ([]byte, error)]

// RegisterFrameJSON installs the converter of DataFrames to a JSON array of
// row objects. Call it from an init function: it is for packages that carry
// Arrow, which this one does not.
func RegisterFrameJSON(convert func(DataFrame) ([]byte, error)) { frameJSON.Store(&convert) }
