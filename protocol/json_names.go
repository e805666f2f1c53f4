package protocol

import (
	"hash/maphash"
	"slices"
)

// nameHash stands for the name of a member when names are compared. Two names
// that are not equal have the same one with a chance of 2^-64, which no peer can
// improve: the seed is the process's own.
type nameHash uint64

var nameSeed = maphash.MakeSeed()

func hashName(name []byte) nameHash { return nameHash(maphash.Bytes(nameSeed, name)) }

// fewNames is up to how many names are compared pair by pair.
const fewNames = 12

// duplicateNames reports whether two of the names are equal. It may change the
// order of the slice. Millions of names cost eight bytes each and the time to
// sort numbers.
func duplicateNames(names []nameHash) bool {
	if len(names) <= fewNames {
		for i, n := range names {
			if slices.Contains(names[:i], n) {
				return true
			}
		}
		return false
	}
	slices.Sort(names)
	for i, n := range names[1:] {
		if names[i] == n {
			return true
		}
	}
	return false
}
