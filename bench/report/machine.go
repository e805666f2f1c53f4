package report

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// Machine is where the figures were taken.
type Machine struct {
	CPU    string
	Cores  int
	Memory string
	System string
	Go     string
	Load   string // the load averages when the run began and when it ended
}

// ThisMachine describes the machine that the program runs on.
func ThisMachine() Machine {
	return Machine{
		CPU:    strings.TrimSpace(field("/proc/cpuinfo", "model name")),
		Cores:  runtime.NumCPU(),
		Memory: memory(),
		System: runtime.GOOS + "/" + runtime.GOARCH + " " + release(),
		Go:     runtime.Version(),
		Load:   LoadAverage(),
	}
}

// busy says whether others used more than half of a core for each core when the
// run began.
func (m Machine) busy() bool {
	var before float64
	fmt.Sscanf(m.Load, "%f", &before)
	return before > float64(m.Cores)/2
}

// field returns the first value of a key in a file of "key : value" lines.
func field(file, key string) string {
	src, _ := os.ReadFile(file)
	for line := range strings.Lines(string(src)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}

func memory() string {
	var kib int
	if _, err := fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%d kB", &kib); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
}

func release() string {
	var u syscall.Utsname
	if syscall.Uname(&u) != nil {
		return ""
	}
	var b strings.Builder
	for _, c := range u.Release {
		if c == 0 {
			break
		}
		b.WriteByte(byte(c))
	}
	return b.String()
}

// LoadAverage returns the load average of the last minute.
func LoadAverage() string {
	src, _ := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(src)); len(f) > 0 {
		return f[0]
	}
	return "unknown"
}
