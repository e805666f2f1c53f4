package server

import "fmt"

// Leftovers counts what must be gone when nobody is connected.
func (s *Server) Leftovers() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	busy, live := 0, 0
	for _, t := range s.twins {
		busy += t.busy
		if t.main.live || t.main.reading || t.backfill != nil || len(t.window) > 0 || t.waiting > 0 {
			live++
		}
	}
	return fmt.Sprintf("%d bytes queued, %d outboxes, %d sessions, %d calls, %d busy, %d served, %d readers, %d pending",
		s.budget.used.Load(), s.budget.boxes.Load(), len(s.sessions), len(s.calls), busy, live, len(s.readers), len(s.pending))
}

// Audience is how many twins a message to the topic is offered to.
func (s *Server) Audience(topic string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tenantOf("").index.match(topic).targets)
}
