package nap

import (
	"syscall"
	"time"
)

func sleep(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil) // it wakes up early for a signal
}
