package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// Provide makes the broker itself serve a method, for components of all tenants;
// it wins over an exposed method of the same name. Call it before Serve.
func (s *Server) Provide(name string, p Procedure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.procedures[name] = p
}

// provideBuiltins installs the methods that every broker has.
func (s *Server) provideBuiltins() {
	s.Provide("rid", func(context.Context, string, *protocol.Payload) (*protocol.Payload, error) {
		return protocol.EncodeValue(s.opts.Name)
	})
	s.Provide("version", func(context.Context, string, *protocol.Payload) (*protocol.Payload, error) {
		return protocol.EncodeValue(s.opts.Version)
	})
	s.Provide("uptime", func(context.Context, string, *protocol.Payload) (*protocol.Payload, error) {
		return protocol.EncodeValue(fmt.Sprintf("up for %d seconds", int(time.Since(s.started).Seconds())))
	})
}

// callProcedure runs a built-in method on a goroutine of its own and answers
// with its outcome. Core's lock held.
func (ss *session) callProcedure(p Procedure, m *protocol.Message) {
	s := ss.server
	if ss.calls >= s.opts.MaxCalls {
		ss.refuse(m.ID, protocol.StatusError, fmt.Sprintf("more than %d calls at once", s.opts.MaxCalls))
		return
	}
	ss.calls++
	s.stats.calls.Add(1)
	caller := ss.twin.name
	s.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(s.ctx, s.opts.RequestTimeout)
		defer cancel()
		data, err := run(ctx, p, caller, m.Data)
		s.mu.Lock()
		ss.calls--
		s.mu.Unlock()
		if err == nil {
			ss.reply(m.ID, protocol.StatusOK, data)
			return
		}
		var refusal *protocol.Error
		if !errors.As(err, &refusal) {
			s.logger.Error("a built-in method failed", "method", m.Topic, "err", err)
			refusal = protocol.Errorf(protocol.StatusMethodException, "%s failed: %v", m.Topic, err)
		}
		ss.refuse(m.ID, refusal.Status, refusal.Text)
	})
}

// run calls p; a panic of its is an error.
func run(ctx context.Context, p Procedure, caller string, args *protocol.Payload) (data *protocol.Payload, err error) {
	defer func() {
		if r := recover(); r != nil {
			data, err = nil, fmt.Errorf("panic: %v", r)
		}
	}()
	if args == nil {
		if args, err = protocol.EncodeArgs(); err != nil {
			return nil, err
		}
	}
	return p(ctx, caller, args)
}
