package protocol

// Bounds of the topics that one connection remembers. They keep the memory of
// a peer that invents topics at a few tens of KiB.
const (
	maxInterned      = 1024
	maxInternedBytes = 32 << 10
)

// interned remembers checked topics as strings, so that a topic seen before
// costs neither an allocation nor a check. Not safe for concurrent use.
type interned struct {
	topics map[string]string
	bytes  int
	last   string // was asked for last: many messages in a row have the same topic
}

func (t *interned) get(b []byte) (string, bool) {
	if string(b) == t.last && t.last != "" {
		return t.last, true
	}
	s, ok := t.topics[string(b)]
	if ok {
		t.last = s
	}
	return s, ok
}

// put remembers a topic that was checked, forgetting all others when there is
// no room: a peer with so few topics that this pays is soon served again.
func (t *interned) put(topic string) {
	if len(topic) > maxInternedBytes/16 {
		return
	}
	if t.topics == nil || len(t.topics) == maxInterned || t.bytes+len(topic) > maxInternedBytes {
		t.topics, t.bytes = make(map[string]string), 0
	}
	t.topics[topic] = topic
	t.bytes += len(topic)
}

// pubTopic returns the topic of a PUB, checked.
func (c *Codec) pubTopic(b []byte) (string, error) {
	if s, ok := c.topics.get(b); ok {
		return s, nil
	}
	s := string(b)
	if err := c.checkPubTopic(s); err != nil {
		return "", err
	}
	c.topics.put(s)
	return s, nil
}

func (c *Codec) checkPubTopic(topic string) error {
	if c.component && IsSpace(topic) {
		_, err := ParseSpace(topic, c.limits)
		return err
	}
	return CheckTopic(topic, c.limits)
}
