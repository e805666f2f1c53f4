package protocol

import (
	"errors"
	"fmt"
	"testing"
)

// TestStatus is the table of statuses: each has words, and each refusal its
// sentinel.
func TestStatus(t *testing.T) {
	sentinels := map[Status]error{
		10: ErrFailed, 20: ErrIdentification, 40: ErrException, 41: ErrArguments, 42: ErrNotFound, 43: ErrUnavailable,
		44: ErrLoopback, 45: ErrTargetNotFound, 46: ErrTargetDown, 47: ErrUnknownCommand, 60: ErrNameTaken,
	}
	for status, sentinel := range sentinels {
		err := fmt.Errorf("call: %w", Errorf(status, "topic %s", "a/b"))
		for other, target := range sentinels {
			if errors.Is(err, target) != (other == status) {
				t.Errorf("status %d is the error of %d: %v", status, other, other != status)
			}
		}
		if want := "call: rembus: " + status.String() + ": topic a/b"; err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
		if sentinel == nil || status.String() == fmt.Sprintf("status %d", status) {
			t.Errorf("status %d has no name", status)
		}
	}
	for _, status := range []Status{StatusOK, StatusChallenge, 99} {
		for _, target := range sentinels {
			if errors.Is(&Error{Status: status}, target) {
				t.Errorf("status %d is %v", status, target)
			}
		}
	}
	if got := Status(99).String(); got != "status 99" {
		t.Errorf("got %q", got)
	}
	if got := (&Error{Status: StatusNameTaken}).Error(); got != "rembus: name already taken" {
		t.Errorf("got %q", got)
	}
}

func TestBadMessage(t *testing.T) {
	err := error(&BadMessage{ID: NumberID(5), Err: Errorf(StatusError, "no")})
	if !errors.Is(err, ErrFailed) || err.Error() != "rembus: error: no" {
		t.Errorf("%v", err)
	}
}

func TestNewError(t *testing.T) {
	m := NewError(NumberID(5), Errorf(StatusMethodNotFound, "add"))
	frame := encode(t, NewCodec(Limits{}, CBOR), m)
	if string(frame) != "\x84\x04\x48\x05\x00\x00\x00\x00\x00\x00\x00\x18\x2a\x63add" {
		t.Errorf("encoded %x", frame)
	}
}

func TestLimitsOrDefault(t *testing.T) {
	if got := (Limits{}).OrDefault(); got != DefaultLimits() {
		t.Errorf("got %+v", got)
	}
	got := Limits{MaxDepth: 5, MaxName: -1}.OrDefault()
	want := DefaultLimits()
	want.MaxDepth = 5
	if got != want {
		t.Errorf("got %+v", got)
	}
}

func TestTenant(t *testing.T) {
	for name, want := range map[string]string{"": ".", "meter": ".", "meter.": ".", "meter.acme": "acme", "a.b.c": "b.c", ".acme": "acme"} {
		if got := Tenant(name); got != want {
			t.Errorf("tenant of %q is %q, want %q", name, got, want)
		}
	}
}
