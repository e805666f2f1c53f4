package lake

import "runtime"

// background runs fn on a thread that gives way to others, as do those that DuckDB
// starts meanwhile: filling tables and folding them takes hundreds of milliseconds at a
// time, and who waits for a message on the same processors should not wait for that.
func background(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends here, since not everybody may raise its priority again
		giveWay()
		fn()
	}()
	<-done
}
