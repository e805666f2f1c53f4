package protocol

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// decodeLogin reads IDENTITY, UNREGISTER, REGISTER and ATTESTATION. The items
// were counted.
func (c *Codec) decodeLogin(m *Message, e *envelope) error {
	if m.Type == Unregister && e.n == 2 {
		return nil
	}
	cid, ok := e.str(2, majorText)
	if !ok {
		return refuse(m, "the cid is no text")
	}
	name, url := cidName(string(cid))
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
	case Register:
		return decodeRegister(m, e)
	case Attestation:
		signature, ok := e.bytes(3)
		if !ok {
			return refuse(m, "the signature is no byte string")
		}
		m.Login = &Login{Signature: signature}
	}
	return nil
}

// decodeRegister parses [10, id, cid, pin, public-key-bytes, key-type].
func decodeRegister(m *Message, e *envelope) error {
	pin, ok := e.str(3, majorText)
	if !ok && !e.null(3) {
		return refuse(m, "the pin is no text")
	}
	key, ok := e.bytes(4)
	if !ok {
		return refuse(m, "the key is no byte string")
	}
	kind, ok := e.uint(5, 2)
	if !ok || kind == 0 {
		return refuse(m, "unknown key type")
	}
	m.Login = &Login{Pin: string(pin), Key: key, KeyType: uint8(kind)}
	// rembus.js puts the tenant where the pin belongs, and the pin into its id.
	if m.ID.IsWide() && !isPin(m.Login.Pin) {
		m.Login.Pin = fmt.Sprintf("%08x", m.ID.Slot())
	}
	return nil
}

// isPin reports eight hexadecimal digits.
func isPin(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == 8
}

// cidName returns the name in a cid, which is the name itself or a URL
// scheme://host:port/name?query whose path it is, and the URL if it is one.
func cidName(cid string) (name, url string) {
	_, rest, ok := strings.Cut(cid, "://")
	if !ok {
		return cid, ""
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	_, path, _ := strings.Cut(rest, "/")
	return strings.Trim(path, "/"), cid
}
