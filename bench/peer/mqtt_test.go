package peer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
)

func TestMQTTPacketsSurviveTheirBytes(t *testing.T) {
	for _, size := range []int{0, 1, 127, 128, 70_000} {
		for qos := range QoS(3) {
			payload := bytes.Repeat([]byte{7}, size)
			packets := appendPublish(nil, qos, 0x1234, "a/b", payload)
			packets = appendAck(packets, mqttPubRel, 9)
			r := bufio.NewReader(bytes.NewReader(packets))
			kind, flags, body, err := readPacket(r, nil)
			if err != nil || kind != mqttPublish {
				t.Fatalf("size %d, QoS %d: packet %d, %v", size, qos, kind, err)
			}
			gotQoS, id, got, err := parsePublish(flags, body)
			if err != nil || gotQoS != qos || !bytes.Equal(got, payload) || qos > 0 && id != 0x1234 {
				t.Errorf("size %d: QoS %d, id %x, %d bytes, %v", size, gotQoS, id, len(got), err)
			}
			kind, flags, body, err = readPacket(r, body)
			if err != nil || kind != mqttPubRel || flags != 2 || binary.BigEndian.Uint16(body) != 9 {
				t.Errorf("after size %d: packet %d, flags %d, %x, %v", size, kind, flags, body, err)
			}
		}
	}
	for name, wrong := range map[string][]byte{"no length": {}, "cut topic": {0, 9, 'a'}, "no id": {0, 1, 'a', 0}} {
		if _, _, _, err := parsePublish(2, wrong); !errors.Is(err, errMQTT) {
			t.Errorf("%s: %v, want an error", name, err)
		}
	}
}

// TestMosquittoTakesWhatTheClientWrites runs over each transport and with Paho, where mosquitto is
// installed.
func TestMosquittoTakesWhatTheClientWrites(t *testing.T) {
	for _, transport := range []string{"tcp", "ws", "ws batched", "ws paho"} {
		t.Run(transport, func(t *testing.T) {
			b, err := Mosquitto(transport).Start(t.Context())
			if errors.Is(err, ErrMissing) {
				t.Skip(err)
			} else if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := b.Stop(); err != nil {
					t.Error(err)
				}
			}()
			for qos := range QoS(3) {
				exchange(t, b, qos)
			}
		})
	}
}

// dialer is the part of a Broker that exchange needs.
type dialer interface {
	Dial(ctx context.Context) (Client, error)
}

// exchange expects n messages in order.
func exchange(t *testing.T, b dialer, qos QoS) {
	t.Helper()
	const n = 500
	pub, sub := connect(t, b), connect(t, b)
	var got []byte
	var count atomic.Int32
	done := make(chan struct{})
	err := sub.Subscribe(t.Context(), qos, "topic", func(payload []byte) {
		got = append(got, payload[0])
		if count.Add(1) == n {
			close(done)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	next := func() []byte {
		want = append(want, byte(len(want)))
		return want[len(want)-1:]
	}
	if qos == 0 {
		var payload [1]byte // whose bytes are the caller's again after Publish
		for range n {
			copy(payload[:], next())
			if err := pub.Publish("topic", payload[:]); err != nil {
				t.Fatal(err)
			}
		}
		if err := pub.Flush(); err != nil {
			t.Fatal(err)
		}
	} else if err := pub.Pipeline(t.Context(), qos, "topic", n, 10, next); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-t.Context().Done():
		t.Fatalf("QoS %d: %d of %d came", qos, count.Load(), n)
	}
	if !slices.Equal(got, want) {
		t.Errorf("QoS %d: the messages came in another order", qos)
	}
}

func connect(t *testing.T, b dialer) Client {
	t.Helper()
	c, err := b.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
