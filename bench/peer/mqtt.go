package peer

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// mqttClient is a client of MQTT 3.1.1 that is as fast as we could make one: what
// waits is written at once. The usual client libraries of Go are slower than the
// broker, see [pahoClient].
type mqttClient struct {
	unable
	conn  net.Conn
	ended chan struct{} // closed when the reader has ended

	mu       sync.Mutex
	wake     sync.Cond // for the writer, and for who waits for room
	out      []byte
	closed   bool
	err      error // why it ended
	received map[string]func([]byte)
	window   chan struct{} // a token for each message of the pipeline without an answer

	answered chan uint16 // SUBACK
	lastID   uint16
}

// mqttOut is how many bytes may wait for the writer.
const mqttOut = 1 << 20

var errMQTTEnded = errors.New("the MQTT connection ended")

// greet logs in on a new connection.
func greet(conn net.Conn, id string) (Client, error) {
	c := &mqttClient{
		conn: conn, ended: make(chan struct{}), answered: make(chan uint16, 1), received: map[string]func([]byte){},
	}
	c.wake.L = &c.mu
	r := bufio.NewReaderSize(conn, 64<<10)
	if _, err := conn.Write(appendConnect(nil, id)); err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	kind, _, body, err := readPacket(r, nil)
	if err != nil || kind != mqttConnAck || len(body) != 2 || body[1] != 0 {
		conn.Close()
		return nil, fmt.Errorf("the MQTT broker does not let us in: packet %d, %x: %w", kind, body, err)
	}
	conn.SetReadDeadline(time.Time{})
	go c.write()
	go c.read(r)
	return c, nil
}

// push appends a packet to what waits. Acknowledgements do not wait for room: the
// reader sends them.
func (c *mqttClient) push(wait bool, packet func([]byte) []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for wait && len(c.out) > mqttOut && !c.closed {
		c.wake.Wait()
	}
	if c.closed {
		return errors.Join(errMQTTEnded, c.err)
	}
	if len(c.out) == 0 {
		c.wake.Broadcast()
	}
	c.out = packet(c.out)
	return nil
}

func (c *mqttClient) write() {
	var batch []byte
	for {
		c.mu.Lock()
		for len(c.out) == 0 && !c.closed {
			c.wake.Wait()
		}
		if len(c.out) == 0 {
			c.mu.Unlock()
			return
		}
		batch, c.out = c.out, batch[:0]
		c.wake.Broadcast()
		c.mu.Unlock()
		if _, err := c.conn.Write(batch); err != nil {
			c.end(err)
			return
		}
	}
}

// end lets everybody know that nothing goes any more.
func (c *mqttClient) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed, c.err = true, err
	}
	c.wake.Broadcast()
}

func (c *mqttClient) read(r *bufio.Reader) {
	defer close(c.ended)
	var buf []byte
	for {
		kind, flags, body, err := readPacket(r, buf)
		if err == nil {
			buf = body[:0]
			err = c.handle(kind, flags, body)
		}
		if err != nil {
			c.end(err)
			return
		}
	}
}

func (c *mqttClient) handle(kind, flags byte, body []byte) error {
	if kind == mqttPublish {
		return c.deliver(flags, body)
	}
	if len(body) < 2 {
		return errMQTT
	}
	id := binary.BigEndian.Uint16(body)
	ack := func(kind byte) error {
		return c.push(false, func(b []byte) []byte { return appendAck(b, kind, id) })
	}
	switch kind {
	case mqttPubRec:
		return ack(mqttPubRel)
	case mqttPubRel:
		return ack(mqttPubComp)
	case mqttPubAck, mqttPubComp:
		c.mu.Lock()
		window := c.window
		c.mu.Unlock()
		select {
		case <-window:
			return nil
		default:
			return fmt.Errorf("an answer to message %d that nobody waits for", id)
		}
	case mqttSubAck:
		c.answered <- id
		return nil
	}
	return fmt.Errorf("unexpected MQTT packet %d", kind)
}

func (c *mqttClient) deliver(flags byte, body []byte) error {
	qos, id, payload, err := parsePublish(flags, body)
	if err != nil {
		return err
	}
	topic := body[2 : 2+binary.BigEndian.Uint16(body)]
	c.mu.Lock()
	received := c.received[string(topic)]
	c.mu.Unlock()
	if received == nil {
		return fmt.Errorf("a delivery of %q, which nobody subscribed to", topic)
	}
	received(payload)
	switch qos {
	case 1:
		return c.push(false, func(b []byte) []byte { return appendAck(b, mqttPubAck, id) })
	case 2:
		return c.push(false, func(b []byte) []byte { return appendAck(b, mqttPubRec, id) })
	}
	return nil
}
