//go:build !linux

package main

import "os/exec"

// runChild runs cmd.
func runChild(cmd *exec.Cmd) error { return cmd.Run() }
