package protocol

import (
	"strings"
	"sync"
	"testing"
)

func jsonPayload(s string) *Payload { return NewPayload(JSON, []byte(s)) }

func cborPayload(t testing.TB, args ...any) *Payload {
	t.Helper()
	p, err := EncodeArgs(args...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func valuePayload(t testing.TB, v any) *Payload {
	t.Helper()
	p, err := EncodeValue(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// julia makes the codec believe that it talks to Julia.
func julia(t testing.TB, c *Codec) *Codec {
	t.Helper()
	if _, err := c.Decode(JSON, []byte(`{"id":1,"result":{"__type__":5}}`)); err != nil {
		t.Fatal(err)
	}
	return c
}

func encodeJSON(t testing.TB, c *Codec, m *Message) string {
	t.Helper()
	frame, enc, _, err := c.Encode(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	if enc != JSON {
		t.Fatalf("encoded as %v", enc)
	}
	return string(frame)
}

// Every row of protocol.md section 2, as it is sent.
func TestEncodeJSONRows(t *testing.T) {
	login := func(typ Type, l Login) *Message {
		return &Message{Type: typ, ID: NumberID(1), Topic: "ann", Login: &l}
	}
	slotted := func(q QoS, id ID) *Message {
		return &Message{Type: Pub, QoS: q, ID: id, HasSlot: true, Slot: 5, Topic: "t", Data: jsonPayload(`[1]`)}
	}
	call := func(data *Payload) *Message {
		return &Message{Type: RPC, ID: NumberID(1), Topic: "m", Data: data}
	}
	broker := NewCodec(Limits{}, JSON)
	component := NewComponentCodec(Limits{}, JSON)
	toJulia := julia(t, NewCodec(Limits{}, JSON))
	challenge := NewResponse(NumberID(1), StatusChallenge, valuePayload(t, []byte{1, 2, 255}))
	wide, _ := BytesID([]byte("\x00\xffopqrstuvwxyzAB"))
	tests := map[string]struct {
		codec *Codec
		m     *Message
		want  string
	}{
		"PUB QoS0 has params and data":        {broker, NewPub("a/b", jsonPayload(`[1,"x"]`)), `{"jsonrpc":"2.0","method":"a/b","params":[1,"x"],"data":[1,"x"]}`},
		"PUB QoS0 from CBOR":                  {broker, NewPub("t", cborPayload(t, 1, "x", nil)), `{"jsonrpc":"2.0","method":"t","params":[1,"x",null],"data":[1,"x",null]}`},
		"PUB QoS0, null":                      {broker, NewPub("t", nil), `{"jsonrpc":"2.0","method":"t","params":[],"data":[]}`},
		"PUB QoS0, JSON null":                 {broker, NewPub("t", jsonPayload(` null`)), `{"jsonrpc":"2.0","method":"t","params":[],"data":[]}`},
		"PUB QoS0, a map":                     {broker, NewPub("t", jsonPayload(`{"type":16}`)), `{"jsonrpc":"2.0","method":"t","params":[{"type":16}],"data":[{"type":16}]}`},
		"PUB QoS0 with slot goes without":     {broker, slotted(QoS0, ID{}), `{"jsonrpc":"2.0","method":"t","params":[1],"data":[1]}`},
		"PUB QoS0, topic escaped":             {broker, NewPub(`a"\é`, nil), `{"jsonrpc":"2.0","method":"a\"\\é","params":[],"data":[]}`},
		"PUB QoS1":                            {broker, &Message{Type: Pub, QoS: QoS1, ID: NumberID(7), Topic: "t", Data: jsonPayload(`[1]`)}, `{"jsonrpc":"2.0","id":7,"method":"t","params":{"type":16,"__type__":16,"data":[1]},"data":[1]}`},
		"PUB QoS2":                            {broker, &Message{Type: Pub, QoS: QoS2, ID: NumberID(7), Topic: "t"}, `{"jsonrpc":"2.0","id":7,"method":"t","params":{"type":48,"__type__":48,"data":[]},"data":[]}`},
		"PUB QoS1, slot bit cleared":          {broker, slotted(QoS1, NumberID(7)), `{"jsonrpc":"2.0","id":7,"method":"t","params":{"type":16,"__type__":16,"data":[1]},"data":[1]}`},
		"PUB QoS2, slot bit cleared":          {broker, slotted(QoS2, NumberID(7)), `{"jsonrpc":"2.0","id":7,"method":"t","params":{"type":48,"__type__":48,"data":[1]},"data":[1]}`},
		"PUB QoS1 to the broker, slot kept":   {component, slotted(QoS1, NumberID(5)), `{"jsonrpc":"2.0","id":5,"method":"t","params":{"type":80,"__type__":80,"data":[1]},"data":[1]}`},
		"RPC, array":                          {broker, call(jsonPayload(`[1,2]`)), `{"jsonrpc":"2.0","id":1,"method":"m","params":[1,2]}`},
		"RPC, null":                           {broker, call(nil), `{"jsonrpc":"2.0","id":1,"method":"m","params":[]}`},
		"RPC, one value":                      {broker, call(valuePayload(t, "x")), `{"jsonrpc":"2.0","id":1,"method":"m","params":["x"]}`},
		"RPC, named, towards Python":          {broker, call(jsonPayload(`{"a":1}`)), `{"jsonrpc":"2.0","id":1,"method":"m","params":[{"a":1}]}`},
		"RPC, named, towards Julia":           {toJulia, call(jsonPayload(`{"a":1}`)), `{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1}}`},
		"RPC, named type, towards Julia":      {toJulia, call(jsonPayload(`{"__type__":3}`)), `{"jsonrpc":"2.0","id":1,"method":"m","params":[{"__type__":3}]}`},
		"RPC, one value, towards Julia":       {toJulia, call(jsonPayload(`5`)), `{"jsonrpc":"2.0","id":1,"method":"m","params":[5]}`},
		"RPC with target":                     {component, &Message{Type: RPC, ID: NumberID(1), Topic: "m", Target: "who"}, `{"jsonrpc":"2.0","id":1,"method":"who/m","params":[]}`},
		"ADMIN":                               {component, &Message{Type: Admin, ID: NumberID(1), Topic: "a/*", Data: valuePayload(t, map[string]string{"cmd": "subscribe"})}, `{"jsonrpc":"2.0","id":1,"method":"a/*","params":{"type":3,"__type__":3,"data":{"cmd":"subscribe"}}}`},
		"IDENTITY":                            {component, login(Identity, Login{}), `{"jsonrpc":"2.0","id":1,"method":"__identity__","params":{"type":0,"__type__":0,"cid":"ann"}}`},
		"IDENTITY, URL":                       {component, login(Identity, Login{URL: "ws://h/ann"}), `{"jsonrpc":"2.0","id":1,"method":"__identity__","params":{"type":0,"__type__":0,"cid":"ws://h/ann"}}`},
		"ATTESTATION":                         {component, login(Attestation, Login{Signature: []byte{1, 2}}), `{"jsonrpc":"2.0","id":1,"method":"ann","params":{"type":11,"__type__":11,"signature":"AQI="}}`},
		"REGISTER":                            {component, login(Register, Login{Pin: "11223344", Key: []byte("key"), KeyType: 2}), `{"jsonrpc":"2.0","id":1,"method":"ann","params":{"type":10,"__type__":10,"pin":"11223344","key_val":"a2V5","key_type":2}}`},
		"UNREGISTER":                          {component, &Message{Type: Unregister, ID: NumberID(1)}, `{"jsonrpc":"2.0","id":1,"method":"__unregister__","params":{"type":9,"__type__":9}}`},
		"challenge towards Python":            {broker, challenge, `{"jsonrpc":"2.0","id":1,"result":{"type":4,"__type__":4,"sts":11,"data":"AQL/"}}`},
		"challenge towards Julia":             {toJulia, challenge, `{"jsonrpc":"2.0","id":1,"result":{"type":4,"__type__":4,"sts":11,"data":[1,2,255]}}`},
		"RESPONSE ok":                         {broker, NewResponse(NumberID(1), StatusOK, valuePayload(t, 5)), `{"jsonrpc":"2.0","id":1,"result":{"type":4,"__type__":4,"sts":0,"data":5}}`},
		"RESPONSE ok, null":                   {broker, NewResponse(NumberID(1), StatusOK, nil), `{"jsonrpc":"2.0","id":1,"result":{"type":4,"__type__":4,"sts":0,"data":null}}`},
		"RESPONSE error":                      {broker, NewError(NumberID(1), Errorf(StatusMethodNotFound, "m")), `{"jsonrpc":"2.0","id":1,"error":{"type":4,"__type__":4,"sts":42,"data":"m"}}`},
		"RESPONSE 40, never null":             {broker, NewResponse(NumberID(1), StatusMethodException, nil), `{"jsonrpc":"2.0","id":1,"error":{"type":4,"__type__":4,"sts":40,"data":"method exception"}}`},
		"RESPONSE, status that nobody knows":  {broker, NewResponse(NumberID(1), 99, nil), `{"jsonrpc":"2.0","id":1,"error":{"type":4,"__type__":4,"sts":10,"data":null}}`},
		"RESPONSE, id beyond doubles":         {broker, NewResponse(NumberID(1<<64-1), StatusOK, nil), `{"jsonrpc":"2.0","id":18446744073709551615,"result":{"type":4,"__type__":4,"sts":0,"data":null}}`},
		"RESPONSE, text id":                   {broker, NewResponse(textID(`a"`), StatusOK, nil), `{"jsonrpc":"2.0","id":"a\"","result":{"type":4,"__type__":4,"sts":0,"data":null}}`},
		"RESPONSE, id of 16 bytes":            {broker, NewResponse(wide, StatusOK, nil), `{"jsonrpc":"2.0","id":"00ff6f707172737475767778797a4142","result":{"type":4,"__type__":4,"sts":0,"data":null}}`},
		"ACK":                                 {broker, NewAck(NumberID(1)), `{"jsonrpc":"2.0","id":1,"result":{"type":5,"__type__":5}}`},
		"ACK2":                                {broker, NewAck2(NumberID(1)), `{"jsonrpc":"2.0","id":1,"result":{"type":6,"__type__":6}}`},
		"byte strings are base64":             {broker, NewPub("t", cborPayload(t, []byte{0xfb, 0xff})), `{"jsonrpc":"2.0","method":"t","params":["+/8="],"data":["+/8="]}`},
		"Julia's tuple is its arguments":      {broker, call(NewPayload(CBOR, juliaTuple)), `{"jsonrpc":"2.0","id":1,"method":"m","params":[1,2]}`},
		"a lone DataFrame is one argument":    {broker, call(valuePayload(t, DataFrame("arrow"))), `{"jsonrpc":"2.0","id":1,"method":"m","params":["YXJyb3c="]}`},
		"integers beyond 2^53 stay integers":  {broker, NewResponse(NumberID(1), StatusOK, valuePayload(t, uint64(1<<63+1))), `{"jsonrpc":"2.0","id":1,"result":{"type":4,"__type__":4,"sts":0,"data":9223372036854775809}}`},
		"a space, topic before the arguments": {broker, NewPub("a/b", jsonPayload(`[1]`)).Spaced("a/*"), `{"jsonrpc":"2.0","method":"a/*","params":["a/b",1],"data":["a/b",1]}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := encodeJSON(t, tt.codec, tt.m)
			if got != tt.want {
				t.Fatalf("got  %s\nwant %s", got, tt.want)
			}
			if _, err := NewComponentCodec(Limits{}, JSON).Decode(JSON, []byte(got)); err != nil {
				t.Errorf("our own end refuses it: %v", err)
			}
		})
	}
}

// juliaTuple is tag 27 ["Tuple", h”, [1, 2]].
var juliaTuple = []byte("\xd8\x1b\x83\x65Tuple\x40\x82\x01\x02")

func TestEncodeJSONRefuses(t *testing.T) {
	c := NewCodec(Limits{}, JSON)
	for name, m := range map[string]*Message{
		"RPC without id":      {Type: RPC, Topic: "m"},
		"PUB QoS1 without id": {Type: Pub, QoS: QoS1, Topic: "t"},
		"PING":                {Type: Ping, ID: NumberID(1), Topic: "ann"},
		"CLOSE":               {Type: Close, ID: NumberID(1)},
		"broken CBOR":         {Type: Response, ID: NumberID(1), Data: NewPayload(CBOR, []byte{0x82, 1})},
		"broken CBOR in QoS1": {Type: Pub, QoS: QoS1, ID: NumberID(1), Topic: "t", Data: NewPayload(CBOR, []byte{0x82, 1})},
		"broken CBOR in RPC":  {Type: RPC, ID: NumberID(1), Topic: "t", Data: NewPayload(CBOR, []byte{0x82, 1})},
		"a key twice":         {Type: Pub, Topic: "t", Data: NewPayload(CBOR, []byte{0xa2, 1, 1, 0x61, '1', 2})},
	} {
		if frame, _, _, err := c.Encode(m, nil); err == nil || len(frame) != 0 {
			t.Errorf("%s: encoded as %s", name, frame)
		}
	}
}

// The frame of a QoS0 PUB is made once for all JSON subscribers.
func TestEncodeJSONSharesPub(t *testing.T) {
	m := NewPub("t", cborPayload(t, 1))
	a, _, shared, err := NewCodec(Limits{}, JSON).Encode(m, nil)
	if err != nil || !shared {
		t.Fatalf("shared: %v, %v", shared, err)
	}
	b, _, _, err := julia(t, NewCodec(Limits{}, JSON)).Encode(m, nil)
	if err != nil || &a[0] != &b[0] {
		t.Errorf("encoded twice: %s, %v", b, err)
	}
}

// One goroutine decodes while another encodes; the race detector watches.
func TestJSONDecodeWhileEncoding(t *testing.T) {
	c := NewCodec(Limits{}, JSON)
	challenge := NewResponse(NumberID(1), StatusChallenge, valuePayload(t, []byte{1, 2}))
	var reader sync.WaitGroup
	reader.Go(func() {
		for range 200 {
			for _, frame := range []string{`{"id":1,"result":{"__type__":5}}`, `{"id":1,"result":{"type":5}}`} {
				if _, err := c.Decode(JSON, []byte(frame)); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for range 200 {
		frame := encodeJSON(t, c, challenge)
		if !strings.HasSuffix(frame, `"data":"AQI="}}`) && !strings.HasSuffix(frame, `"data":[1,2]}}`) {
			t.Errorf("neither dialect: %s", frame)
		}
	}
	reader.Wait()
}

// Encode appends to what it is given, and leaves it alone when it fails.
func TestEncodeJSONAppends(t *testing.T) {
	frame, _, _, err := NewCodec(Limits{}, JSON).Encode(NewAck(NumberID(1)), []byte("x"))
	if err != nil || !strings.HasPrefix(string(frame), `x{"jsonrpc"`) {
		t.Errorf("%s, %v", frame, err)
	}
}

func BenchmarkEncodeJSONPubQoS1(b *testing.B) {
	c := NewCodec(Limits{}, JSON)
	m := &Message{Type: Pub, QoS: QoS1, ID: NumberID(7), Topic: "plant/hall/1/temp", Data: jsonPayload(`[{"ts":1423351104.123,"value":21.5,"unit":"celsius"}]`)}
	var frame []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if frame, _, _, err = c.Encode(m, frame[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
