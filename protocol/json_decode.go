package protocol

// The dialects of JSON: under which name the peer writes the type of a message.
const (
	dialectType  = 0 // "type", as Python does
	dialectJulia = 1 // "__type__"
)

// Errors of plain JSON-RPC 2.0 that have a status of their own.
const (
	rpcNotFound  = "-32601"
	rpcArguments = "-32602"
)

// maxNames is for how many names of members a codec keeps room.
const maxNames = 64

// decodeJSON parses a frame: a JSON-RPC 2.0 request or answer, which is a Rembus
// message if its params or its result say so by a known "type" or "__type__".
func (c *Codec) decodeJSON(frame []byte) (*Message, error) {
	var f jsonFrame
	s := jsonScanner{
		buf:   frame,
		depth: c.limits.MaxDepth + 2, // the frame and its params
		names: c.names[:0],
	}
	if err := f.read(&s); err != nil {
		return nil, err
	}
	if cap(s.names) <= maxNames {
		c.names = s.names
	}
	m := &Message{}
	id, ok := f.parseID()
	if !ok {
		return nil, refuse(m, "JSON: the id is neither a number of 64 bits nor a short text")
	}
	m.ID = id
	var err error
	switch {
	case f.method.raw != nil:
		err = c.decodeRequest(m, &f)
	case f.result.raw != nil || f.failure.raw != nil:
		err = c.decodeAnswer(m, &f)
	default:
		err = refuse(m, "JSON: neither a request nor an answer")
	}
	if err != nil {
		return nil, err
	}
	if s.refused != nil {
		return nil, refuseErr(m, s.refused)
	}
	if s.huge && m.Type != Admin { // there it may be the infinity of msg_from
		return nil, refuseErr(m, errJSONHuge)
	}
	return m, nil
}

// rembusType returns the type and flags that make an object a Rembus frame, and
// remembers the dialect it is written in.
func (c *Codec) rembusType(o *jsonObject, known func(t byte) bool) (t byte, ok bool) {
	v, dialect := o.kind, uint32(dialectType)
	if v.raw == nil {
		v, dialect = o.julia, dialectJulia
	}
	n, ok := v.uint(0xff)
	if !ok || !known(byte(n)) {
		return 0, false
	}
	if c.dialect.Load() != dialect {
		c.dialect.Store(dialect)
	}
	return byte(n), true
}

// isRequestType reports the types that params may have: those of messages, but
// of a PUB its flags alone.
func isRequestType(t byte) bool {
	switch t {
	case byte(Identity), byte(Admin), byte(Unregister), byte(Register), byte(Attestation):
		return true
	case FlagQoS1, FlagQoS2, FlagSlot, FlagQoS1 | FlagSlot, FlagQoS2 | FlagSlot:
		return true
	}
	return false
}

func isAnswerType(t byte) bool {
	return t == byte(Response) || t == byte(Ack) || t == byte(Ack2)
}

// decodeRequest reads what has a method.
func (c *Codec) decodeRequest(m *Message, f *jsonFrame) error {
	method, ok := f.method.text()
	if !ok {
		return refuse(m, "JSON: the method is no text")
	}
	args := f.params.jsonValue
	if args.absent() {
		args = f.data
	}
	if m.ID.IsZero() {
		m.Type = Pub
		return c.decodeNotice(m, method, args)
	}
	t, ok := c.rembusType(&f.params, isRequestType)
	if !ok {
		m.Type, m.Topic = RPC, string(method)
		if err := CheckTopic(m.Topic, c.limits); err != nil {
			return refuseErr(m, err)
		}
		return c.setJSON(m, args)
	}
	data := f.params.data
	if data.raw == nil {
		data = f.data
	}
	switch Type(t) {
	case Identity, Unregister, Register, Attestation:
		m.Type = Type(t)
		return c.decodeJSONLogin(m, method, &f.params)
	case Admin:
		m.Type, m.Topic = Admin, string(method)
		if err := checkText("topic", m.Topic, c.limits.MaxTopic); err != nil {
			return refuseErr(m, err)
		}
		return c.setJSON(m, data)
	}
	m.Type = Pub
	switch t &^ FlagSlot {
	case FlagQoS1:
		m.QoS = QoS1
	case FlagQoS2:
		m.QoS = QoS2
	}
	if t&FlagSlot != 0 {
		m.HasSlot, m.Slot = true, m.ID.Slot()
	}
	return c.decodeNotice(m, method, data)
}

// decodeNotice reads the topic and the arguments of a PUB.
func (c *Codec) decodeNotice(m *Message, topic []byte, args jsonValue) (err error) {
	if m.Topic, err = c.pubTopic(topic); err != nil {
		return refuseErr(m, err)
	}
	if m.QoS == QoS0 {
		m.ID = ID{}
	}
	return c.setJSON(m, args)
}

// decodeAnswer reads what has a result or an error: of Rembus, or else of plain
// JSON-RPC.
func (c *Codec) decodeAnswer(m *Message, f *jsonFrame) error {
	m.Type = Response
	if m.ID.IsZero() {
		return refuse(m, "JSON: an answer without an id")
	}
	o, failed := &f.result, false
	if !f.failure.absent() {
		o, failed = &f.failure, true
	}
	t, ok := c.rembusType(o, isAnswerType)
	switch {
	case ok && Type(t) != Response:
		m.Type = Type(t)
		return nil
	case ok || o.status.raw != nil:
		status, ok := uint64(StatusOK), true
		if o.status.raw != nil {
			status, ok = o.status.uint(0xff)
		} else if failed {
			status = uint64(StatusError)
		}
		if !ok {
			return refuse(m, "JSON: the status is no small number")
		}
		m.Status = Status(status)
		if challenge, ok := o.data.bytes(); ok && m.Status == StatusChallenge {
			m.setData(CBOR, appendBytes(nil, challenge))
			return nil
		}
		return c.setJSON(m, o.data)
	case failed:
		m.Status = plainStatus(o.code)
		if o.message.raw == nil {
			return c.setJSON(m, o.jsonValue)
		}
		return c.setJSON(m, o.message)
	}
	return c.setJSON(m, o.jsonValue)
}

// plainStatus returns the status for the code of a JSON-RPC error.
func plainStatus(code jsonValue) Status {
	switch string(code.raw) {
	case rpcNotFound:
		return StatusMethodNotFound
	case rpcArguments:
		return StatusMethodArgs
	}
	return StatusError
}

// setJSON makes v the data of m. As in CBOR, what is no array leaves a level for
// the array that it is put into.
func (c *Codec) setJSON(m *Message, v jsonValue) error {
	if v.absent() {
		return nil
	}
	levels := v.levels
	if v.raw[0] != '[' {
		levels++
	}
	if levels > c.limits.MaxDepth {
		return errJSONDepth
	}
	m.setData(JSON, v.raw)
	return nil
}
