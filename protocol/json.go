package protocol

func (c *Codec) decodeJSON(frame []byte) (*Message, error) { return nil, errStub }

func (c *Codec) appendJSON(dst []byte, m *Message) ([]byte, error) { return dst, errStub }
