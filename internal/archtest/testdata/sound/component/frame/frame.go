// Package frame carries tables.
package frame

import "example.com/sound/component"

// Call asks for a table.
func Call() error { return component.Dial() }
