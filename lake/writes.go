package lake

import "sync/atomic"

// writes counts the beginnings and ends of the transactions that write: while the count
// is the same and even, the tables are.
type writes struct{ n atomic.Uint64 }

func (w *writes) state() uint64 { return w.n.Load() }

// settled reports whether no transaction was running in a state.
func settled(state uint64) bool { return state%2 == 0 }

// during calls write, which runs one transaction. Only one does at a time.
func (w *writes) during(write func() error) error {
	w.n.Add(1)
	defer w.n.Add(1)
	return write()
}
