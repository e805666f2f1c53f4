package peer

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
)

// mqttDouble is the least of a broker that Paho can talk to, so that these tests need
// no mosquitto.
type mqttDouble struct {
	url     string
	refuse  byte // the return code of CONNACK
	granted byte // the SUBACK, unless 0, in place of what was asked for
	hangUp  bool // at the first PUBLISH
	mute    bool // answers no PUBLISH

	mu    sync.Mutex
	conns []net.Conn // of the subscribers; writing needs the lock too
}

func serveMQTT(t *testing.T, d *mqttDouble) *mqttDouble {
	t.Helper()
	var serving sync.WaitGroup
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}})
		if err != nil {
			t.Error(err)
			return
		}
		serving.Go(func() {
			conn := websocket.NetConn(context.Background(), ws, websocket.MessageBinary)
			defer conn.Close()
			d.serve(conn)
		})
	}))
	t.Cleanup(func() {
		s.Close()
		serving.Wait()
	})
	d.url = "ws" + strings.TrimPrefix(s.URL, "http")
	return d
}

// Dial connects with Paho.
func (d *mqttDouble) Dial(ctx context.Context) (Client, error) {
	return dialPaho(ctx, d.url, "test")
}

func (d *mqttDouble) serve(conn net.Conn) {
	r := bufio.NewReader(conn)
	for {
		kind, flags, body, err := readPacket(r, nil)
		if err != nil || kind == mqttDisconnect || kind == mqttPublish && d.hangUp {
			return
		}
		d.mu.Lock()
		d.answer(conn, kind, flags, body)
		d.mu.Unlock()
	}
}

// answer writes what follows from a packet; who does not read it ends by itself.
func (d *mqttDouble) answer(conn net.Conn, kind, flags byte, body []byte) {
	switch kind {
	case mqttConnect:
		conn.Write(append(appendHead(nil, mqttConnAck, 0, 2), 0, d.refuse))
	case mqttSubscribe:
		d.conns = append(d.conns, conn)
		code := body[len(body)-1]
		if d.granted != 0 {
			code = d.granted
		}
		conn.Write(append(appendHead(nil, mqttSubAck, 0, 3), body[0], body[1], code))
	case mqttPublish:
		qos, id, payload, err := parsePublish(flags, body)
		if err != nil || d.mute {
			return
		}
		for _, sub := range d.conns {
			sub.Write(appendPublish(nil, qos, id, "topic", payload))
		}
		if qos > 0 {
			conn.Write(appendAck(nil, map[QoS]byte{1: mqttPubAck, 2: mqttPubRec}[qos], id))
		}
	case mqttPubRec, mqttPubRel:
		next := map[byte]byte{mqttPubRec: mqttPubRel, mqttPubRel: mqttPubComp}[kind]
		conn.Write(appendAck(nil, next, binary.BigEndian.Uint16(body)))
	}
}

func TestPahoPassesEveryMessageInOrder(t *testing.T) {
	for qos := range QoS(3) {
		exchange(t, serveMQTT(t, &mqttDouble{}), qos)
	}
}

func TestPahoSaysWhatTheBrokerRefuses(t *testing.T) {
	if c, err := serveMQTT(t, &mqttDouble{refuse: 5}).Dial(t.Context()); err == nil {
		c.Close()
		t.Error("a refused connection counts as made")
	}
	for qos, granted := range map[QoS]byte{0: 0x80, 2: 1} {
		c := connect(t, serveMQTT(t, &mqttDouble{granted: granted}))
		if err := c.Subscribe(t.Context(), qos, "topic", func([]byte) {}); err == nil {
			t.Errorf("the answer %#x to a subscription with QoS %d counts as granted", granted, qos)
		}
	}
	c := connect(t, serveMQTT(t, &mqttDouble{}))
	if err := errors.Join(c.Serve("any"), c.Call(t.Context(), "any", nil)); !errors.Is(err, ErrUnable) {
		t.Errorf("MQTT 3.1.1 has no calls, but: %v", err)
	}
}

func TestPahoDoesNotHideALostConnection(t *testing.T) {
	next := func() []byte { return []byte("x") }
	for qos := QoS(1); qos <= 2; qos++ {
		c := connect(t, serveMQTT(t, &mqttDouble{hangUp: true}))
		if err := c.Pipeline(t.Context(), qos, "topic", 1, 10, next); err == nil {
			t.Errorf("QoS %d: a message that was never answered counts as taken over", qos)
		}
		if err := c.Publish("topic", next()); err == nil {
			t.Error("a message without a connection counts as published")
		}
		if err := c.Flush(); err == nil {
			t.Error("a message without a connection counts as written")
		}
	}
}

func TestPahoWaitsNoLongerThanItsCaller(t *testing.T) {
	c := connect(t, serveMQTT(t, &mqttDouble{mute: true}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Pipeline(ctx, 1, "topic", 1, 1, func() []byte { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a pipeline whose caller has left returned %v", err)
	}
}
