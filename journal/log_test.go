package journal_test

import (
	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/server"
)

// The broker core is what the journal is for.
var _ server.Log = (*journal.Journal)(nil)
