// Package interop has no code of its own: its tests start rembusd and drive it
// with the real Python client of Rembus, in both of its APIs and encodings, with a Go
// component at the other end where there is one.
//
// The client and its version come from requirements.txt, installed into .venv
// by "make venv". Where that is missing the tests say so in one line and do
// nothing; with REMBUS_INTEROP=required they fail. rembusd is built for the tests, unless
// REMBUS_BROKER names a program.
//
// Nothing here sleeps: tests wait for what the programs say, and the bounds on that
// only end a test that has failed.
package interop
