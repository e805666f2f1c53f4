package protocol

import "errors"

var errStub = errors.New("stub")

// EncodeArgs returns the CBOR array of args: the data of a PUB or RPC.
func EncodeArgs(args ...any) (*Payload, error) { return nil, errStub }

// EncodeValue returns the CBOR form of one value: the data of a RESPONSE or ADMIN.
func EncodeValue(v any) (*Payload, error) { return nil, errStub }

// TextPayload returns the payload that holds one text.
func TextPayload(s string) *Payload { return nil }

// CBOR returns the payload in CBOR, converting it at most once.
func (p *Payload) CBOR() ([]byte, error) { return nil, errStub }

// JSON returns the payload in JSON, converting it at most once. Byte strings
// become base64, DataFrames an array of row objects where a converter was
// registered ([RegisterFrameJSON]), else base64.
func (p *Payload) JSON() ([]byte, error) { return nil, errStub }

// IsNull reports whether there is no data.
func (p *Payload) IsNull() bool { return true }

// Args returns the arguments, each as CBOR bytes inside the payload: the items
// of an array (tag 27 around it removed), none for null, else the one value.
func (p *Payload) Args() ([]RawValue, error) { return nil, errStub }

// Decode decodes the whole payload into dst as [RawValue.Decode] does.
func (p *Payload) Decode(dst any) error { return errStub }

// Prepend returns the payload whose arguments are topic and then p's.
func (p *Payload) Prepend(topic string) *Payload { return nil }

// RawValue is one CBOR value, not yet decoded.
type RawValue []byte

// Decode decodes the value into dst, a pointer. Into an any it gives: nil, bool,
// int64 (uint64 above 2^63-1), *big.Int beyond, float64, string, []byte, []any,
// map[string]any, time.Time (tags 0, 1) and DataFrame (tag 80). Records of
// rembus.js (tag 57343) become maps.
func (r RawValue) Decode(dst any) error { return errStub }

// DataFrame is a table as an Arrow IPC stream; CBOR tag 80 on the wire.
type DataFrame []byte

// DataFrame returns the Arrow IPC stream if the value is a DataFrame.
func (r RawValue) DataFrame() (DataFrame, bool) { return nil, false }

// RegisterFrameJSON installs the converter of DataFrames to a JSON array of
// row objects. Call it from an init function: it is for packages that carry
// Arrow, which this one does not.
func RegisterFrameJSON(convert func(DataFrame) ([]byte, error)) {}
