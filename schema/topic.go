package schema

import (
	"fmt"
	"strings"
)

// maxTopic is the longest pattern, in bytes: the limit of topics.
const maxTopic = 1024

// topic reads and checks the pattern of a table whose columns are known.
func (c *checker) topic(d *draft, n *node, f map[string]*member) {
	d.Topic = d.Name
	if v, ok := c.present(n, f, d.path, "topic", false); ok {
		d.topicAt, d.topicPath = v.at, join(d.path, "topic")
		if d.Topic, ok = c.text(n, f, d.path, "topic", false); !ok {
			return
		}
	} else if !d.named {
		return
	}
	before := len(c.found)
	if text := checkTopic(d.Topic); text != "" {
		c.add(d.topicAt, d.topicPath, "%s", text)
		return
	}
	d.pattern = parsePattern(d.Topic)
	seen := map[string]bool{}
	for _, s := range d.pattern {
		if !s.variable {
			continue
		}
		switch {
		case seen[s.text]:
			c.add(d.topicAt, d.topicPath, "the variable :%s comes twice", plain(s.text))
		case d.column(s.text) == nil:
			c.add(d.topicAt, d.topicPath, "the variable :%s is not a column%s", plain(s.text), c.hint(s.text, d.names()))
		}
		seen[s.text] = true
	}
	d.routed = len(c.found) == before
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

// reachable reports the tables whose pattern gets no message, because others
// take all that fits. Values of variables are unbounded, so that no set of
// patterns does what none of its members does alone.
func (c *checker) reachable() {
	bySize := map[int][]*draft{}
	byName := map[string]*draft{}
	for _, d := range c.drafts {
		if d.named {
			byName[d.Name] = d
		}
	}
	for _, d := range c.drafts {
		if !d.routed {
			continue
		}
		earlier := bySize[len(d.pattern)]
		bySize[len(d.pattern)] = append(earlier, d)
		if fixed := !d.pattern.hasVariable(); fixed && d.Topic == d.Name {
			continue // the name wins over every pattern
		} else if other := byName[d.Topic]; fixed && other != nil {
			c.add(d.topicAt, d.topicPath, "no message gets here: %s belongs to the table of that name, %s", quote(d.Topic), other.path)
			continue
		}
		for _, e := range earlier {
			if e.pattern.covers(d.pattern) {
				c.add(d.topicAt, d.topicPath, "no message gets here: %s of %s comes first and takes them all; put the more specific pattern first", quote(e.Topic), e.path)
				break
			}
		}
	}
}
