package protocol

// decodeJSONLogin reads the messages by which a component says who it is. The
// cid is the method, but in IDENTITY and UNREGISTER.
func (c *Codec) decodeJSONLogin(m *Message, method []byte, o *jsonObject) error {
	if m.Type == Unregister && o.cid.absent() {
		return nil
	}
	if m.Type == Identity || m.Type == Unregister {
		var ok bool
		if method, ok = o.cid.text(); !ok {
			return refuse(m, "the cid is no text")
		}
	}
	name, url := cidName(string(method))
	if name == "" {
		return refuse(m, "empty cid")
	}
	if err := CheckName(name, c.limits); err != nil {
		return refuseErr(m, err)
	}
	m.Topic = name
	switch m.Type {
	case Identity:
		m.Login = &Login{URL: url}
	case Attestation:
		signature, ok := o.signature.bytes()
		if !ok {
			return refuse(m, "the signature is neither base64 nor bytes")
		}
		m.Login = &Login{Signature: signature}
	case Register:
		pin, ok := o.pin.text()
		if !ok && !o.pin.absent() {
			return refuse(m, "the pin is no text")
		}
		key, ok := o.key.bytes()
		if !ok {
			return refuse(m, "the key is neither base64 nor bytes")
		}
		kind, ok := o.keyType.uint(2)
		if !ok || kind == 0 {
			return refuse(m, "unknown key type")
		}
		m.Login = &Login{Pin: string(pin), Key: key, KeyType: uint8(kind)}
	}
	return nil
}

// appendJSONLogin appends the params of these messages as a component sends them.
func appendJSONLogin(dst []byte, m *Message) []byte {
	login := m.Login
	if login == nil {
		login = &Login{}
	}
	dst = appendKind(dst, byte(m.Type))
	switch m.Type {
	case Identity:
		cid := login.URL
		if cid == "" {
			cid = m.Topic
		}
		dst = appendQuoted(append(dst, `,"cid":`...), cid)
	case Attestation:
		dst = appendBase64(append(dst, `,"signature":`...), login.Signature)
	case Register:
		dst = appendQuoted(append(dst, `,"pin":`...), login.Pin)
		dst = appendBase64(append(dst, `,"key_val":`...), login.Key)
		dst = append(dst, `,"key_type":`...)
		dst = append(dst, '0'+login.KeyType)
	}
	return append(dst, '}')
}
