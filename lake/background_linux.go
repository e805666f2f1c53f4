package lake

import "syscall"

// gentle is how much nicer than the rest of the process: a third of its share of a
// processor that is busy, all of one that is not.
const gentle = 5

// giveWay lowers the priority of the calling thread. Linux has one for each thread.
func giveWay() {
	const kernelZero, self, lowest = 20, 0, 19
	if raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, self); err == nil {
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, self, min(kernelZero-raw+gentle, lowest)) // else it is as urgent as all others
	}
}
