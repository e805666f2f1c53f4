package server

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// TwinInfo describes a named twin, as twin_list and twin_show answer it.
type TwinInfo struct {
	Name          string   `cbor:"name" json:"name"`
	Connected     bool     `cbor:"connected" json:"connected"`
	Address       string   `cbor:"address" json:"address,omitempty"` // of its connection
	Seen          string   `cbor:"seen" json:"seen"`                 // when it was last connected, RFC 3339, UTC
	Subscriptions []string `cbor:"subscriptions" json:"subscriptions"`
	Exposed       []string `cbor:"exposed" json:"exposed"`
	Behind        uint64   `cbor:"behind" json:"behind"`   // log entries that it has not passed
	Unacked       int      `cbor:"unacked" json:"unacked"` // QoS1/2 deliveries on their way
}

// provideTwins installs the methods that show and remove twins. A component sees
// those of its own tenant.
func (s *Server) provideTwins() {
	s.Provide("twin_list", func(_ context.Context, caller string, _ *protocol.Payload) (*protocol.Payload, error) {
		return protocol.EncodeValue(s.twinInfos(protocol.Tenant(caller)))
	})
	s.Provide("twin_show", func(_ context.Context, caller string, args *protocol.Payload) (*protocol.Payload, error) {
		name, err := oneName(args)
		if err != nil {
			return nil, err
		}
		for _, info := range s.twinInfos(protocol.Tenant(caller)) {
			if info.Name == name {
				return protocol.EncodeValue(info)
			}
		}
		return nil, unknownTwin(name)
	})
	s.Provide("twin_remove", func(_ context.Context, caller string, args *protocol.Payload) (*protocol.Payload, error) {
		name, err := oneName(args)
		if err != nil {
			return nil, err
		}
		return nil, s.removeNamed(protocol.Tenant(caller), name)
	})
}

func oneName(args *protocol.Payload) (string, error) {
	var names []string
	if err := args.Decode(&names); err != nil || len(names) != 1 {
		return "", protocol.Errorf(protocol.StatusMethodArgs, "the name of a component is wanted, as the only argument")
	}
	return names[0], nil
}

func unknownTwin(name string) error {
	return protocol.Errorf(protocol.StatusTargetNotFound, "%s", clip(name))
}

// twinInfos describes the named twins of a tenant, sorted by name.
func (s *Server) twinInfos(tenant string) []TwinInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	infos := make([]TwinInfo, 0, len(s.twins))
	for _, t := range s.twins {
		if t.tenant.name == tenant {
			infos = append(infos, t.info())
		}
	}
	slices.SortFunc(infos, func(a, b TwinInfo) int { return cmp.Compare(a.Name, b.Name) })
	return infos
}

func (t *twin) info() TwinInfo {
	info := TwinInfo{
		Name: t.name, Connected: t.session != nil, Subscriptions: []string{}, Exposed: []string{}, Unacked: len(t.window) + len(t.again),
	}
	seen := t.seen
	if t.session != nil {
		seen = t.server.now()
		info.Address = t.session.link.RemoteAddr()
	}
	info.Seen = time.Unix(0, seen).UTC().Format(time.RFC3339)
	for pattern := range t.subs {
		info.Subscriptions = append(info.Subscriptions, pattern)
	}
	for name := range t.exposed {
		info.Exposed = append(info.Exposed, name)
	}
	slices.Sort(info.Subscriptions)
	slices.Sort(info.Exposed)
	if end := t.server.log.End(); len(t.subs) > 0 && !t.main.live {
		if pos := min(t.main.next[0], t.main.next[1]); pos <= end {
			info.Behind = end + 1 - max(pos, t.server.log.First())
		}
	}
	return info
}

// removeNamed forgets a twin that is not connected.
func (s *Server) removeNamed(tenant, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.twins[name]
	switch {
	case !ok || t.tenant.name != tenant:
		return unknownTwin(name)
	case t.session != nil:
		return protocol.Errorf(protocol.StatusError, "%s is connected: stop it first", clip(name))
	}
	s.forgetTwin(t)
	s.log.Commit()
	return nil
}

// forgetTwin removes a twin and all its states. Core's lock held.
func (s *Server) forgetTwin(t *twin) {
	for pattern := range t.subs {
		s.put(keySubscription, t, "\n"+pattern, nil, nil)
	}
	for name := range t.exposed {
		s.put(keyExposure, t, "\n"+name, nil, nil)
	}
	s.put(keyTwin, t, "", nil, nil)
	s.removeTwin(t)
	t.forgotten = true
	delete(s.twins, t.name)
}

// expireTwins forgets the twins that were not seen for too long, so that what a
// component left behind does not grow for ever. Core's lock held.
func (s *Server) expireTwins(now int64) {
	for _, t := range s.twins {
		if t.session == nil && now-t.seen > int64(s.opts.TwinExpiry) {
			s.logger.Info("a component was not seen for long: forgotten", "name", t.name, "last seen", time.Unix(0, t.seen).UTC())
			s.forgetTwin(t)
		}
	}
}
