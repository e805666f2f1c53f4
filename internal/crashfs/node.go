package crashfs

import (
	"io/fs"
	"slices"
	"time"
)

const pageBytes = 4096

// node is the content of a file.
type node struct {
	data    []byte   // as it is read now
	durable []byte   // as it is after the worst crash
	ops     []change // from durable to data
	changes int      // moves the modification time
}

// change is an unsynced write or, with data nil, a truncation.
type change struct {
	offset int64
	data   []byte
}

func apply(b []byte, c change) []byte {
	if c.data == nil {
		return slices.Clip(b[:min(c.offset, int64(len(b)))])
	}
	if grow := int(c.offset) + len(c.data) - len(b); grow > 0 {
		b = append(b, make([]byte, grow)...)
	}
	copy(b[c.offset:], c.data)
	return b
}

func (n *node) change(c change) {
	n.data = apply(n.data, c)
	n.ops = append(n.ops, c)
	n.changes++
}

func (n *node) sync() {
	for _, c := range n.ops {
		n.durable = apply(n.durable, c)
	}
	n.ops = nil
}

// crashed returns the file after a power loss: each unsynced change by chance.
func (n *node) crashed(dice Dice) *node {
	b := slices.Clone(n.durable)
	for _, c := range n.ops {
		switch dice(4) {
		case 0: // lost
		case 1: // whole
			b = apply(b, c)
		case 2: // begun
			if len(c.data) > 0 {
				c.data = c.data[:1+dice(len(c.data))]
			}
			b = apply(b, c)
		case 3: // the size arrived, and some of the pages
			if c.data != nil {
				b = apply(b, change{c.offset + int64(len(c.data)), []byte{}})
			}
			for page := 0; page < len(c.data); page += pageBytes {
				if dice(2) == 0 {
					b = apply(b, change{c.offset + int64(page), c.data[page:min(page+pageBytes, len(c.data))]})
				}
			}
		}
	}
	return &node{data: b, durable: slices.Clone(b), changes: n.changes + 1}
}

// info is what Stat says.
type info struct {
	name string
	size int64
	mod  time.Time
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0o600 }
func (i info) ModTime() time.Time { return i.mod }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }
