package protocol

import (
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"
)

type reading struct {
	Site   string    `json:"site"`
	Value  float64   `json:"value"`
	Count  uint8     `json:"count,omitempty"`
	At     time.Time `json:"at"`
	Extra  any       `json:"extra"`
	Frame  DataFrame `json:"frame"`
	hidden int
}

func TestEncodeArgsDecode(t *testing.T) {
	sent := reading{"belluno", 18.5, 3, time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC), "x", DataFrame("arrow"), 0}
	p, err := EncodeArgs(sent, []byte{1, 2}, math.Inf(-1), nil)
	if err != nil {
		t.Fatal(err)
	}
	args, err := p.Args()
	if err != nil || len(args) != 4 {
		t.Fatalf("%d arguments, %v", len(args), err)
	}
	var got reading
	if err := args[0].Decode(&got); err != nil || !reflect.DeepEqual(got, sent) {
		t.Errorf("got %+v, %v", got, err)
	}
	var b []byte
	if err := args[1].Decode(&b); err != nil || string(b) != "\x01\x02" {
		t.Errorf("got %x, %v", b, err)
	}
	var f float64
	if err := args[2].Decode(&f); err != nil || !math.IsInf(f, -1) {
		t.Errorf("got %v, %v", f, err)
	}
	if none, err := EncodeArgs(); err != nil || string(none.Raw()) != "\x80" {
		t.Errorf("no arguments are %x, %v", none.Raw(), err)
	}
	if _, err := EncodeArgs(func() {}); err == nil {
		t.Error("a function was encoded")
	}
}

// TestDecodeTyped: what rembus.js, Julia and Python write fits Go's types.
func TestDecodeTyped(t *testing.T) {
	record := "\xd9\xdf\xff\x84\x19\xe0\x00\x82\x64site\x65count\x61x\x02"
	for name, c := range map[string]struct {
		raw  string
		want any
	}{
		"record into a struct":             {record, reading{Site: "x", Count: 2}},
		"records in an array":              {"\x82" + record + "\xd9\xe0\x00\x82\x61y\x03", []reading{{Site: "x", Count: 2}, {Site: "y", Count: 3}}},
		"map head of rembus.js":            {"\xb9\x00\x01\x64site\x61x", reading{Site: "x"}},
		"indefinite map":                   {"\xbf\x64site\x61x\xff", reading{Site: "x"}},
		"wide integer":                     {"\x1b\x00\x00\x00\x00\x00\x00\x00\x05", uint8(5)},
		"integer into a float":             {"\x05", 5.0},
		"keys of integers":                 {"\xa2\x01\x61a\x02\x61b", map[int]string{1: "a", 2: "b"}},
		"keys of integers, text wanted":    {"\xa2\x01\x61a\x02\x61b", map[string]string{"1": "a", "2": "b"}},
		"keys of integers inside an any":   {"\xa1\x65extra\xa1\x01\x02", reading{Extra: map[string]any{"1": int64(2)}}},
		"keys of integers in a map of any": {"\xa1\x01\xa1\x02\x03", map[string]any{"1": map[string]any{"2": int64(3)}}},
		"array of any":                     {"\x82\x01\xa1\x02\x03", []any{int64(1), map[string]any{"2": int64(3)}}},
		"set":                              {"\xd9\x01\x02\x82\x01\x02", []int{1, 2}},
		"set inside an any":                {"\xa1\x65extra\xd9\x01\x02\x81\x01", reading{Extra: []any{int64(1)}}},
		"bytes of rembus.js":               {"\xd8\x40\x42ab", []byte("ab")},
		"DataFrame":                        {"\xd8\x50\x43abc", DataFrame("abc")},
		"DataFrame in chunks":              {"\xd8\x50\x5f\x41a\x42bc\xff", DataFrame("abc")},
		"DataFrame inside an any":          {"\xa1\x65extra\xd8\x50\x41a", reading{Extra: DataFrame("a")}},
		"big integer":                      {"\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00", *new(big.Int).Lsh(big.NewInt(1), 64)},
		"null into a map":                  {"\xf6", map[string]any(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			dst := reflect.New(reflect.TypeOf(c.want))
			if err := RawValue(c.raw).Decode(dst.Interface()); err != nil {
				t.Fatal(err)
			}
			if got := dst.Elem().Interface(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		raw string
		dst any
	}{
		"text into an int":          {"\x61a", new(int)},
		"text into a map of any":    {"\x61a", new(map[string]any)},
		"300 into a byte":           {"\x19\x01\x2c", new(uint8)},
		"trailing byte":             {"\x01\x00", new(any)},
		"trailing byte, typed":      {"\x01\x00", new(int)},
		"nothing":                   {"", new(any)},
		"nothing, typed":            {"", new(int)},
		"bad UTF-8":                 {"\x61\xff", new(any)},
		"bad UTF-8, typed":          {"\x61\xff", new(string)},
		"key of an array":           {"\xa1\x80\x00", new(any)},
		"time of nonsense":          {"\xc0\x61x", new(any)},
		"time of an array":          {"\xc1\x80", new(any)},
		"time of NaN":               {"\xc1\xf9\x7e\x00", new(any)},
		"time in the year 24557":    {"\xc1\x1b\x00\x00\x00\xff\xff\xff\xff\xff", new(any)},
		"bignum of text":            {"\xc2\x61x", new(any)},
		"bignum of a megabyte":      {"\xc2\x5a\x00\x10\x00\x00" + string(make([]byte, 1<<20)), new(any)},
		"DataFrame of text":         {"\xd8\x50\x61x", new(any)},
		"DataFrame of text, typed":  {"\xd8\x50\x61x", new(DataFrame)},
		"bytes as DataFrame":        {"\x41x", new(DataFrame)},
		"unknown simple value":      {"\xf0", new(any)},
		"record without keys":       {"\xd9\xdf\xff\x81\x19\xe0\x00", new(any)},
		"record of no array":        {"\xd9\xdf\xff\x01", new(any)},
		"record id of text":         {"\xd9\xdf\xff\x83\x61x\x81\x61x\x01", new(any)},
		"record keys of no array":   {"\xd9\xdf\xff\x83\x19\xe0\x00\x61x\x01", new(any)},
		"record key of a number":    {"\xd9\xdf\xff\x83\x19\xe0\x00\x81\x01\x01", new(any)},
		"record of too many values": {"\xd9\xdf\xff\x84\x19\xe0\x00\x81\x61x\x01\x02", new(any)},
	} {
		t.Run(name, func(t *testing.T) {
			if err := RawValue(c.raw).Decode(c.dst); err == nil {
				t.Errorf("decoded to %v", reflect.ValueOf(c.dst).Elem())
			}
		})
	}
}

func TestDataFrame(t *testing.T) {
	frame := DataFrame("arrow stream")
	for _, v := range []any{frame, &frame} {
		p, err := EncodeValue(v)
		if err != nil || string(p.Raw()) != "\xd8\x50\x4carrow stream" {
			t.Fatalf("encoded %x, %v", p.Raw(), err)
		}
		got, ok := RawValue(p.Raw()).DataFrame()
		if !ok || string(got) != string(frame) {
			t.Errorf("got %q, %v", got, ok)
		}
	}
	for _, raw := range []string{"", "\xd8", "\xd8\x50", "\xd8\x50\x42a", "\xd8\x50\x41ab", "\xd8\x50\x61a", "\xd8\x51\x41a", "\x41a", "\xd8\x50\x5f\x41a"} {
		if frame, ok := RawValue(raw).DataFrame(); ok {
			t.Errorf("%x is the DataFrame %x", raw, frame)
		}
	}
}
