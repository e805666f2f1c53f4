// Package examples has no code of its own: each folder below it is a small
// program. Start a broker with "make run", then one of them in another terminal:
//
//	go run ./examples/publisher      a simulated meter publishes telemetry
//	go run ./examples/collector      prints the telemetry of all meters
//	go run ./examples/calculator     exposes functions, and calls them
//	go run ./examples/dataframe      publishes a table and queries it
//
// They look for the broker at ws://127.0.0.1:8338, or where REMBUS_BASE_URL or
// the flag -url says. The page browser/index.html shows live values in a
// browser; its first lines say how to open it.
//
// The tests of this package build and run all of them, and what README.md
// shows, against rembusd.
package examples
