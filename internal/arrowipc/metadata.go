package arrowipc

import (
	"errors"
	"fmt"

	flatbuffers "github.com/google/flatbuffers/go"
)

// Kinds of messages, types, and where the tables of Arrow's format hold what is
// looked at (Message.fbs, Schema.fbs): 4 + 2 × the number of the field.
const (
	kindSchema, kindDictionary, kindBatch = 1, 2, 3
	typeBinaryView, typeTextView          = 23, 24

	messageKind, messageHeader, messageBody, messageCustom = 6, 8, 10, 12
	schemaFields, schemaCustom                             = 6, 8
	fieldType, fieldDictionary, fieldChildren, fieldCustom = 8, 12, 14, 16
	dictionaryID, dictionaryData                           = 4, 6
	batchBuffers, batchVariadic                            = 8, 12

	maxNesting = 16
)

// schemaCheck looks through the metadata of messages for counts that they have
// no bytes for. It may panic on what is no metadata at all; Decode recovers.
type schemaCheck struct {
	fields     int           // of the schema, so far
	views      int           // columns in the view layout
	dictionary map[int64]int // the same in the values of each dictionary
}

// check returns the length of the body.
func (s *schemaCheck) check(meta []byte, l Limits) (body int64, err error) {
	root := flatbuffers.Table{Bytes: meta, Pos: flatbuffers.GetUOffsetT(meta)}
	if err := vector(root, messageCustom, 4); err != nil {
		return 0, err
	}
	body = root.GetInt64Slot(messageBody, 0)
	header, ok := sub(root, messageHeader)
	if !ok {
		return 0, errCut
	}
	switch kind := root.GetByteSlot(messageKind, 0); kind {
	case kindSchema:
		if err := vector(header, schemaCustom, 4); err != nil {
			return 0, err
		}
		s.fields, s.dictionary = 0, make(map[int64]int)
		s.views, err = s.children(header, schemaFields, 1, l)
		return body, err
	case kindDictionary:
		data, ok := sub(header, dictionaryData)
		if !ok {
			return 0, errCut
		}
		return body, checkBatch(data, s.dictionary[header.GetInt64Slot(dictionaryID, 0)])
	case kindBatch:
		return body, checkBatch(header, s.views)
	default:
		return 0, fmt.Errorf("unknown message %d", kind)
	}
}

// children checks a vector of fields and what is below: vectors can share their
// fields, so that few bytes could mean any number of them. It returns how many
// have the view layout, those of dictionaries left out.
func (s *schemaCheck) children(t flatbuffers.Table, slot flatbuffers.VOffsetT, depth int, l Limits) (views int, err error) {
	if err := vector(t, slot, 4); err != nil {
		return 0, err
	}
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return 0, nil
	}
	if depth > maxNesting {
		return 0, fmt.Errorf("columns nested deeper than %d", maxNesting)
	}
	for i := range t.VectorLen(o) {
		if s.fields++; s.fields > l.Fields {
			return 0, fmt.Errorf("more than %d columns", l.Fields)
		}
		at := t.Vector(o) + flatbuffers.UOffsetT(i)*4
		field := flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(at)}
		if err := vector(field, fieldCustom, 4); err != nil {
			return 0, err
		}
		n, err := s.children(field, fieldChildren, depth+1, l)
		if err != nil {
			return 0, err
		}
		if kind := field.GetByteSlot(fieldType, 0); kind == typeBinaryView || kind == typeTextView {
			n++
		}
		if encoding, ok := sub(field, fieldDictionary); ok {
			id := encoding.GetInt64Slot(dictionaryID, 0)
			s.dictionary[id] = max(n, s.dictionary[id])
		} else {
			views += n
		}
	}
	return views, nil
}

// checkBatch refuses a batch whose columns in the view layout claim more buffers
// than there are, or do not say how many they have.
func checkBatch(t flatbuffers.Table, views int) error {
	if err := errors.Join(vector(t, batchVariadic, 8), vector(t, batchBuffers, 16)); err != nil {
		return err
	}
	o := flatbuffers.UOffsetT(t.Offset(batchVariadic))
	if o == 0 {
		return nil
	}
	var buffers int64
	if b := flatbuffers.UOffsetT(t.Offset(batchBuffers)); b != 0 {
		buffers = int64(t.VectorLen(b))
	}
	if t.VectorLen(o) < views {
		return errors.New("a column does not say how many buffers it has")
	}
	for i := range t.VectorLen(o) {
		if n := t.GetInt64(t.Vector(o) + flatbuffers.UOffsetT(i)*8); n < 0 || n > buffers {
			return errors.New("a column has more buffers than there are")
		}
	}
	return nil
}

// sub returns the table in a field of t.
func sub(t flatbuffers.Table, slot flatbuffers.VOffsetT) (flatbuffers.Table, bool) {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return t, false
	}
	return flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(t.Pos + o)}, true
}

// vector refuses a vector that is longer than the bytes left for it.
func vector(t flatbuffers.Table, slot flatbuffers.VOffsetT, size int) error {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return nil
	}
	if n := t.VectorLen(o); n < 0 || n > (len(t.Bytes)-int(t.Vector(o)))/size {
		return errors.New("a count exceeds the metadata")
	}
	return nil
}
