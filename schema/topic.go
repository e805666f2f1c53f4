package schema

import (
	"fmt"
	"strings"
)

// maxTopic is the longest pattern, in bytes: the limit of topics.
const maxTopic = 1024

// claim is a pattern of the file that is being checked, and where it stands.
type claim struct {
	of      *draft
	deletes bool
	topic   string
	pattern pattern // nil when there is none, or a wrong one
	at      int
	path    string
}

// topic reads and checks the pattern of the rows of a table whose columns are
// known.
func (c *checker) topic(d *draft, n *node, f map[string]*member) {
	topic, at, path := d.Name, d.nameAt, join(d.path, "table")
	if v, ok := c.present(n, f, d.path, "topic", false); ok {
		at, path = v.at, join(d.path, "topic")
		if topic, ok = c.text(n, f, d.path, "topic", false); !ok {
			return
		}
	} else if !d.named {
		return
	}
	d.Topic = topic
	d.fill = c.claim(claim{of: d, topic: topic, at: at, path: path})
}

// deleteTopic reads and checks the pattern of deletions. Files made for Rembus
// may have one on tables without keys, where nothing could be told to delete:
// there it may be any text.
func (c *checker) deleteTopic(d *draft, n *node, f map[string]*member) {
	topic, ok := c.text(n, f, d.path, "delete_topic", false)
	if !ok || topic == "" {
		return
	}
	d.DeleteTopic = topic
	if len(d.Keys) > 0 {
		d.remove = c.claim(claim{of: d, deletes: true, topic: topic, at: f["delete_topic"].value.at, path: join(d.path, "delete_topic")})
	}
}

// claim parses and checks the pattern of a claim.
func (c *checker) claim(p claim) claim {
	before := len(c.found)
	if text := checkTopic(p.topic); text != "" {
		c.add(p.at, p.path, "%s", text)
		return p
	}
	pattern := parsePattern(p.topic)
	seen := map[string]bool{}
	for _, s := range pattern {
		if !s.variable {
			continue
		}
		switch {
		case seen[s.text]:
			c.add(p.at, p.path, "the variable :%s comes twice", plain(s.text))
		case p.of.column(s.text) == nil:
			c.add(p.at, p.path, "the variable :%s is not a column%s", plain(s.text), c.hint(s.text, p.of.names()))
		}
		seen[s.text] = true
	}
	if len(c.found) == before {
		p.pattern = pattern
	}
	return p
}

func checkTopic(topic string) string {
	switch {
	case topic == "":
		return "a topic must not be empty; leave it out for the table's name"
	case len(topic) > maxTopic:
		return fmt.Sprintf("the topic has %d bytes, %d are allowed", len(topic), maxTopic)
	}
	if text := checkCharacters(topic); text != "" {
		return text
	}
	if text := checkSegments(topic); text != "" {
		return text
	}
	for _, s := range parsePattern(topic) {
		switch {
		case s.variable && s.text == "":
			return fmt.Sprintf("%s has a variable without a name", quote(topic))
		case !s.variable && strings.Contains(s.text, "*"):
			return fmt.Sprintf("%s holds a wildcard; use a variable such as :name", quote(topic))
		}
	}
	return ""
}

func (c *checker) distinctTables() {
	seen := map[string]*draft{}
	for _, d := range c.drafts {
		if !d.named {
			continue
		}
		other := seen[fold(d.Name)]
		if other != nil {
			c.add(d.nameAt, join(d.path, "table"), "the table %s comes twice: %s has the same name, case ignored", quote(d.Name), other.path)
			continue
		}
		seen[fold(d.Name)] = d
	}
}

// reachable reports the patterns that get no message, because others take all
// that fits: those of deletions come first, then those of rows, each in the order
// of the file. Values of variables are unbounded, so that no set of patterns does
// what none of its members does alone.
func (c *checker) reachable() {
	byName := map[string]*draft{}
	for _, d := range c.drafts {
		if d.named {
			byName[d.Name] = d
		}
	}
	bySize := map[int][]claim{}
	for _, d := range c.drafts {
		c.reach(d.remove, byName, bySize)
	}
	for _, d := range c.drafts {
		c.reach(d.fill, byName, bySize)
	}
}

func (c *checker) reach(p claim, byName map[string]*draft, bySize map[int][]claim) {
	if p.pattern == nil {
		return
	}
	earlier := bySize[len(p.pattern)]
	bySize[len(p.pattern)] = append(earlier, p)
	if !p.pattern.hasVariable() {
		if p.topic == p.of.Name && !p.deletes {
			return // the name wins over every pattern
		} else if other := byName[p.topic]; other != nil {
			c.add(p.at, p.path, "no message gets here: %s belongs to the table of that name, %s", quote(p.topic), other.path)
			return
		}
	}
	for _, e := range earlier {
		switch {
		case !e.pattern.covers(p.pattern):
			continue
		case e.deletes && !p.deletes:
			c.add(p.at, p.path, "no message gets here: the delete_topic %s of %s takes them all", quote(e.topic), e.of.path)
		default:
			c.add(p.at, p.path, "no message gets here: %s of %s comes first and takes them all; put the more specific pattern first", quote(e.topic), e.of.path)
		}
		return
	}
}
