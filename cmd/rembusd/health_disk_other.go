//go:build !linux && !darwin && !freebsd && !windows

package main

import "errors"

// diskOf is not known on this system: disk-low never comes.
func diskOf(string) (diskSpace, error) { return diskSpace{}, errors.ErrUnsupported }
