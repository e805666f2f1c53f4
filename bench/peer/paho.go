package peer

import (
	"bytes"
	"context"
	"fmt"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// pahoClient is Eclipse Paho, the usual client library of MQTT for Go. It writes each
// packet by itself, a frame and a system call for each.
type pahoClient struct {
	unable
	client mqtt.Client
	last   mqtt.Token // of Publish, whose caller is one goroutine
}

// dialPaho connects to a WebSocket. What is set serves speed, except for the order of
// deliveries, which is kept, and that no connection is made anew: what is lost has to
// show. Its write timeout is none and its store in memory by default.
func dialPaho(ctx context.Context, url, id string) (Client, error) {
	options := mqtt.NewClientOptions().
		AddBroker(url).
		SetClientID(id).
		SetProtocolVersion(4). // is MQTT 3.1.1
		SetCleanSession(true).
		SetOrderMatters(true).
		SetAutoReconnect(false).
		SetKeepAlive(0). // else it notes the time of each packet
		SetConnectTimeout(10 * time.Second).
		SetWebsocketOptions(&mqtt.WebsocketOptions{ReadBufferSize: 64 << 10, WriteBufferSize: 64 << 10})
	c := &pahoClient{client: mqtt.NewClient(options)}
	if err := completed(ctx, c.client.Connect()); err != nil {
		c.client.Disconnect(0)
		return nil, fmt.Errorf("the MQTT broker does not let us in: %w", err)
	}
	return c, nil
}

// completed waits for what a token stands for.
func completed(ctx context.Context, token mqtt.Token) error {
	select {
	case <-token.Done():
		return token.Error()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Publish waits until Paho's writer takes the message, not until it is written; Paho
// keeps the payload until then, so it gets one of its own.
func (c *pahoClient) Publish(topic string, payload []byte) error {
	c.last = c.client.Publish(topic, 0, false, bytes.Clone(payload))
	return c.last.Error()
}

// Flush waits until the last message is written. The ones before it are, too: there is
// one writer.
func (c *pahoClient) Flush() error {
	if c.last == nil {
		return nil
	}
	return completed(context.Background(), c.last)
}

// Subscribe waits for the SUBACK.
func (c *pahoClient) Subscribe(ctx context.Context, qos QoS, topic string, received func([]byte)) error {
	token := c.client.Subscribe(topic, byte(qos), func(_ mqtt.Client, m mqtt.Message) { received(m.Payload()) })
	if err := completed(ctx, token); err != nil {
		return err
	}
	if granted := token.(*mqtt.SubscribeToken).Result()[topic]; granted != byte(qos) {
		return fmt.Errorf("the MQTT broker answered %#x to a subscription with QoS %d", granted, qos)
	}
	return nil
}

// Pipeline publishes and looks at every outcome.
func (c *pahoClient) Pipeline(ctx context.Context, qos QoS, topic string, n, window int, next func() []byte) error {
	window = min(window, n, outstandingMax-1)
	pending := make([]mqtt.Token, window)
	for i := range n + window {
		slot := &pending[i%window]
		if *slot != nil {
			if err := completed(ctx, *slot); err != nil {
				return err
			}
			*slot = nil
		}
		if i < n {
			*slot = c.client.Publish(topic, byte(qos), false, next())
		}
	}
	return nil
}

// farewell is how long Close lets Paho take over its DISCONNECT, in milliseconds.
const farewell = 1000

// Close says farewell and closes the connection.
func (c *pahoClient) Close() error {
	c.client.Disconnect(farewell)
	return nil
}
