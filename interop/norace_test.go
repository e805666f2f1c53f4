//go:build !race

package interop

// Without the race detector the broker is built as users have it.
var buildFlags []string

// hugeMiB is the size of a huge message.
const hugeMiB = 50
