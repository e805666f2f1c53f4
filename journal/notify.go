package journal

// listener is a function that was given to Notify.
type listener struct {
	fn   func(durable uint64, err error)
	told uint64
	done bool // knows of the failure
}

// doneCall is a function that was given to PutState, and its outcome.
type doneCall struct {
	fn  func(error)
	err error
}

// notifier is what is to be told, under the journal's mu. A goroutine of its
// own tells it, so that the next batch is written meanwhile.
type notifier struct {
	wake      chan struct{}
	listeners []*listener
	calls     []doneCall
	err       error // the log failed
	stop      bool
}

// add queues the functions of a batch and wakes the goroutine.
func (n *notifier) add(fns []func(error), err error) {
	for _, fn := range fns {
		n.calls = append(n.calls, doneCall{fn, err})
	}
	signal(n.wake)
}

// Notify registers fn to be called, from one goroutine and in order, when the
// durable end has moved (err nil) or the log failed for good (err, once). Moves may
// be told together. The functions of states that became durable are called after the
// move that they came with.
func (j *Journal) Notify(fn func(durable uint64, err error)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notifier.listeners = append(j.notifier.listeners, &listener{fn: fn, told: j.durable.Load()})
	signal(j.notifier.wake)
}

func (j *Journal) stopNotifier() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notifier.stop = true
	signal(j.notifier.wake)
}

// notify is the notifier's goroutine.
func (j *Journal) notify(ended chan<- struct{}) {
	defer close(ended)
	n := &j.notifier
	var calls []doneCall
	for range n.wake {
		j.mu.Lock()
		durable, failed, stop, listeners := j.durable.Load(), n.err, n.stop, n.listeners
		calls, n.calls = n.calls, calls[:0]
		j.mu.Unlock()
		for _, l := range listeners {
			if durable > l.told {
				l.told = durable
				l.fn(durable, nil)
			}
			if failed != nil && !l.done {
				l.done = true
				l.fn(durable, failed)
			}
		}
		for i, c := range calls {
			c.fn(c.err)
			calls[i] = doneCall{}
		}
		if stop {
			return
		}
	}
}
