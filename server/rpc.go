package server

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// method is an exposed name with the components that serve it.
type method struct {
	exposers []*exposer // by order of exposing
	turn     int        // of round_robin
}

// exposer is one component that exposed a method.
type exposer struct {
	twin  *twin
	name  string
	order uint64
}

// call is a request in the hands of a component.
type call struct {
	caller   *session
	callerID protocol.ID
	callee   *session
	method   string
	deadline int64 // ns
}

// maxCallID keeps our call ids exact in JSON.
const maxCallID = 1<<53 - 1

// call takes an RPC request: the broker serves it or passes it on.
func (ss *session) call(m *protocol.Message) {
	s := ss.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.guarded && !s.guard.Call(ss.twin.name, m.Topic) {
		ss.refuse(m.ID, protocol.StatusMethodNotFound, m.Topic)
		return
	}
	target, name := m.Target, m.Topic
	if target == "" {
		target, name = ss.splitTarget(m)
	}
	if p, ok := s.procedures[name]; ok && (target == "" || target == s.opts.Name) {
		ss.callProcedure(p, m)
		return
	}
	callee, err := s.chooseCallee(ss, target, name)
	if err != nil {
		ss.refuse(m.ID, err.Status, err.Text)
		return
	}
	if ss.calls >= s.opts.MaxCalls {
		ss.refuse(m.ID, protocol.StatusError, fmt.Sprintf("more than %d calls at once", s.opts.MaxCalls))
		return
	}
	s.callID = s.callID%maxCallID + 1
	forward := &protocol.Message{Type: protocol.RPC, ID: protocol.NumberID(s.callID), Topic: name, Data: m.Data}
	if !callee.out.pushQuietly(forward, laneSure) {
		ss.refuse(m.ID, protocol.StatusMethodUnavailable, name)
		return
	}
	ss.pass(callee, callee.twin.busy)
	c := &call{ss, m.ID, callee, name, s.now() + int64(s.opts.RequestTimeout)}
	s.calls[s.callID], ss.made[s.callID], callee.taken[s.callID] = c, c, c
	ss.calls++
	callee.twin.busy++
	s.stats.calls.Add(1)
}

// splitTarget reads target/method from a JSON request, which has no field for a
// target, when no method has that whole name.
func (ss *session) splitTarget(m *protocol.Message) (target, name string) {
	i := strings.LastIndexByte(m.Topic, '/')
	if i <= 0 || m.Data.Encoding() != protocol.JSON {
		return "", m.Topic
	}
	_, exposed := ss.twin.tenant.methods[m.Topic]
	_, builtin := ss.server.procedures[m.Topic]
	if exposed || builtin {
		return "", m.Topic
	}
	if target := m.Topic[:i]; ss.server.knows(target) {
		return target, m.Topic[i+1:]
	}
	return "", m.Topic
}

// knows reports whether name is the broker or a twin. Core's lock held.
func (s *Server) knows(name string) bool {
	_, ok := s.twins[name]
	return ok || name == s.opts.Name
}

// chooseCallee finds the connection that shall serve the call. Core's lock held.
func (s *Server) chooseCallee(ss *session, target, name string) (*session, *protocol.Error) {
	if target != "" {
		t, ok := s.twins[target]
		switch {
		case target == s.opts.Name:
			return nil, protocol.Errorf(protocol.StatusMethodNotFound, "%s", name)
		case !ok || t.tenant != ss.twin.tenant:
			return nil, protocol.Errorf(protocol.StatusTargetNotFound, "%s", target)
		case t.session == nil:
			return nil, protocol.Errorf(protocol.StatusTargetDown, "%s", target)
		case t == ss.twin:
			return nil, protocol.Errorf(protocol.StatusMethodLoopback, "%s", name)
		}
		return t.session, nil
	}
	m, ok := ss.twin.tenant.methods[name]
	if !ok {
		return nil, protocol.Errorf(protocol.StatusMethodNotFound, "%s", name)
	}
	if t := m.choose(s.opts.Policy, ss.twin); t != nil {
		return t.session, nil
	}
	if len(m.exposers) == 1 && m.exposers[0].twin == ss.twin {
		return nil, protocol.Errorf(protocol.StatusMethodLoopback, "%s", name)
	}
	return nil, protocol.Errorf(protocol.StatusMethodUnavailable, "%s", name)
}

// choose picks a connected exposer other than the caller.
func (m *method) choose(p Policy, caller *twin) *twin {
	var best *twin
	for i := range m.exposers {
		if p == RoundRobin {
			i = (m.turn + i) % len(m.exposers)
		}
		t := m.exposers[i].twin
		if t == caller || t.session == nil {
			continue
		}
		if p == RoundRobin {
			m.turn = (i + 1) % len(m.exposers)
		}
		if p != LessBusy {
			return t
		}
		if best == nil || t.busy < best.busy {
			best = t
		}
	}
	return best
}

// response takes the answer of a component to a call and passes it to the
// caller. An answer to somebody else's call changes nothing (fault 23).
func (ss *session) response(m *protocol.Message) {
	s := ss.server
	n, _ := m.ID.Number()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.calls[n]
	if !ok || c.callee != ss {
		return
	}
	s.forgetCall(n, c)
	status, data := m.Status, m.Data
	if !status.Known() || status == protocol.StatusChallenge {
		status = protocol.StatusError
	}
	if status == protocol.StatusMethodException && data.IsNull() {
		data = protocol.TextPayload("exception without text")
	}
	if c.caller.out.pushAnswer(protocol.NewResponse(c.callerID, status, data), true) {
		ss.pass(c.caller, c.caller.calls)
		return
	}
	c.caller.refuse(c.callerID, protocol.StatusError, "too many answers are waiting to be read")
}

func (s *Server) forgetCall(id uint64, c *call) {
	delete(s.calls, id)
	delete(c.caller.made, id)
	delete(c.callee.taken, id)
	c.caller.calls--
	c.callee.twin.busy--
}

// dropCalls answers the calls that the leaving session had in hand and drops
// those it made. Core's lock held.
func (s *Server) dropCalls(ss *session) {
	for id, c := range ss.taken {
		s.forgetCall(id, c)
		c.caller.refuse(c.callerID, protocol.StatusMethodUnavailable, c.method)
	}
	for id, c := range ss.made {
		s.forgetCall(id, c)
	}
}

// expireCalls answers the calls that took too long.
func (s *Server) expireCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for id, c := range s.calls {
		if c.deadline <= now {
			s.forgetCall(id, c)
			c.caller.refuse(c.callerID, protocol.StatusMethodUnavailable,
				fmt.Sprintf("%s: no answer within %v", c.method, s.opts.RequestTimeout))
		}
	}
}

// expose makes the component serve a method, and answers id once that is on disk.
func (ss *session) expose(name string, id protocol.ID) error {
	s := ss.server
	if err := protocol.CheckTopic(name, s.opts.Limits); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := ss.twin
	if t.session != ss {
		return errReplaced
	}
	if _, ok := t.exposed[name]; !ok {
		if len(t.exposed) >= s.opts.MaxSubscriptions {
			return protocol.Errorf(protocol.StatusError, "more than %d exposed methods", s.opts.MaxSubscriptions)
		}
		s.exposeAt(t, name, uint64(time.Now().UnixNano()))
	}
	s.put(keyExposure, t, "\n"+name, exposureState{Order: t.exposed[name].order}, ss.answerStored(id))
	s.log.Commit()
	return nil
}

// exposeAt enters t as an exposer of name, in its place by order.
func (s *Server) exposeAt(t *twin, name string, order uint64) {
	x := &exposer{twin: t, name: name, order: order}
	t.exposed[name] = x
	m, ok := t.tenant.methods[name]
	if !ok {
		m = &method{}
		t.tenant.methods[name] = m
	}
	i, _ := slices.BinarySearchFunc(m.exposers, order, func(x *exposer, order uint64) int {
		if x.order <= order {
			return -1
		}
		return 1
	})
	m.exposers = slices.Insert(m.exposers, i, x)
}

// unexpose takes the component off a method; an unknown one is no error.
func (ss *session) unexpose(name string, id protocol.ID) {
	s := ss.server
	s.mu.Lock()
	defer s.mu.Unlock()
	t := ss.twin
	if x, ok := t.exposed[name]; !ok || t.session != ss {
		ss.reply(id, protocol.StatusOK, nil)
		return
	} else {
		s.withdraw(x)
	}
	s.put(keyExposure, t, "\n"+name, nil, ss.answerStored(id))
	s.log.Commit()
}

// withdraw removes an exposer. Core's lock held.
func (s *Server) withdraw(x *exposer) {
	delete(x.twin.exposed, x.name)
	m := x.twin.tenant.methods[x.name]
	m.exposers = slices.DeleteFunc(m.exposers, func(y *exposer) bool { return y == x })
	if len(m.exposers) == 0 {
		delete(x.twin.tenant.methods, x.name)
	}
}
