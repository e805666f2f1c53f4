package protocol

import (
	"bytes"
	"unicode/utf8"
)

// maxFields is the length of the longest map that [RawValue.AppendFields] takes: each
// name is compared with all others.
const maxFields = 16

// Field is one entry of a map. The name is part of the value that it was taken from.
type Field struct {
	Name  []byte
	Value any // nil, bool, int64, uint64, *big.Int, float64 or string
}

// AppendFields appends the entries of a small map from text to scalars: what most
// messages are, without the memory of a map. The values are those that [RawValue.Decode]
// gives. ok is false for everything else, and for what Decode finds an error in.
func (r RawValue) AppendFields(fields []Field) (_ []Field, ok bool) {
	h, pos, err := readHead(r, 0)
	if err != nil || h.major != majorMap || h.indefinite() || h.arg > maxFields {
		return fields, false
	}
	first, d := len(fields), anyDecoder{buf: r}
	for range h.arg {
		var f Field
		if f.Name, pos, ok = r.plainText(pos); !ok {
			return fields, false
		}
		for i := range fields[first:] {
			if bytes.Equal(fields[first+i].Name, f.Name) {
				return fields, false
			}
		}
		if f.Value, pos, ok = d.scalar(pos); !ok {
			return fields, false
		}
		fields = append(fields, f)
	}
	return fields, pos == len(r)
}

// plainText returns the text at pos, of definite length and valid.
func (r RawValue) plainText(pos int) (text []byte, end int, ok bool) {
	h, pos, err := readHead(r, pos)
	if err != nil || h.major != majorText || h.indefinite() || h.arg > uint64(len(r)-pos) {
		return nil, pos, false
	}
	end = pos + int(h.arg)
	return r[pos:end], end, utf8.Valid(r[pos:end])
}

func (d *anyDecoder) scalar(pos int) (v any, end int, ok bool) {
	if pos >= len(d.buf) {
		return nil, pos, false
	}
	switch d.buf[pos] >> 5 {
	case majorText:
		text, end, ok := RawValue(d.buf).plainText(pos)
		return string(text), end, ok
	case majorUint, majorNegint, majorSimple:
		v, end, err := d.value(pos)
		return v, end, err == nil
	}
	return nil, pos, false
}
