//go:build race

package interop

// With the race detector in the tests it is in the broker too, which makes it slower ten times.
var buildFlags = []string{"-race"}

// hugeMiB is the size of a huge message.
const hugeMiB = 5
