package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/rembus-go/rembus/component"
	_ "github.com/rembus-go/rembus/internal/arrowipc" // DataFrames as JSON rows
	"github.com/rembus-go/rembus/protocol"
)

// line is a message as sub prints it. A message that cannot be shown is a line
// that says so: it must not end the subscription.
func (s *sub) line(m *component.Message) ([]byte, error) {
	args, err := texts(m)
	if s.json {
		return jsonLine(m, args, err)
	}
	out := []byte(clean(m.Topic()))
	if err != nil {
		out = fmt.Appendf(out, " (cannot be shown: %s)", clean(err.Error()))
	}
	for _, arg := range args {
		out = append(append(out, ' '), arg...)
	}
	return append(out, '\n'), nil
}

func jsonLine(m *component.Message, args []json.RawMessage, failed error) ([]byte, error) {
	object := struct {
		Topic string            `json:"topic"`
		Args  []json.RawMessage `json:"args"`
		Slot  *uint32           `json:"slot,omitempty"`
		Error string            `json:"error,omitempty"`
	}{Topic: m.Topic(), Args: args}
	if slot, ok := m.Slot(); ok {
		object.Slot = &slot
	}
	if failed != nil {
		object.Error = failed.Error()
	}
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(object); err != nil {
		return nil, err
	}
	line, err := safeJSON(raw.Bytes())
	return append(line, '\n'), err
}

// texts returns the arguments of a message as JSON.
func texts(m *component.Message) ([]json.RawMessage, error) {
	raw, err := m.Args()
	if err != nil {
		return nil, err
	}
	args := make([]json.RawMessage, len(raw))
	for i, value := range raw {
		if args[i], err = valueJSON(protocol.NewPayload(protocol.CBOR, value)); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	return args, nil
}

// valueJSON returns data from the network as JSON that may be printed.
func valueJSON(data *protocol.Payload) (json.RawMessage, error) {
	raw, err := data.JSON()
	if err != nil {
		return nil, err
	}
	return safeJSON(raw)
}
