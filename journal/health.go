package journal

import "fmt"

// State says what a journal takes.
type State uint8

const (
	OK     State = iota // everything
	Full                // QoS0 without storing it; it passes
	Failed              // nothing until restart
)

var stateNames = [...]string{"ok", "full", "failed"}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// Health is the state of a journal at a moment.
type Health struct {
	State     State
	Reason    error  // why it is not OK
	Bytes     int64  // of all files
	HardCap   int64  // what Bytes may grow to
	Unwritten int64  // bytes appended and not yet durable
	Unstored  uint64 // QoS0 messages that were not stored since Open, because of Full
	Damaged   int    // ranges found damaged since Open, cut tails not counted
}

// Health returns the state now. Cheap enough to be asked every second.
func (j *Journal) Health() Health {
	damaged := j.damage.lost()
	j.mu.Lock()
	defer j.mu.Unlock()
	h := Health{Bytes: j.disk, HardCap: j.opts.HardCap, Unwritten: j.unwritten(), Unstored: j.unstored, Damaged: damaged}
	if h.Reason = j.failed; h.Reason != nil {
		h.State = Failed
	} else if h.Reason = j.fullness(0); h.Reason != nil {
		h.State = Full
	} else if j.capped { // small messages may still fit
		h.State, h.Reason = Full, errHardCap
	}
	return h
}
