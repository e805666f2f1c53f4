package lake

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/rembus-go/rembus/protocol"
)

// exception is the answer to a call that failed.
func exception(format string, args ...any) error {
	return protocol.Errorf(protocol.StatusMethodException, format, args...)
}

// recovered makes an error of a panic over bytes from outside. One message in the
// log must not end the broker, now and at each start.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = exception("damaged data: %v", r)
	}
}

// asException returns err as what a caller gets to see: status 40 and one line.
func asException(err error) error {
	var own *protocol.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, context.DeadlineExceeded):
		return exception("timeout: narrow the condition or ask for less")
	}
	return exception("%s", plainError(err))
}

// plainError returns the text of err on one line of bounded length, without
// control characters.
func plainError(err error) string {
	const most = 300
	text := strings.TrimPrefix(err.Error(), "database/sql/driver: ")
	if line, _, more := strings.Cut(text, "\n"); more {
		text = line
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// cause says whose fault an error of DuckDB is.
type cause int

const (
	causeRow    cause = iota // the rows or the command: trying again is no use
	causeMemory              // too little memory, or a fault of DuckDB's: perhaps the rows
	causeFile                // the disk or the file: never the rows
)

// words are how errors of the Appender begin inside, which have no type.
var words = map[string]cause{
	"IO Error":                causeFile,
	"No space left":           causeFile,
	"Permission Error":        causeFile,
	"FATAL Error":             causeFile,
	"has been invalidated be": causeFile,
	"Out of Memory Error":     causeMemory,
	"INTERNAL Error":          causeMemory,
	"INTERRUPT Error":         causeMemory,
	"TransactionContext":      causeMemory,
}

func causeOf(err error) cause {
	if errors.Is(err, context.Canceled) {
		return causeFile
	}
	var d *duckdb.Error
	if errors.As(err, &d) {
		switch d.Type {
		case duckdb.ErrorTypeIO, duckdb.ErrorTypeFatal, duckdb.ErrorTypePermission, duckdb.ErrorTypeConnection:
			return causeFile
		case duckdb.ErrorTypeOutOfMemory, duckdb.ErrorTypeInternal, duckdb.ErrorTypeInterrupt, duckdb.ErrorTypeTransaction:
			return causeMemory
		case duckdb.ErrorTypeInvalid, duckdb.ErrorTypeUnknownType:
		default:
			return causeRow // whatever words of somebody's its text has
		}
	}
	for word, c := range words {
		if strings.Contains(err.Error(), word) {
			return c
		}
	}
	return causeRow
}
