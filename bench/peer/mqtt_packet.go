package peer

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The packets of MQTT 3.1.1 that are used here, section 2.2.1.
const (
	mqttConnect    = 1
	mqttConnAck    = 2
	mqttPublish    = 3
	mqttPubAck     = 4
	mqttPubRec     = 5
	mqttPubRel     = 6
	mqttPubComp    = 7
	mqttSubscribe  = 8
	mqttSubAck     = 9
	mqttDisconnect = 14
)

// mqttMax bounds what a broker may send.
const mqttMax = 64 << 20

var errMQTT = errors.New("malformed MQTT packet")

// appendHead appends the fixed header of a packet, section 2.2.
func appendHead(b []byte, kind, flags byte, length int) []byte {
	b = append(b, kind<<4|flags)
	return binary.AppendUvarint(b, uint64(length)) // MQTT's remaining length is encoded as that
}

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// appendConnect asks for a clean session without keep-alive.
func appendConnect(b []byte, client string) []byte {
	b = appendHead(b, mqttConnect, 0, 12+len(client))
	b = appendText(b, "MQTT")
	b = append(b, 4, 2, 0, 0)
	return appendText(b, client)
}

func appendPublish(b []byte, qos QoS, id uint16, topic string, payload []byte) []byte {
	n := 2 + len(topic) + len(payload)
	if qos > 0 {
		n += 2
	}
	b = appendHead(b, mqttPublish, byte(qos)<<1, n)
	b = appendText(b, topic)
	if qos > 0 {
		b = binary.BigEndian.AppendUint16(b, id)
	}
	return append(b, payload...)
}

func appendSubscribe(b []byte, qos QoS, id uint16, topic string) []byte {
	b = appendHead(b, mqttSubscribe, 2, 5+len(topic))
	b = binary.BigEndian.AppendUint16(b, id)
	return append(appendText(b, topic), byte(qos))
}

// appendAck appends one of the four packets that hold only an id.
func appendAck(b []byte, kind byte, id uint16) []byte {
	var flags byte
	if kind == mqttPubRel {
		flags = 2
	}
	return binary.BigEndian.AppendUint16(appendHead(b, kind, flags, 2), id)
}

// readPacket reads a packet into buf, which it may replace by a larger one.
func readPacket(r *bufio.Reader, buf []byte) (kind, flags byte, body []byte, err error) {
	head, err := r.ReadByte()
	if err != nil {
		return 0, 0, buf, err
	}
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return 0, 0, buf, err
	}
	if n > mqttMax {
		return 0, 0, buf, fmt.Errorf("%w of %d bytes", errMQTT, n)
	}
	if uint64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	body = buf[:n]
	_, err = io.ReadFull(r, body)
	return head >> 4, head & 15, body, err
}

// parsePublish takes the body of a PUBLISH apart.
func parsePublish(flags byte, body []byte) (qos QoS, id uint16, payload []byte, err error) {
	qos = QoS(flags >> 1 & 3)
	if len(body) < 2 {
		return 0, 0, nil, errMQTT
	}
	n := 2 + int(binary.BigEndian.Uint16(body))
	if qos > 0 {
		n += 2
	}
	if len(body) < n {
		return 0, 0, nil, errMQTT
	}
	if qos > 0 {
		id = binary.BigEndian.Uint16(body[n-2:])
	}
	return qos, id, body[n:], nil
}
