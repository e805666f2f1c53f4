package protocol

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func nested(open, inside, closing string, n int) string {
	return strings.Repeat(open, n) + inside + strings.Repeat(closing, n)
}

// Fault 28: the connection ends.
func TestFault28MalformedJSON(t *testing.T) {
	for name, frame := range map[string]string{
		"empty":                   ``,
		"white space":             ` `,
		"depth 100 k":             `{"method":"t","params":` + nested("[", "", "]", 100_000) + `}`,
		"depth 100 k, unclosed":   strings.Repeat(`{"a":`, 100_000),
		"depth 100 k elsewhere":   `{"x":` + nested("[", "", "]", 100_000) + `,"method":"t"}`,
		"depth 33":                `{"method":"t","params":` + nested("[", "", "]", 33) + `}`,
		"depth 33 beside":         `{"id":1,"method":"t","params":{"type":16},"data":` + nested("[", "", "]", 33) + `}`,
		"depth 33 in params":      `{"id":1,"method":"t","params":{"type":16,"data":` + nested("[", "", "]", 33) + `}}`,
		"depth 33, arguments":     `{"id":1,"method":"t","params":` + nested(`{"a":`, "1", "}", 33) + `}`,
		"depth 33 once wrapped":   `{"id":1,"method":"t","params":` + nested(`{"a":`, "1", "}", 32) + `}`,
		"NaN":                     `{"method":"t","params":[NaN]}`,
		"Infinity":                `{"method":"t","params":[-Infinity]}`,
		"bad UTF-8":               "{\"method\":\"t\",\"params\":[\"\xff\"]}",
		"bad UTF-8 in a name":     "{\"method\":\"t\",\"params\":[{\"\xc0\x80\":1}]}",
		"bad UTF-8 in the topic":  "{\"method\":\"\xff\"}",
		"trailing garbage":        `{"method":"t"} x`,
		"two frames":              `{"method":"t"}{"method":"t"}`,
		"byte order mark":         "\ufeff{\"method\":\"t\"}",
		"cut in a string":         `{"method":"t`,
		"cut in an escape":        `{"method":"\`,
		"cut in a code unit":      `{"method":"\u00`,
		"cut after a colon":       `{"method":`,
		"cut after a comma":       `{"method":"t",`,
		"cut in a number":         `{"id":-`,
		"cut in a fraction":       `{"id":1.`,
		"cut in an exponent":      `{"id":1e+`,
		"trailing comma":          `{"method":"t",}`,
		"trailing comma in array": `{"method":"t","params":[1,]}`,
		"no comma":                `{"method":"t" "params":[1]}`,
		"no colon":                `{"method" "t"}`,
		"name without quotes":     `{method:"t"}`,
		"single quotes":           `{'method':'t'}`,
		"leading zero":            `{"method":"t","params":[01]}`,
		"plus":                    `{"method":"t","params":[+1]}`,
		"bare point":              `{"method":"t","params":[.5]}`,
		"hexadecimal":             `{"method":"t","params":[0x1]}`,
		"control character":       "{\"method\":\"t\",\"params\":[\"a\nb\"]}",
		"unknown escape":          `{"method":"t","params":["\x"]}`,
		"bad code unit":           `{"method":"t","params":["\u00g0"]}`,
		"literal":                 `{"method":"t","params":[nul]}`,
		"comment":                 `{"method":"t"/**/}`,
		"mismatched brackets":     `{"method":"t","params":[1}}`,
	} {
		if m, err := NewCodec(Limits{}, JSON).Decode(JSON, []byte(frame)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v, want ErrMalformed", name, m, err)
		}
	}
}

// Fault 28, and 31 where it says so: the message is refused, the link goes on,
// and who waits for an answer gets one.
func TestFault28And31RefusedJSON(t *testing.T) {
	one := NumberID(1)
	for name, tt := range map[string]struct {
		frame string
		id    ID
	}{
		"a name twice":                {`{"id":1,"method":"m","params":[{"a":1,"a":2}]}`, one},
		"a name twice, escaped":       {`{"id":1,"method":"m","params":[{"a":1,"\u0061":2}]}`, one},
		"a name twice of many":        {`{"id":1,"method":"m","params":[{` + manyMembers(100) + `,"k7":2}]}`, one},
		"a name twice in the frame":   {`{"id":1,"method":"m","method":"n"}`, one},
		"a name twice in a PUB":       {`{"method":"m","params":[{"a":1,"a":2}]}`, ID{}},
		"a name twice in an answer":   {`{"id":1,"result":{"type":4,"sts":0,"data":{"a":1,"a":2}}}`, ID{}},
		"1e999":                       {`{"id":1,"method":"m","params":[1e999]}`, one},
		"-1e999":                      {`{"id":1,"method":"m","params":[-1e999]}`, one},
		"400 digits":                  {`{"id":1,"method":"m","params":[` + strings.Repeat("9", 400) + `]}`, one},
		"high surrogate alone":        {`{"id":1,"method":"m","params":["\ud800"]}`, one},
		"low surrogate alone":         {`{"id":1,"method":"m","params":["\udc00x"]}`, one},
		"two high surrogates":         {`{"id":1,"method":"m","params":["\ud800\ud800"]}`, one},
		"surrogates in wrong order":   {`{"id":1,"method":"m","params":["\udc00\ud800"]}`, one},
		"surrogate in a name":         {`{"id":1,"method":"m","params":[{"\ud800":1}]}`, one},
		"no object":                   {`[{"id":1,"method":"m"}]`, ID{}},
		"a text":                      {`"x"`, ID{}},
		"neither request nor answer":  {`{"id":1}`, one},
		"nothing":                     {`{}`, ID{}},
		"id negative":                 {`{"id":-1,"method":"m"}`, ID{}},
		"id with fraction":            {`{"id":1.5,"method":"m"}`, ID{}},
		"id of 65 bits":               {`{"id":18446744073709551616,"method":"m"}`, ID{}},
		"id bool":                     {`{"id":true,"method":"m"}`, ID{}},
		"id empty text":               {`{"id":"","method":"m"}`, ID{}},
		"id long text":                {`{"id":"` + strings.Repeat("x", 129) + `","method":"m"}`, ID{}},
		"method no text":              {`{"id":1,"method":5}`, one},
		"answer without id":           {`{"result":{"type":4}}`, ID{}},
		"status no number":            {`{"id":1,"result":{"type":4,"sts":"x"}}`, ID{}},
		"status 300":                  {`{"id":1,"result":{"type":4,"sts":300}}`, ID{}},
		"cid no text":                 {`{"id":1,"method":"__identity__","params":{"type":0,"cid":5}}`, one},
		"cid empty":                   {`{"id":1,"method":"__identity__","params":{"type":0,"cid":""}}`, one},
		"cid URL without name":        {`{"id":1,"method":"__identity__","params":{"type":0,"cid":"ws://h/"}}`, one},
		"31: cid with NUL":            {`{"id":1,"method":"__identity__","params":{"type":0,"cid":"a\u0000"}}`, one},
		"31: cid too long":            {`{"id":1,"method":"__identity__","params":{"type":0,"cid":"` + strings.Repeat("x", 129) + `"}}`, one},
		"31: topic with CR LF":        {`{"method":"a\r\nb","params":[]}`, ID{}},
		"31: topic with NUL":          {`{"id":1,"method":"a\u0000","params":{"type":16,"data":[]}}`, one},
		"31: topic too long":          {`{"id":1,"method":"` + strings.Repeat("x", 1025) + `","params":{"type":48}}`, one},
		"31: method with NUL":         {`{"id":1,"method":"a\u0000","params":[]}`, one},
		"31: admin topic with NUL":    {`{"id":1,"method":"a\u0000","params":{"type":3}}`, one},
		"41: publish to *":            {`{"method":"*","params":[]}`, ID{}},
		"41: publish to **":           {`{"id":1,"method":"a/**","params":{"type":16}}`, one},
		"41: publish to a reserved":   {`{"method":"__config__","params":[]}`, ID{}},
		"41: call of a reserved":      {`{"id":1,"method":"__identity__","params":[]}`, one},
		"signature no base64":         {`{"id":1,"method":"ann","params":{"type":11,"signature":"?"}}`, one},
		"signature no bytes":          {`{"id":1,"method":"ann","params":{"type":11,"signature":[256]}}`, one},
		"signature missing":           {`{"id":1,"method":"ann","params":{"type":11}}`, one},
		"pin no text":                 {`{"id":1,"method":"ann","params":{"type":10,"pin":5,"key_val":"","key_type":1}}`, one},
		"key no bytes":                {`{"id":1,"method":"ann","params":{"type":10,"pin":"x","key_val":{},"key_type":1}}`, one},
		"key type 3":                  {`{"id":1,"method":"ann","params":{"type":10,"pin":"x","key_val":"","key_type":3}}`, one},
		"attestation of a wrong name": {`{"id":1,"method":"a\u0085","params":{"type":11,"signature":""}}`, one},
	} {
		m, err := NewCodec(Limits{}, JSON).Decode(JSON, []byte(tt.frame))
		var bad *BadMessage
		if !errors.As(err, &bad) {
			t.Errorf("%s: %+v, %v, want a *BadMessage", name, m, err)
			continue
		}
		if bad.ID != tt.id {
			t.Errorf("%s: refused with id %v, want %v", name, bad.ID, tt.id)
		}
		if strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Errorf("%s: the refusal holds control characters: %q", name, err)
		}
	}
}

func manyMembers(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(`"k%d":%d`, i, i)
	}
	return strings.Join(members, ",")
}

// The limits let everything through that is within them.
func TestJSONAtTheLimits(t *testing.T) {
	for name, frame := range map[string]string{
		"depth 32":            `{"method":"t","params":` + nested("[", "", "]", 32) + `}`,
		"depth 32 in params":  `{"id":1,"method":"t","params":{"type":16,"data":` + nested("[", "", "]", 32) + `}}`,
		"depth 31 of a map":   `{"method":"t","params":` + nested(`{"a":`, "1", "}", 31) + `}`,
		"a map of many names": `{"method":"t","params":[{` + manyMembers(5000) + `}]}`,
		"300 digits":          `{"method":"t","params":[` + strings.Repeat("9", 300) + `]}`,
		"tiny":                `{"method":"t","params":[1e-999]}`,
		"a surrogate pair":    `{"method":"t","params":["\ud83d\ude00"]}`,
		"NUL in data":         `{"method":"t","params":["\u0000"]}`,
	} {
		m, err := NewCodec(Limits{}, JSON).Decode(JSON, []byte(frame))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := m.Data.CBOR(); err != nil {
			t.Errorf("%s: to CBOR: %v", name, err)
		}
	}
}
