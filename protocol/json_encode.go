package protocol

import (
	"encoding/hex"
	"strconv"
)

const jsonHead = `{"jsonrpc":"2.0",`

// appendJSON appends the frame of m. It says the type of a Rembus message under
// both names, "type" and "__type__".
func (c *Codec) appendJSON(dst []byte, m *Message) ([]byte, error) {
	if m.Type == Pub && m.QoS == QoS0 {
		return appendNotice(dst, m)
	}
	if m.ID.IsZero() {
		return dst, Errorf(StatusError, "a message of type %d needs an id", m.Type)
	}
	frame := append(append(dst, jsonHead...), `"id":`...)
	frame = appendJSONID(frame, m.ID)
	var err error
	switch m.Type {
	case Pub:
		frame, err = c.appendJSONPub(frame, m)
	case RPC:
		frame, err = c.appendJSONCall(frame, m)
	case Admin:
		frame = appendKind(appendMethod(frame, m.Topic), byte(Admin))
		frame, err = appendJSONData(append(frame, `,"data":`...), m.Data)
		frame = append(frame, '}')
	case Response:
		frame, err = c.appendJSONResponse(frame, m)
	case Ack, Ack2:
		frame = append(appendKind(append(frame, `,"result":`...), byte(m.Type)), '}')
	case Identity:
		frame = appendJSONLogin(appendMethod(frame, "__identity__"), m)
	case Unregister:
		frame = appendJSONLogin(appendMethod(frame, "__unregister__"), m)
	case Register, Attestation:
		frame = appendJSONLogin(appendMethod(frame, m.Topic), m)
	default:
		err = Errorf(StatusError, "no JSON message has type %d", m.Type)
	}
	if err != nil {
		return dst, err
	}
	return append(frame, '}'), nil
}

// appendJSONID appends an id. Bytes that are no number go as hexadecimal text.
func appendJSONID(dst []byte, id ID) []byte {
	switch id.kind {
	case idNumber:
		return strconv.AppendUint(dst, id.num, 10)
	case idBytes:
		dst = hex.AppendEncode(append(dst, '"'), []byte(id.text))
		return append(dst, '"')
	}
	return appendQuoted(dst, id.text)
}

// appendMethod appends the method and the name of the params that follow.
func appendMethod(dst []byte, method string) []byte {
	dst = appendQuoted(append(dst, `,"method":`...), method)
	return append(dst, `,"params":`...)
}

// appendKind begins the object of a Rembus message of type t.
func appendKind(dst []byte, t byte) []byte {
	dst = strconv.AppendUint(append(dst, `{"type":`...), uint64(t), 10)
	return strconv.AppendUint(append(dst, `,"__type__":`...), uint64(t), 10)
}

// appendNotice appends a PUB without an id. Python subscribers read the data
// beside the params, Julia's the params. There is no room for a slot.
func appendNotice(dst []byte, m *Message) ([]byte, error) {
	args, wrap, err := jsonArgs(m.Data)
	if err != nil {
		return dst, err
	}
	dst = appendQuoted(append(dst, jsonHead+`"method":`...), m.Topic)
	dst = appendArray(append(dst, `,"params":`...), args, wrap)
	dst = appendArray(append(dst, `,"data":`...), args, wrap)
	return append(dst, '}'), nil
}

// appendJSONPub appends a PUB with QoS1 or QoS2 after its id. A component tells
// the broker its slot; towards components, which take another type for no PUB,
// the slot is left out.
func (c *Codec) appendJSONPub(dst []byte, m *Message) ([]byte, error) {
	args, wrap, err := jsonArgs(m.Data)
	if err != nil {
		return dst, err
	}
	flags := m.flags()
	if !c.component {
		flags &^= FlagSlot
	}
	dst = appendKind(appendMethod(dst, m.Topic), flags)
	dst = appendArray(append(dst, `,"data":`...), args, wrap)
	dst = appendArray(append(dst, `},"data":`...), args, wrap)
	return dst, nil
}

// appendJSONCall appends an RPC after its id. Params are always an array towards
// Python, which drops other calls; Julia gets named arguments as they are, unless
// they could be taken for a message.
func (c *Codec) appendJSONCall(dst []byte, m *Message) ([]byte, error) {
	method := m.Topic
	if m.Target != "" {
		method = m.Target + "/" + m.Topic
	}
	args, wrap, err := jsonArgs(m.Data)
	if err != nil {
		return dst, err
	}
	if c.dialect.Load() == dialectJulia && !c.component && isNamed(args) {
		wrap = false
	}
	return appendArray(appendMethod(dst, method), args, wrap), nil
}

// appendJSONResponse appends a RESPONSE after its id. No client takes null for
// the text of a failed method, nor a status that it does not know.
func (c *Codec) appendJSONResponse(dst []byte, m *Message) ([]byte, error) {
	status := m.Status
	if _, known := statusText[status]; !known {
		status = StatusError
	}
	key := `,"error":`
	if status == StatusOK || status == StatusChallenge {
		key = `,"result":`
	}
	dst = appendKind(append(dst, key...), byte(Response))
	dst = strconv.AppendUint(append(dst, `,"sts":`...), uint64(status), 10)
	dst = append(dst, `,"data":`...)
	if status == StatusMethodException && m.Data.IsNull() {
		return append(appendQuoted(dst, status.String()), '}'), nil
	}
	if challenge, ok := challengeBytes(m.Data); ok && status == StatusChallenge && c.dialect.Load() == dialectJulia {
		return append(appendByteArray(dst, challenge), '}'), nil
	}
	dst, err := appendJSONData(dst, m.Data)
	return append(dst, '}'), err
}

// challengeBytes returns the data of a challenge if it is a byte string.
func challengeBytes(p *Payload) ([]byte, bool) {
	if p.Encoding() != CBOR {
		return nil, false
	}
	h, pos, err := readHead(p.Raw(), 0)
	if err != nil || h.major != majorBytes || h.indefinite() {
		return nil, false
	}
	return p.Raw()[pos:], true
}

// appendByteArray appends bytes as numbers: Julia signs text as ASCII, so that
// base64 would make it sign something else.
func appendByteArray(dst, b []byte) []byte {
	dst = append(dst, '[')
	for i, v := range b {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, uint64(v), 10)
	}
	return append(dst, ']')
}

func appendJSONData(dst []byte, p *Payload) ([]byte, error) {
	raw, err := p.JSON()
	if err != nil {
		return dst, err
	}
	return append(dst, raw...), nil
}

// jsonArgs returns the arguments of a PUB or RPC. They are an array already,
// unless wrap says that they are one value or, with nothing in args, none.
func jsonArgs(p *Payload) (args []byte, wrap bool, err error) {
	if p.IsNull() {
		return nil, true, nil
	}
	if args, err = p.JSON(); err != nil {
		return nil, false, err
	}
	if p.Encoding() == JSON {
		s := jsonScanner{buf: args}
		return args, s.peek() != '[', nil
	}
	// The rows of a lone DataFrame are an array too, but one argument.
	raw := unwrapTuple(p.Raw())
	return args, raw[0]>>5 != majorArray, nil
}

func appendArray(dst, args []byte, wrap bool) []byte {
	if !wrap {
		return append(dst, args...)
	}
	return append(append(append(dst, '['), args...), ']')
}

// isNamed reports an object that nobody takes for a Rembus message.
func isNamed(args []byte) bool {
	var o jsonObject
	s := jsonScanner{buf: args, depth: maxDecodeDepth}
	if s.peek() != '{' || o.read(&s) != nil {
		return false
	}
	return o.kind.raw == nil && o.julia.raw == nil
}
