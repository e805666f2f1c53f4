package component

import "github.com/rembus-go/rembus/protocol"

// Value is the result of a call, not yet decoded. It may be kept and shared.
type Value struct{ data *protocol.Payload }

// Decode decodes the value into dst, a pointer, as [protocol.RawValue.Decode]
// does.
func (v Value) Decode(dst any) error { return v.data.Decode(dst) }

// IsNull reports whether the method returned nothing.
func (v Value) IsNull() bool { return v.data.IsNull() }

// Payload returns the value as it came; nil is null.
func (v Value) Payload() *protocol.Payload { return v.data }

// DataFrame returns the Arrow IPC stream if the value is a DataFrame; package
// frame reads it.
func (v Value) DataFrame() (protocol.DataFrame, bool) {
	raw, err := v.data.CBOR()
	if err != nil {
		return nil, false
	}
	return protocol.RawValue(raw).DataFrame()
}
