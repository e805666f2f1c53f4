package schema

// route is a pattern of topics and what a message there does to a table.
type route struct {
	table    *Table
	pattern  pattern
	deletes  bool
	rank     int   // a lower one wins
	segments []int // by column: the segment of the topic that fills it, -1 for none
}

func newRoute(t *Table, p pattern, deletes bool) *route {
	r := &route{table: t, pattern: p, deletes: deletes, segments: make([]int, len(t.Columns))}
	for i := range t.Columns {
		r.segments[i] = p.variable(t.Columns[i].Name)
	}
	return r
}
