package main

import (
	"os/exec"
	"runtime"
	"syscall"
)

// runChild runs cmd, which ends with this process: a child that lived on after a kill
// would hold the lock of the lake's file against the next broker.
func runChild(cmd *exec.Cmd) error {
	runtime.LockOSThread() // it is the thread's end that counts
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd.Run()
}
