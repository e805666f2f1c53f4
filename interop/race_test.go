//go:build race

package interop

// With the race detector in the tests it is in the broker too.
var buildFlags = []string{"-race"}
