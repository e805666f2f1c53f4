package guard

import (
	"container/list"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"maps"
	"slices"
	"sync"
)

// mostPassed is how many texts are remembered, of some 200 bytes each.
const mostPassed = 1024

// digest stands for everything that a verdict depends on: the kind of text, what it may
// refer to, and the text. That it is a SHA-256 keeps the memory bounded whatever the
// length of the texts, and nobody can make two that are taken for one another.
type digest [sha256.Size]byte

// passed remembers the texts that passed, of which the least recently used goes first.
// Refused texts are looked at anew each time. Safe for concurrent use.
type passed struct {
	mu    sync.Mutex
	at    map[digest]*list.Element
	order list.List // of digest, the newest first
}

func (p *passed) has(d digest) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, found := p.at[d]
	if found {
		p.order.MoveToFront(e)
	}
	return found
}

func (p *passed) add(d digest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, found := p.at[d]; found {
		return
	}
	if p.at == nil {
		p.at = make(map[digest]*list.Element)
	}
	if p.order.Len() == mostPassed {
		delete(p.at, p.order.Remove(p.order.Back()).(digest))
	}
	p.at[d] = p.order.PushFront(d)
}

// remembered calls check, unless a text of that digest has passed before with a lasting
// verdict.
func (p *passed) remembered(d digest, check func() (lasting bool, err error)) error {
	if p.has(d) {
		return nil
	}
	lasting, err := check()
	if err == nil && lasting {
		p.add(d)
	}
	return err
}

// summing makes a digest of texts and numbers, which are kept apart.
type summing struct{ hash.Hash }

func newSum(kind string, tables ...Table) summing {
	s := summing{sha256.New()}
	s.texts(kind)
	s.number(len(tables))
	for _, t := range tables {
		s.texts(t.Name)
		s.texts(t.Columns...)
	}
	return s
}

func (s summing) number(n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	s.Write(b[:]) // a hash takes everything
}

func (s summing) texts(texts ...string) {
	s.number(len(texts))
	for _, text := range texts {
		s.number(len(text))
		s.Write([]byte(text))
	}
}

func (s summing) digest() (d digest) {
	s.Sum(d[:0])
	return d
}

// ofQuery returns two digests of a query: of all but the values of its parameters, save
// how much they lengthen what is computed, and of the values that are texts too. The
// first is enough where no parameter is a pattern.
func ofQuery(tables []Table, text string, params Params) (shape, whole digest) {
	s := newSum("query", tables...)
	s.texts(text)
	names := slices.Sorted(maps.Keys(params))
	for _, name := range names {
		s.texts(name)
		s.number(length(params[name]))
	}
	shape = s.digest()
	s.texts("whole")
	for _, name := range names {
		if value, ok := params[name].(string); ok {
			s.texts(name, value)
		}
	}
	return shape, s.digest()
}
