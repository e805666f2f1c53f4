//go:build race

package ws_test

func init() { largest = 6 << 20 } // the race detector looks at every byte
