package server

import (
	"context"

	"github.com/rembus-go/rembus/protocol"
)

// errReplaced ends a connection whose name a newer one took over.
var errReplaced = protocol.Errorf(protocol.StatusError, "replaced by a newer connection of the same name")

// identify binds the connection to a named twin.
func (ss *session) identify(m *protocol.Message) {
	if m.Topic == "" {
		ss.refuse(m.ID, protocol.StatusError, "empty cid")
		return
	}
	if ss.twin.name == m.Topic {
		ss.reply(m.ID, protocol.StatusOK, nil)
		return
	}
	if m.Topic == ss.server.opts.Name {
		ss.refuse(m.ID, protocol.StatusError, "that is the broker's own name: choose another one")
		return
	}
	if !ss.claim(m.Topic) {
		ss.refuse(m.ID, protocol.StatusError, "already connected")
		ss.log().Warn("name in use", "wanted", m.Topic)
		ss.endAfterReply(protocol.Errorf(protocol.StatusError, "already connected"))
		return
	}
	ss.serveTwin(m.ID)
}

// claim takes the name for this connection. One that holds it already is asked
// for a sign of life first: a client that reconnects must not be refused because
// of its own dead connection.
func (ss *session) claim(name string) bool {
	s := ss.server
	for {
		s.mu.Lock()
		t := s.namedTwin(name)
		old := t.session
		if old == nil {
			ss.bind(t)
			s.mu.Unlock()
			return true
		}
		s.mu.Unlock()
		if !s.opts.OverwriteConnection && old.alive() {
			return false
		}
		s.mu.Lock()
		if t.session == old {
			old.end(errReplaced)
			old.dropTwin()
			ss.bind(t)
			s.mu.Unlock()
			return true
		}
		s.mu.Unlock() // somebody else was quicker: look again
	}
}

// alive waits up to the probe timeout for a pong of the peer.
func (ss *session) alive() bool {
	ctx, cancel := context.WithTimeout(ss.server.ctx, ss.server.opts.ProbeTimeout)
	defer cancel()
	return ss.link.Ping(ctx) == nil
}

// bind makes t the twin of the connection, in place of the one it had. Its
// delivery begins with serveTwin, behind the answer. Core's lock held.
func (ss *session) bind(t *twin) {
	ss.dropTwin()
	ss.twin = t
	t.session, t.mode = ss, paused
}

// serveTwin answers the login as id and starts delivery to a twin that was just
// bound: in one step, for what is published after the answer must reach it.
func (ss *session) serveTwin(id protocol.ID) {
	s := ss.server
	s.mu.Lock()
	defer s.mu.Unlock()
	ss.reply(id, protocol.StatusOK, nil)
	if ss.twin.session == ss {
		ss.twin.attach(ss)
		ss.twin.save() // after a crash it is owed what it is served
	}
}

// attest answers an ATTESTATION: there is no key store, so that only the name
// that is logged in already can be confirmed.
func (ss *session) attest(m *protocol.Message) {
	if ss.twin.name != "" && ss.twin.name == m.Topic {
		ss.reply(m.ID, protocol.StatusOK, nil)
		return
	}
	ss.refuse(m.ID, protocol.StatusError, "no challenge is open: send IDENTITY first")
	ss.endAfterReply(protocol.Errorf(protocol.StatusError, "attestation refused"))
}

// endAfterReply ends the connection once what is queued has been written.
func (ss *session) endAfterReply(reason error) {
	ss.out.close(false)
	ss.server.tasks.Go(func() {
		ss.out.waitEmpty()
		ss.end(reason)
	})
}
