package main

import "time"

// healthReport is the answer of the method health.
type healthReport struct {
	State   string      `json:"state"`
	Reasons []reason    `json:"reasons"`
	Notes   []reason    `json:"notes"`
	Since   string      `json:"since"` // when the state began, RFC 3339 in UTC
	Stats   healthStats `json:"stats"`
}

// healthStats counts since the start of the broker. What there is not is left out.
type healthStats struct {
	Connections int           `json:"connections"` // open now
	Published   uint64        `json:"published"`   // messages taken
	Dropped     uint64        `json:"dropped"`     // QoS 0 deliveries that a slow anonymous subscriber did not get
	Refused     uint64        `json:"refused"`     // messages
	Unlogged    uint64        `json:"unlogged"`    // QoS 0 messages delivered and not stored
	Calls       uint64        `json:"calls"`
	Log         logStats      `json:"log"`
	Journal     *journalStats `json:"journal,omitempty"`
	Lake        *lakeStats    `json:"lake,omitempty"`
	Disk        *diskStats    `json:"disk,omitempty"`
}

// logStats are sequence numbers.
type logStats struct {
	First   uint64 `json:"first"`
	End     uint64 `json:"end"`
	Durable uint64 `json:"durable"`
}

type journalStats struct {
	Bytes     int64  `json:"bytes"`
	HardCap   int64  `json:"hard_cap"`
	Unwritten int64  `json:"unwritten"` // bytes not yet durable
	Unstored  uint64 `json:"unstored"`  // QoS 0 messages, for want of room
	Damaged   int    `json:"damaged"`   // ranges
}

type lakeStats struct {
	Position      uint64  `json:"position"`
	Behind        uint64  `json:"behind"` // messages
	BehindSeconds float64 `json:"behind_seconds"`
	RefusedRows   uint64  `json:"refused_rows"`
}

type diskStats struct {
	Free  int64 `json:"free"`
	Total int64 `json:"total"`
}

func newHealthReport(v verdict, since time.Time, s *snapshot) *healthReport {
	r := &healthReport{
		State: v.state, Reasons: append([]reason{}, v.reasons...), Notes: append([]reason{}, v.notes...),
		Since: since.UTC().Format(time.RFC3339),
		Stats: healthStats{
			Connections: s.stats.Open, Published: s.stats.Published, Dropped: s.stats.Dropped,
			Refused: s.stats.Refused, Unlogged: s.stats.Unlogged, Calls: s.stats.Calls,
			Log: logStats{s.first, s.end, s.durable},
		},
	}
	if j := s.journal; j != nil {
		r.Stats.Journal = &journalStats{j.Bytes, j.HardCap, j.Unwritten, j.Unstored, j.Damaged}
	}
	if l := s.lake; l != nil {
		r.Stats.Lake = &lakeStats{l.position, l.behind, l.lag.Round(time.Millisecond).Seconds(), l.refused}
	}
	if d := s.disk; d != nil {
		r.Stats.Disk = &diskStats{d.free, d.total}
	}
	return r
}
