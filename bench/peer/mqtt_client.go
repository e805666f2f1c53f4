package peer

import (
	"context"
	"errors"
	"fmt"
)

// Publish queues the packet.
func (c *mqttClient) Publish(topic string, payload []byte) error {
	return c.push(true, func(b []byte) []byte { return appendPublish(b, 0, 0, topic, payload) })
}

// Flush does nothing: the writer runs by itself.
func (c *mqttClient) Flush() error { return nil }

// Subscribe waits for the SUBACK.
func (c *mqttClient) Subscribe(ctx context.Context, qos QoS, topic string, received func([]byte)) error {
	c.mu.Lock()
	c.received[topic] = received
	c.mu.Unlock()
	id := c.nextID()
	if err := c.push(true, func(b []byte) []byte { return appendSubscribe(b, qos, id, topic) }); err != nil {
		return err
	}
	select {
	case got := <-c.answered:
		if got != id {
			return fmt.Errorf("SUBACK %d, want %d", got, id)
		}
		return nil
	case <-c.ended:
		return c.reason()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// nextID returns the next packet identifier, which is not 0. Ids are not checked to
// be free: no more than the window are in use, and that is smaller than their number.
func (c *mqttClient) nextID() uint16 {
	c.lastID++
	if c.lastID == 0 {
		c.lastID = 1
	}
	return c.lastID
}

func (c *mqttClient) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(errMQTTEnded, c.err)
}

// Pipeline publishes; QoS1 is answered by PUBACK, QoS2 by PUBREC and, after our
// PUBREL, PUBCOMP.
func (c *mqttClient) Pipeline(ctx context.Context, qos QoS, topic string, n, window int, next func() []byte) error {
	tokens := make(chan struct{}, min(window, outstandingMax-1))
	c.mu.Lock()
	c.window = tokens
	c.mu.Unlock()
	take := func(n int) error {
		for range n {
			select {
			case tokens <- struct{}{}:
				continue
			default:
			}
			select {
			case tokens <- struct{}{}:
			case <-c.ended:
				return c.reason()
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}
	for range n {
		if err := take(1); err != nil {
			return err
		}
		id, payload := c.nextID(), next()
		if err := c.push(true, func(b []byte) []byte { return appendPublish(b, qos, id, topic, payload) }); err != nil {
			return err
		}
	}
	return take(cap(tokens)) // all are answered when every token is ours
}

// Close says farewell and closes the connection.
func (c *mqttClient) Close() error {
	err := c.push(false, func(b []byte) []byte { return appendHead(b, mqttDisconnect, 0, 0) })
	c.end(nil)
	c.conn.Close()
	<-c.ended
	return err
}
