package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"testing"
)

// received is what a test expects of a decoded message.
type received struct {
	Type            Type
	QoS             QoS
	HasSlot         bool
	Slot            uint32
	Status          Status
	ID              ID
	Topic, Target   string
	Data            string // JSON; "" for null
	Pin, Key, Sign  string
	KeyType         uint8
	URL             string
	wantsDialect    uint32
	wantsDataInCBOR []byte
}

func textID(s string) ID { id, _ := TextID(s); return id }

// Every row of protocol.md section 2, as Python and as Julia write it.
func TestDecodeJSONRows(t *testing.T) {
	const big = math.MaxUint64
	tests := map[string]struct {
		frame string
		want  received
	}{
		"PUB QoS0, params":            {`{"jsonrpc":"2.0","method":"a/b","params":[1,"x"]}`, received{Type: Pub, Topic: "a/b", Data: `[1,"x"]`}},
		"PUB QoS0, data":              {`{"jsonrpc":"2.0","method":"a/b","data":[1]}`, received{Type: Pub, Topic: "a/b", Data: `[1]`}},
		"PUB QoS0, both":              {`{"method":"t","params":[1],"data":[1]}`, received{Type: Pub, Topic: "t", Data: `[1]`}},
		"PUB QoS0, null id":           {`{"id":null,"method":"t","params":[1]}`, received{Type: Pub, Topic: "t", Data: `[1]`}},
		"PUB QoS0, null":              {`{"method":"t","params":null}`, received{Type: Pub, Topic: "t"}},
		"PUB QoS0, nothing":           {`{"method":"t"}`, received{Type: Pub, Topic: "t"}},
		"PUB QoS0, a map":             {`{"method":"t","params":{"type":3,"x":1}}`, received{Type: Pub, Topic: "t", Data: `{"type":3,"x":1}`}},
		"PUB QoS0, one value":         {`{"method":"t","params":7}`, received{Type: Pub, Topic: "t", Data: `7`}},
		"PUB QoS1, data in params":    {`{"id":7,"method":"t","params":{"type":16,"data":[1]}}`, received{Type: Pub, QoS: QoS1, ID: NumberID(7), Topic: "t", Data: `[1]`}},
		"PUB QoS1, data beside":       {`{"id":7,"method":"t","params":{"type":16},"data":[1]}`, received{Type: Pub, QoS: QoS1, ID: NumberID(7), Topic: "t", Data: `[1]`}},
		"PUB QoS2":                    {`{"id":7,"method":"t","params":{"type":48,"data":[1]}}`, received{Type: Pub, QoS: QoS2, ID: NumberID(7), Topic: "t", Data: `[1]`}},
		"PUB QoS2, Julia":             {`{"id":7,"method":"t","params":{"__type__":48,"data":[1]}}`, received{Type: Pub, QoS: QoS2, ID: NumberID(7), Topic: "t", Data: `[1]`, wantsDialect: dialectJulia}},
		"PUB QoS1, slot":              {`{"id":4294967303,"method":"t","params":{"type":80,"data":[1]}}`, received{Type: Pub, QoS: QoS1, HasSlot: true, Slot: 7, ID: NumberID(1<<32 | 7), Topic: "t", Data: `[1]`}},
		"PUB QoS2, slot":              {`{"id":9,"method":"t","params":{"type":112,"data":[1]}}`, received{Type: Pub, QoS: QoS2, HasSlot: true, Slot: 9, ID: NumberID(9), Topic: "t", Data: `[1]`}},
		"PUB QoS0, slot, typed":       {`{"id":9,"method":"t","params":{"type":64,"data":[1]}}`, received{Type: Pub, HasSlot: true, Slot: 9, Topic: "t", Data: `[1]`}},
		"PUB QoS0, slot, from Python": {`{"id":9,"method":"t","params":[1]}`, received{Type: RPC, ID: NumberID(9), Topic: "t", Data: `[1]`}},
		"RPC, array":                  {`{"id":1,"method":"m","params":[1,2]}`, received{Type: RPC, ID: NumberID(1), Topic: "m", Data: `[1,2]`}},
		"RPC, absent":                 {`{"id":1,"method":"m"}`, received{Type: RPC, ID: NumberID(1), Topic: "m"}},
		"RPC, null":                   {`{"id":1,"method":"m","params":null}`, received{Type: RPC, ID: NumberID(1), Topic: "m"}},
		"RPC, named":                  {`{"id":1,"method":"m","params":{"a":1,"b":2}}`, received{Type: RPC, ID: NumberID(1), Topic: "m", Data: `{"a":1,"b":2}`}},
		"RPC, named, type no frame":   {`{"id":1,"method":"m","params":{"type":"x"}}`, received{Type: RPC, ID: NumberID(1), Topic: "m", Data: `{"type":"x"}`}},
		"RPC, named, unknown type":    {`{"id":1,"method":"m","params":{"type":5}}`, received{Type: RPC, ID: NumberID(1), Topic: "m", Data: `{"type":5}`}},
		"RPC, named, fractional type": {`{"id":1,"method":"m","params":{"type":3.0}}`, received{Type: RPC, ID: NumberID(1), Topic: "m", Data: `{"type":3.0}`}},
		"RPC, target/method":          {`{"id":1,"method":"who/m","params":[]}`, received{Type: RPC, ID: NumberID(1), Topic: "who/m", Data: `[]`}},
		"id beyond doubles":           {`{"id":18446744073709551615,"method":"m"}`, received{Type: RPC, ID: NumberID(big), Topic: "m"}},
		"id 2^53+1":                   {`{"id":9007199254740993,"method":"m"}`, received{Type: RPC, ID: NumberID(1<<53 + 1), Topic: "m"}},
		"id text":                     {`{"id":"a\u00e9-1","method":"m"}`, received{Type: RPC, ID: textID("aé-1"), Topic: "m"}},
		"ADMIN":                       {`{"id":1,"method":"a/*","params":{"type":3,"data":{"cmd":"subscribe"}}}`, received{Type: Admin, ID: NumberID(1), Topic: "a/*", Data: `{"cmd":"subscribe"}`}},
		"ADMIN, msg_from null":        {`{"id":1,"method":"t","params":{"type":3,"data":{"cmd":"subscribe","msg_from":null}}}`, received{Type: Admin, ID: NumberID(1), Topic: "t", Data: `{"cmd":"subscribe","msg_from":null}`}},
		"ADMIN, msg_from huge":        {`{"id":1,"method":"t","params":{"type":3,"data":{"msg_from":1e999}}}`, received{Type: Admin, ID: NumberID(1), Topic: "t", Data: `{"msg_from":1e999}`}},
		"ADMIN, Julia":                {`{"id":1,"method":"__config__","params":{"__type__":3,"data":{"cmd":"reactive","status":true}}}`, received{Type: Admin, ID: NumberID(1), Topic: "__config__", Data: `{"cmd":"reactive","status":true}`, wantsDialect: dialectJulia}},
		"ADMIN, both types":           {`{"id":1,"method":"t","params":{"__type__":3,"type":3,"data":{}}}`, received{Type: Admin, ID: NumberID(1), Topic: "t", Data: `{}`}},
		"IDENTITY, name":              {`{"id":1,"method":"__identity__","params":{"type":0,"cid":"ann"}}`, received{Type: Identity, ID: NumberID(1), Topic: "ann"}},
		"IDENTITY, URL":               {`{"id":1,"method":"__identity__","params":{"__type__":0,"cid":"ws://h:8000/ann/x?y"}}`, received{Type: Identity, ID: NumberID(1), Topic: "ann/x", URL: "ws://h:8000/ann/x?y", wantsDialect: dialectJulia}},
		"ATTESTATION":                 {`{"id":1,"method":"ann","params":{"type":11,"signature":"AQI="}}`, received{Type: Attestation, ID: NumberID(1), Topic: "ann", Sign: "\x01\x02"}},
		"ATTESTATION, bytes":          {`{"id":1,"method":"ann","params":{"__type__":11,"signature":[1, 2]}}`, received{Type: Attestation, ID: NumberID(1), Topic: "ann", Sign: "\x01\x02", wantsDialect: dialectJulia}},
		"REGISTER":                    {`{"id":1,"method":"ann","params":{"type":10,"pin":"11223344","key_val":"a2V5","key_type":2}}`, received{Type: Register, ID: NumberID(1), Topic: "ann", Pin: "11223344", Key: "key", KeyType: 2}},
		"UNREGISTER":                  {`{"id":1,"method":"__unregister__","params":{"type":9}}`, received{Type: Unregister, ID: NumberID(1)}},
		"RESPONSE ok":                 {`{"id":1,"result":{"type":4,"sts":0,"data":[1]}}`, received{Type: Response, ID: NumberID(1), Data: `[1]`}},
		"RESPONSE ok, null":           {`{"id":1,"result":{"__type__":4,"sts":0,"data":null}}`, received{Type: Response, ID: NumberID(1), wantsDialect: dialectJulia}},
		"RESPONSE ok, no data":        {`{"id":1,"result":{"type":4,"sts":0}}`, received{Type: Response, ID: NumberID(1)}},
		"RESPONSE error":              {`{"id":1,"error":{"type":4,"sts":40,"data":"boom"}}`, received{Type: Response, ID: NumberID(1), Status: StatusMethodException, Data: `"boom"`}},
		"RESPONSE error, no status":   {`{"id":1,"error":{"type":4,"data":"boom"}}`, received{Type: Response, ID: NumberID(1), Status: StatusError, Data: `"boom"`}},
		"challenge, text":             {`{"id":1,"result":{"type":4,"sts":11,"data":"AQI="}}`, received{Type: Response, ID: NumberID(1), Status: StatusChallenge, wantsDataInCBOR: []byte{0x42, 1, 2}}},
		"challenge, bytes":            {`{"id":1,"result":{"__type__":4,"sts":11,"data":[1,2]}}`, received{Type: Response, ID: NumberID(1), Status: StatusChallenge, wantsDataInCBOR: []byte{0x42, 1, 2}, wantsDialect: dialectJulia}},
		"plain result":                {`{"jsonrpc":"2.0","id":1,"result":{"x":1}}`, received{Type: Response, ID: NumberID(1), Data: `{"x":1}`}},
		"plain result, null":          {`{"id":1,"result":null}`, received{Type: Response, ID: NumberID(1)}},
		"plain result, null error":    {`{"id":1,"result":5,"error":null}`, received{Type: Response, ID: NumberID(1), Data: `5`}},
		"plain error, not found":      {`{"id":1,"error":{"code":-32601,"message":"no"}}`, received{Type: Response, ID: NumberID(1), Status: StatusMethodNotFound, Data: `"no"`}},
		"plain error, arguments":      {`{"id":1,"error":{"code":-32602,"message":"no"}}`, received{Type: Response, ID: NumberID(1), Status: StatusMethodArgs, Data: `"no"`}},
		"plain error, other":          {`{"id":1,"error":{"code":-32000,"message":"no"}}`, received{Type: Response, ID: NumberID(1), Status: StatusError, Data: `"no"`}},
		"plain error, no object":      {`{"id":1,"error":"no"}`, received{Type: Response, ID: NumberID(1), Status: StatusError, Data: `"no"`}},
		"ACK":                         {`{"id":1,"result":{"type":5}}`, received{Type: Ack, ID: NumberID(1)}},
		"ACK2":                        {`{"id":1,"result":{"__type__":6}}`, received{Type: Ack2, ID: NumberID(1), wantsDialect: dialectJulia}},
		"white space and escapes":     {" {\r\n\t\"\\u0069d\" : 1 , \"method\":\"\\u0061/\\u00e9\",\"params\" : [ 1 ] } ", received{Type: RPC, ID: NumberID(1), Topic: "a/é", Data: `[ 1 ]`}},
		"unknown members":             {`{"x":{"y":[1]},"method":"t","params":[],"z":null}`, received{Type: Pub, Topic: "t", Data: `[]`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := NewCodec(Limits{}, CBOR)
			m, err := c.Decode(JSON, []byte(tt.frame))
			if err != nil {
				t.Fatal(err)
			}
			got := received{
				Type: m.Type, QoS: m.QoS, HasSlot: m.HasSlot, Slot: m.Slot, Status: m.Status, ID: m.ID, Topic: m.Topic, Target: m.Target,
				wantsDialect: c.dialect.Load(),
			}
			switch {
			case m.Data == nil:
			case m.Data.Encoding() == JSON:
				got.Data = string(m.Data.Raw())
			default:
				got.wantsDataInCBOR = m.Data.Raw()
			}
			if l := m.Login; l != nil {
				got.Pin, got.Key, got.Sign, got.KeyType, got.URL = l.Pin, string(l.Key), string(l.Signature), l.KeyType, l.URL
			}
			if !bytes.Equal(got.wantsDataInCBOR, tt.want.wantsDataInCBOR) {
				t.Errorf("data % x, want % x", got.wantsDataInCBOR, tt.want.wantsDataInCBOR)
			}
			got.wantsDataInCBOR, tt.want.wantsDataInCBOR = nil, nil
			if !equalReceived(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if c.Encoding() != JSON {
				t.Error("the answer would not be JSON")
			}
		})
	}
}

func equalReceived(a, b received) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y) && a.ID == b.ID && a.wantsDialect == b.wantsDialect
}

// An integer as infinity: msg_from may come as a number that no double holds.
func TestDecodeJSONAdminInfinity(t *testing.T) {
	m, err := NewCodec(Limits{}, JSON).Decode(JSON, []byte(`{"id":1,"method":"t","params":{"type":3,"data":{"msg_from":1e999,"no":null}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var data map[string]any
	if err := m.Data.Decode(&data); err != nil {
		t.Fatal(err)
	}
	if f, ok := data["msg_from"].(float64); !ok || !math.IsInf(f, 1) {
		t.Errorf("msg_from is %v, want +Inf", data["msg_from"])
	}
	if v, ok := data["no"]; !ok || v != nil {
		t.Errorf("a null is %v, there: %v", v, ok)
	}
}

// The subscriber of a space gets the pattern as topic; only a broker refuses it.
func TestDecodeJSONComponentTakesPatterns(t *testing.T) {
	frame := `{"method":"a/*","params":["a/b",1],"data":["a/b",1]}`
	m, err := NewComponentCodec(Limits{}, JSON).Decode(JSON, []byte(frame))
	if err != nil || m.Topic != "a/*" {
		t.Fatalf("component: %+v, %v", m, err)
	}
	var bad *BadMessage
	if _, err := NewCodec(Limits{}, JSON).Decode(JSON, []byte(frame)); !errors.As(err, &bad) {
		t.Fatalf("broker: %v, want a *BadMessage", err)
	}
}

// The dialect follows the last frame that tells one.
func TestDecodeJSONDialectFollows(t *testing.T) {
	c := NewCodec(Limits{}, JSON)
	for _, step := range []struct {
		frame string
		want  uint32
	}{
		{`{"id":1,"result":{"__type__":5}}`, dialectJulia},
		{`{"id":1,"method":"m","params":[]}`, dialectJulia},
		{`{"id":1,"result":{"type":5}}`, dialectType},
	} {
		if _, err := c.Decode(JSON, []byte(step.frame)); err != nil {
			t.Fatal(err)
		}
		if got := c.dialect.Load(); got != step.want {
			t.Errorf("after %s: dialect %d, want %d", step.frame, got, step.want)
		}
	}
}

func BenchmarkDecodeJSONPub(b *testing.B) {
	c := NewCodec(Limits{}, JSON)
	frame := []byte(`{"jsonrpc":"2.0","method":"plant/hall/1/temp","params":[{"ts":1423351104.123,"value":21.5,"unit":"celsius","ok":true,"name":"x1234567"}]}`)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Decode(JSON, frame); err != nil {
			b.Fatal(err)
		}
	}
}
