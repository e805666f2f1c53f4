package protocol

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
)

// jsonKey is the name of a member, unescaped.
type jsonKey = []byte

// fewKeys is up to how many names are compared pair by pair.
const fewKeys = 12

// keySeed keeps peers from choosing names that collide.
var keySeed = maphash.MakeSeed()

// duplicateKeys reports whether two of the names are equal. Millions of names
// cost sixteen bytes each and the time to sort numbers.
func duplicateKeys(keys []jsonKey) bool {
	if len(keys) <= fewKeys {
		for i, k := range keys {
			for _, other := range keys[:i] {
				if bytes.Equal(k, other) {
					return true
				}
			}
		}
		return false
	}
	type hashed struct {
		hash uint64
		at   int
	}
	sorted := make([]hashed, len(keys))
	for i, k := range keys {
		sorted[i] = hashed{maphash.Bytes(keySeed, k), i}
	}
	compare := func(a, b hashed) int {
		if c := cmp.Compare(a.hash, b.hash); c != 0 {
			return c
		}
		return bytes.Compare(keys[a.at], keys[b.at])
	}
	slices.SortFunc(sorted, compare)
	for i := range sorted[1:] {
		if compare(sorted[i], sorted[i+1]) == 0 {
			return true
		}
	}
	return false
}
