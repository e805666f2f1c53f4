package protocol

import (
	"errors"
	"fmt"
)

// Status is the outcome that a RESPONSE carries.
type Status uint8

// The statuses that every Rembus client knows. No other may be sent: the
// Python client cannot print an unknown one.
const (
	StatusOK                Status = 0
	StatusError             Status = 10
	StatusChallenge         Status = 11
	StatusIdentification    Status = 20
	StatusMethodException   Status = 40
	StatusMethodArgs        Status = 41
	StatusMethodNotFound    Status = 42
	StatusMethodUnavailable Status = 43
	StatusMethodLoopback    Status = 44
	StatusTargetNotFound    Status = 45
	StatusTargetDown        Status = 46
	StatusUnknownCommand    Status = 47
	StatusNameTaken         Status = 60
)

var statusText = map[Status]string{
	StatusOK:                "ok",
	StatusError:             "error",
	StatusChallenge:         "challenge",
	StatusIdentification:    "identification error",
	StatusMethodException:   "method exception",
	StatusMethodArgs:        "argument error",
	StatusMethodNotFound:    "method not found",
	StatusMethodUnavailable: "method unavailable",
	StatusMethodLoopback:    "method loopback",
	StatusTargetNotFound:    "target not found",
	StatusTargetDown:        "target down",
	StatusUnknownCommand:    "unknown admin command",
	StatusNameTaken:         "name already taken",
}

// String returns the status in words, for people.
func (s Status) String() string {
	if t, ok := statusText[s]; ok {
		return t
	}
	return fmt.Sprintf("status %d", uint8(s))
}

// Sentinels for errors.Is on an [*Error] of the matching status.
var (
	ErrFailed         = errors.New("rembus: error")
	ErrIdentification = errors.New("rembus: identification error")
	ErrException      = errors.New("rembus: method exception")
	ErrArguments      = errors.New("rembus: argument error")
	ErrNotFound       = errors.New("rembus: method not found")
	ErrUnavailable    = errors.New("rembus: method unavailable")
	ErrLoopback       = errors.New("rembus: method loopback")
	ErrTargetNotFound = errors.New("rembus: target not found")
	ErrTargetDown     = errors.New("rembus: target down")
	ErrUnknownCommand = errors.New("rembus: unknown admin command")
	ErrNameTaken      = errors.New("rembus: name already taken")
)

// Known reports whether s is one of the statuses above.
func (s Status) Known() bool {
	_, ok := statusText[s]
	return ok
}

var statusErr = map[Status]error{
	StatusError:             ErrFailed,
	StatusIdentification:    ErrIdentification,
	StatusMethodException:   ErrException,
	StatusMethodArgs:        ErrArguments,
	StatusMethodNotFound:    ErrNotFound,
	StatusMethodUnavailable: ErrUnavailable,
	StatusMethodLoopback:    ErrLoopback,
	StatusTargetNotFound:    ErrTargetNotFound,
	StatusTargetDown:        ErrTargetDown,
	StatusUnknownCommand:    ErrUnknownCommand,
	StatusNameTaken:         ErrNameTaken,
}

// Error is a refusal with its status and a text for people: what a RESPONSE
// other than OK becomes, and what becomes such a RESPONSE.
type Error struct {
	Status Status
	Text   string
}

// Errorf makes an [*Error].
func Errorf(s Status, format string, args ...any) *Error {
	return &Error{Status: s, Text: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string {
	if e.Text == "" {
		return "rembus: " + e.Status.String()
	}
	return "rembus: " + e.Status.String() + ": " + e.Text
}

// Is reports whether target is the sentinel of e's status.
func (e *Error) Is(target error) bool { return statusErr[e.Status] == target }
