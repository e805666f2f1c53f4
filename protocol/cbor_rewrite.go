package protocol

import (
	"bytes"
	"errors"
	"fmt"
)

// tagRecord defines a record in the CBOR of rembus.js: [id, [keys], values…].
// The id, itself a tag, around an array of values is another record with the
// same keys.
const tagRecord = 57343

var (
	errRecord  = errors.New("rembus: broken record in CBOR")
	errGrowth  = errors.New("rembus: records in CBOR expand to too much")
	recordMark = []byte{0xd9, tagRecord >> 8, tagRecord & 0xff}
)

// rewriter copies a well-formed value and changes what other programs do not
// understand.
type rewriter struct {
	in, out  []byte
	limit    int                 // of len(out): keys of records are named once and written often
	records  map[uint64][][]byte // keys by record id, each as CBOR
	dropTags bool                // leave out tags that stand for no Go type
	textKeys bool                // keys of maps become text
	changed  bool
}

func rewrite(raw []byte, w rewriter) (out []byte, changed bool, err error) {
	if _, err := checkCBOR(raw, maxDecodeDepth); err != nil {
		return nil, false, err
	}
	w.in, w.out = raw, make([]byte, 0, len(raw)+64)
	w.limit = min(32*len(raw), len(raw)+DefaultLimits().MaxMessage)
	if _, err := w.value(0); err != nil {
		return nil, false, err
	}
	return w.out, w.changed, nil
}

// expandRecords returns the value with maps for records: the same bytes when it
// has none.
func expandRecords(raw []byte) ([]byte, error) {
	if !bytes.Contains(raw, recordMark) {
		return raw, nil
	}
	out, _, err := rewrite(raw, rewriter{})
	return out, err
}

// textKeys returns the value with text for every key of a map.
func textKeys(raw []byte) (out []byte, changed bool, err error) {
	return rewrite(raw, rewriter{textKeys: true})
}

// value copies the value at pos and returns its end. The input was checked, so
// heads are there and nesting is bounded.
func (w *rewriter) value(pos int) (end int, err error) {
	if len(w.out) > w.limit {
		return pos, errGrowth
	}
	start := pos
	h, pos, err := readHead(w.in, pos)
	if err != nil {
		return pos, err
	}
	switch h.major {
	case majorArray, majorMap:
		w.out = append(w.out, w.in[start:pos]...)
		return w.items(pos, h)
	case majorTag:
		if keys, ok := w.records[h.arg]; ok && w.in[pos]>>5 == majorArray {
			return w.record(pos, keys)
		}
		if h.arg == tagRecord {
			return w.define(pos)
		}
		if w.dropTags && !hasGoType(h.arg) {
			w.changed = true
			return w.value(pos)
		}
		w.out = append(w.out, w.in[start:pos]...)
		return w.value(pos)
	}
	return w.copy(start)
}

// copy copies the value at pos as it is.
func (w *rewriter) copy(pos int) (end int, err error) {
	s := scanner{buf: w.in}
	if end, err = s.value(pos, maxDecodeDepth); err == nil {
		w.out = append(w.out, w.in[pos:end]...)
	}
	return end, err
}

// items copies what is inside an array or map.
func (w *rewriter) items(pos int, h head) (end int, err error) {
	for i := uint64(0); h.indefinite() || i < h.arg; i++ {
		if w.atBreak(pos, h) {
			w.out = append(w.out, cborBreak)
			return pos + 1, nil
		}
		if h.major == majorMap {
			if pos, err = w.key(pos); err != nil {
				return pos, err
			}
		}
		if pos, err = w.value(pos); err != nil {
			return pos, err
		}
	}
	return pos, nil
}

func (w *rewriter) atBreak(pos int, h head) bool {
	return h.indefinite() && pos < len(w.in) && w.in[pos] == cborBreak
}

func (w *rewriter) key(pos int) (end int, err error) {
	if !w.textKeys || w.in[pos]>>5 == majorText {
		return w.value(pos)
	}
	d := anyDecoder{buf: w.in}
	v, end, err := d.value(pos)
	if err != nil {
		return end, err
	}
	text, err := keyText(v)
	if err != nil {
		return end, err
	}
	w.out, w.changed = appendText(w.out, text), true
	return end, nil
}

// define copies [id, [keys], values…] as a map, and remembers the keys.
func (w *rewriter) define(pos int) (end int, err error) {
	outer, pos, err := readHead(w.in, pos)
	if err != nil || outer.major != majorArray || !outer.indefinite() && outer.arg < 2 {
		return pos, errRecord
	}
	id, pos, err := readHead(w.in, pos)
	if err != nil || id.major != majorUint {
		return pos, errRecord
	}
	list, pos, err := readHead(w.in, pos)
	if err != nil || list.major != majorArray {
		return pos, errRecord
	}
	var keys [][]byte
	s := scanner{buf: w.in}
	for i := uint64(0); list.indefinite() || i < list.arg; i++ {
		if w.atBreak(pos, list) {
			pos++
			break
		}
		start := pos
		if pos, err = s.value(pos, maxDecodeDepth); err != nil {
			return pos, err
		}
		if w.in[start]>>5 != majorText {
			return pos, errRecord
		}
		keys = append(keys, w.in[start:pos])
	}
	if w.records == nil {
		w.records = make(map[uint64][][]byte)
	}
	w.records[id.arg] = keys
	if !outer.indefinite() {
		outer.arg -= 2
	}
	return w.fields(pos, outer, keys)
}

// record copies an array of values as a map with the keys.
func (w *rewriter) record(pos int, keys [][]byte) (end int, err error) {
	h, pos, err := readHead(w.in, pos)
	if err != nil {
		return pos, err
	}
	return w.fields(pos, h, keys)
}

// fields copies the values of a record, as many as it has, each behind its key.
func (w *rewriter) fields(pos int, h head, keys [][]byte) (end int, err error) {
	w.changed = true
	if h.indefinite() {
		w.out = append(w.out, majorMap<<5|31)
	} else {
		w.out = appendHead(w.out, majorMap, h.arg)
	}
	for i := uint64(0); h.indefinite() || i < h.arg; i++ {
		if w.atBreak(pos, h) {
			w.out = append(w.out, cborBreak)
			return pos + 1, nil
		}
		if i >= uint64(len(keys)) {
			return pos, fmt.Errorf("%w: more values than keys", errRecord)
		}
		w.out = append(w.out, keys[i]...)
		if pos, err = w.value(pos); err != nil {
			return pos, err
		}
	}
	return pos, nil
}

// hasGoType reports the tags whose meaning is kept when a value is decoded.
func hasGoType(tag uint64) bool { return tag <= 3 || tag == tagDataFrame }
