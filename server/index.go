package server

import (
	"strings"

	"github.com/rembus-go/rembus/protocol"
)

// Bounds of the topics whose matches are remembered, per tenant, and of those that
// a change of a space looks through: above it all are forgotten, for the core's
// lock is held meanwhile.
const (
	cacheTopics  = 1 << 16
	cacheScanned = 1 << 10
)

// index finds who subscribed to a topic: exact topics in a map, spaces in a trie
// of their segments, and what was found in a cache. Guarded by the core's lock.
//
// Invariant: a cached match is what the subscriptions of this moment give; a
// change of subscriptions removes at least the topics that it touches.
type index struct {
	exact  map[string][]*subscription
	spaces node
	stamp  uint64 // of the last walk through spaces
	cache  map[string]*match
}

// match is the resolved audience of a topic.
type match struct {
	targets  []target
	patterns []string // the spaces among them, each once
}

// target is one subscriber of a match with all its subscriptions that fit.
type target struct {
	twin *twin
	subs []matched
}

// matched is one subscription of a target; form 0 takes the message as it is,
// form i as the space patterns[i-1] shows it.
type matched struct {
	sub  *subscription
	form int
}

func newIndex() *index {
	return &index{exact: make(map[string][]*subscription), cache: make(map[string]*match)}
}

// match returns the audience of topic. The result must not be changed.
func (x *index) match(topic string) *match {
	if m, ok := x.cache[topic]; ok {
		return m
	}
	m := x.resolve(topic)
	if len(x.cache) >= cacheTopics {
		for t := range x.cache { // any one: the order of a map is as good as random
			delete(x.cache, t)
			break
		}
	}
	x.cache[strings.Clone(topic)] = m
	return m
}

func (x *index) resolve(topic string) *match {
	m := &match{}
	byTwin := make(map[*twin]int)
	add := func(sub *subscription, form int) {
		i, ok := byTwin[sub.twin]
		if !ok {
			i = len(m.targets)
			byTwin[sub.twin] = i
			m.targets = append(m.targets, target{twin: sub.twin})
		}
		m.targets[i].subs = append(m.targets[i].subs, matched{sub, form})
	}
	for _, sub := range x.exact[topic] {
		add(sub, 0)
	}
	forms := make(map[string]int)
	for _, sub := range x.walk(topic) {
		form, ok := forms[sub.pattern]
		if !ok {
			m.patterns = append(m.patterns, sub.pattern)
			form = len(m.patterns)
			forms[sub.pattern] = form
		}
		add(sub, form)
	}
	return m
}

// add and remove change the index by one subscription.
func (x *index) add(sub *subscription) {
	if !sub.isSpace {
		x.exact[sub.pattern] = append(x.exact[sub.pattern], sub)
		delete(x.cache, sub.pattern)
		return
	}
	n := x.spaces.descend(spaceSegments(sub.pattern), true)
	n.subs = append(n.subs, sub)
	x.invalidate(sub)
}

func (x *index) remove(sub *subscription) {
	if !sub.isSpace {
		if left := without(x.exact[sub.pattern], sub); len(left) > 0 {
			x.exact[sub.pattern] = left
		} else {
			delete(x.exact, sub.pattern)
		}
		delete(x.cache, sub.pattern)
		return
	}
	x.spaces.remove(spaceSegments(sub.pattern), sub)
	x.invalidate(sub)
}

// addAll and removeAll change the index by all subscriptions of a twin.
func (x *index) addAll(subs map[string]*subscription) {
	x.forget(subs)
	for _, sub := range subs {
		x.add(sub)
	}
}

func (x *index) removeAll(subs map[string]*subscription) {
	x.forget(subs)
	for _, sub := range subs {
		x.remove(sub)
	}
}

// forget empties the cache where that is cheaper than to look for the topics of each
// of several spaces.
func (x *index) forget(subs map[string]*subscription) {
	spaces := 0
	for _, sub := range subs {
		if sub.isSpace {
			spaces++
		}
	}
	if spaces > 1 {
		x.cache = make(map[string]*match)
	}
}

func (x *index) invalidate(sub *subscription) {
	if len(x.cache) > cacheScanned {
		x.cache = make(map[string]*match)
		return
	}
	for topic := range x.cache {
		if sub.space.Match(topic) {
			delete(x.cache, topic)
		}
	}
}

// node is one segment of the trie of spaces.
type node struct {
	literal map[string]*node
	partial map[string]*node // segments with a wildcard inside, such as "s*"
	one     *node            // *
	any     *node            // **
	deep    bool             // this node is a **
	subs    []*subscription
	stamp   uint64
}

// spaceSegments splits a pattern; the lone * means every topic.
func spaceSegments(pattern string) []string {
	if pattern == "*" {
		return []string{"**"}
	}
	return strings.Split(pattern, "/")
}

// child returns the place of the child for a pattern segment.
func (n *node) child(segment string) **node {
	switch {
	case segment == "*":
		return &n.one
	case segment == "**":
		return &n.any
	}
	return nil
}

// descend follows the segments, making nodes on the way when create is set.
func (n *node) descend(segments []string, create bool) *node {
	for _, seg := range segments {
		next := n.get(seg)
		if next == nil {
			if !create {
				return nil
			}
			next = &node{deep: seg == "**"}
			n.set(seg, next)
		}
		n = next
	}
	return n
}

func (n *node) get(seg string) *node {
	if c := n.child(seg); c != nil {
		return *c
	}
	if protocol.IsSpace(seg) {
		return n.partial[seg]
	}
	return n.literal[seg]
}

// set puts a child in its place, or removes it when c is nil.
func (n *node) set(seg string, c *node) {
	if p := n.child(seg); p != nil {
		*p = c
		return
	}
	children := &n.literal
	if protocol.IsSpace(seg) {
		children = &n.partial
	}
	if c == nil {
		delete(*children, seg)
		return
	}
	if *children == nil {
		*children = make(map[string]*node)
	}
	(*children)[seg] = c
}

// remove takes sub out and prunes what became empty.
func (n *node) remove(segments []string, sub *subscription) {
	if len(segments) == 0 {
		n.subs = without(n.subs, sub)
		return
	}
	c := n.get(segments[0])
	if c == nil {
		return
	}
	c.remove(segments[1:], sub)
	if len(c.subs) == 0 && len(c.literal) == 0 && len(c.partial) == 0 && c.one == nil && c.any == nil {
		n.set(segments[0], nil)
	}
}

// walk runs topic through the trie as through a nondeterministic automaton: a
// set of nodes moves on segment by segment, each node at most once a step, so
// that no pattern makes it more than linear (fault 49).
func (x *index) walk(topic string) (found []*subscription) {
	x.stamp++
	now := x.enter(nil, &x.spaces)
	for more := true; more; {
		var seg string
		seg, topic, more = strings.Cut(topic, "/")
		sealed := strings.Contains(seg, "@")
		x.stamp++
		var next []*node
		for _, n := range now {
			if c := n.literal[seg]; c != nil {
				next = x.enter(next, c)
			}
			if sealed || seg == "" && !n.deep {
				continue
			}
			if n.deep {
				next = x.enter(next, n)
			}
			if n.one != nil && seg != "" {
				next = x.enter(next, n.one)
			}
			for pattern, c := range n.partial {
				if protocol.MatchSegment(pattern, seg) {
					next = x.enter(next, c)
				}
			}
		}
		now = next
	}
	for _, n := range now {
		found = append(found, n.subs...)
	}
	return found
}

// enter adds n, and the ** below it, which may stand for no segment at all.
func (x *index) enter(set []*node, n *node) []*node {
	for ; n != nil && n.stamp != x.stamp; n = n.any {
		n.stamp = x.stamp
		set = append(set, n)
	}
	return set
}

// without returns subs without sub, in a new slice: matches may hold the old.
func without(subs []*subscription, sub *subscription) []*subscription {
	var left []*subscription
	for _, s := range subs {
		if s != sub {
			left = append(left, s)
		}
	}
	return left
}
