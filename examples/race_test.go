//go:build race

package examples_test

// With the race detector in the tests it is in the programs too.
var buildFlags = []string{"-race"}
