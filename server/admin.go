package server

import (
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/rembus-go/rembus/protocol"
)

// The admin commands of components, and those that need an administrator: this
// broker has none yet and refuses them to everybody.
var adminOnly = map[string]bool{
	"private_topic": true, "public_topic": true, "authorize": true, "unauthorize": true,
	"private_topics_config": true, "broker_config": true, "load_config": true, "save_config": true,
	"shutdown": true, "enable_debug": true, "disable_debug": true,
}

// admin carries out an ADMIN message and answers it.
func (ss *session) admin(m *protocol.Message) {
	var data map[string]any
	if err := m.Data.Decode(&data); err != nil || data == nil {
		ss.refuse(m.ID, protocol.StatusError, "the data of an ADMIN message must be a map with cmd")
		return
	}
	cmd, ok := data["cmd"].(string)
	if !ok {
		ss.refuse(m.ID, protocol.StatusError, "the data of an ADMIN message has no cmd")
		return
	}
	var err error
	switch cmd {
	case "subscribe":
		var from int64
		if from, err = msgFrom(data); err == nil {
			err = ss.subscribe(m.Topic, from, m.ID)
		}
	case "unsubscribe":
		ss.unsubscribe(m.Topic, m.ID)
	case "expose":
		err = ss.expose(m.Topic, m.ID)
	case "unexpose":
		ss.unexpose(m.Topic, m.ID)
	case "reactive":
		ss.reactive(data, m.ID)
	case "setup":
		ss.setup(data, m.ID)
	default:
		status, text := protocol.StatusUnknownCommand, fmt.Sprintf("unknown admin command %q", clip(cmd))
		if adminOnly[cmd] {
			status, text = protocol.StatusError, cmd+" needs an administrator"
		}
		ss.refuse(m.ID, status, text)
	}
	if err != nil {
		ss.replyError(m.ID, err)
	}
}

// clip bounds foreign text in answers.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

// msgFrom reads how far back a subscription reaches, in nanoseconds: a number of
// any size, infinity for everything. JSON has no infinity: there a huge number,
// the text "Infinity" or null stand for it.
func msgFrom(data map[string]any) (int64, error) {
	v, ok := data["msg_from"]
	if !ok {
		return 0, nil
	}
	switch n := v.(type) {
	case nil:
		return lastReceived, nil
	case string:
		if strings.EqualFold(strings.TrimPrefix(n, "+"), "infinity") {
			return lastReceived, nil
		}
	case int64:
		return max(n, 0), nil
	case uint64, *big.Int:
		return lastReceived, nil
	case float64:
		switch {
		case math.IsNaN(n):
		case n >= math.MaxInt64:
			return lastReceived, nil
		default:
			return max(int64(n), 0), nil
		}
	}
	return 0, protocol.Errorf(protocol.StatusError, "msg_from must be a number of nanoseconds, infinity for all")
}

// reactive turns delivery on or off. It never fails: the Python client would
// leave the connection open behind.
func (ss *session) reactive(data map[string]any, id protocol.ID) {
	status, isBool := data["status"].(bool)
	bound := int64(-1)
	if _, given := data["msg_from"].(bool); !given && data["msg_from"] != nil {
		if n, err := msgFrom(data); err == nil {
			bound = n
		}
	}
	s := ss.server
	s.mu.Lock()
	defer s.mu.Unlock()
	pausing := isBool && !status
	if pausing && ss.twin.session == ss {
		ss.twin.pause()
	}
	ss.reply(id, protocol.StatusOK, nil) // before a replay begins
	if !pausing && ss.twin.session == ss {
		ss.twin.setReactive(bound)
	}
}

// setup is what Julia's components send after each reconnect: all they expose and
// subscribe to, and reactive on.
func (ss *session) setup(data map[string]any, id protocol.ID) {
	for _, name := range texts(data["exposers"]) {
		if !julian(name) {
			_ = ss.expose(name, protocol.ID{})
		}
	}
	for _, pattern := range texts(data["subscribers"]) {
		if !julian(pattern) {
			_ = ss.subscribe(pattern, keepFrom, protocol.ID{})
		}
	}
	ss.reactive(map[string]any{"status": true}, id)
}

// julian reports the names that every Julia component lists for its own sake.
func julian(name string) bool {
	return strings.HasPrefix(name, "julia_service_") || strings.HasPrefix(name, "julia_subscriber_")
}

// texts returns the names in a list, or the keys of a map.
func texts(v any) (names []string) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if s, ok := item.(string); ok {
				names = append(names, s)
			}
		}
	case map[string]any:
		for s := range v {
			names = append(names, s)
		}
	}
	return names
}
