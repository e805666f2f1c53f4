package journal

import (
	"fmt"
	"strings"

	"github.com/rembus-go/rembus/protocol"
)

// Policy says which messages of a topic are stored.
type Policy uint8

const (
	All     Policy = iota // every message
	Durable               // QoS1 and QoS2 only
	Off                   // none: neither replayed nor in the lake
)

var policyNames = [...]string{"all", "durable", "off"}

func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return fmt.Sprintf("policy %d", uint8(p))
}

// Rule gives the topics of a space, or one topic, a policy.
type Rule struct {
	Space  string
	Policy Policy
}

// ParseRule parses "space=policy", the form of flags and settings; the policy
// is all, durable or off.
func ParseRule(s string) (Rule, error) {
	i := strings.LastIndexByte(s, '=')
	if i < 0 {
		return Rule{}, fmt.Errorf("journal policy %q: want space=all|durable|off", s)
	}
	for p, name := range policyNames {
		if s[i+1:] == name {
			return Rule{Space: s[:i], Policy: Policy(p)}, nil
		}
	}
	return Rule{}, fmt.Errorf("journal policy %q: %q is none of all, durable, off", s, s[i+1:])
}

// NewPolicy returns the function for [Options].Policy that obeys rules: the
// first whose space holds the topic decides, and All without one.
func NewPolicy(rules []Rule) (func(topic string) Policy, error) {
	match := make([]func(string) bool, len(rules))
	for i, r := range rules {
		if r.Policy > Off {
			return nil, fmt.Errorf("journal policy of %q: %v is unknown", r.Space, r.Policy)
		}
		if !protocol.IsSpace(r.Space) {
			if err := protocol.CheckTopic(r.Space, protocol.DefaultLimits()); err != nil {
				return nil, fmt.Errorf("journal policy of %q: %w", r.Space, err)
			}
			match[i] = func(topic string) bool { return topic == r.Space }
			continue
		}
		space, err := protocol.ParseSpace(r.Space, protocol.DefaultLimits())
		if err != nil {
			return nil, fmt.Errorf("journal policy of %q: %w", r.Space, err)
		}
		match[i] = space.Match
	}
	return func(topic string) Policy {
		for i := range rules {
			if match[i](topic) {
				return rules[i].Policy
			}
		}
		return All
	}, nil
}

// maxPolicies bounds the cache of decided topics.
const maxPolicies = 16 << 10

// policies remembers what the policy function said of a topic, so that it is
// asked once and not for each message. Its user holds the lock.
type policies struct {
	decide func(topic string) Policy // nil: All
	known  map[string]Policy
}

func (p *policies) of(topic string) Policy {
	if p.decide == nil {
		return All
	}
	if v, ok := p.known[topic]; ok {
		return v
	}
	if p.known == nil || len(p.known) >= maxPolicies {
		p.known = make(map[string]Policy)
	}
	v := p.decide(topic)
	p.known[strings.Clone(topic)] = v
	return v
}
