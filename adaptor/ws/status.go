package ws

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/rembus-go/rembus/protocol"
)

// maxReason is the most that a close frame carries besides its status: RFC
// 6455, section 5.5.
const maxReason = 123

// violation is what a peer did wrong, with the status of the close frame.
type violation struct {
	code websocket.StatusCode
	text string
}

func (v *violation) Error() string { return v.text }

// closeStatus returns the close frame for a reason: 1000 for nil, 1007 for a
// message that is not well-formed, 1008 for a *protocol.Error, the status of a
// violation of WebSocket itself, and 1001 with the text for all others.
func closeStatus(reason error) (websocket.StatusCode, string) {
	var broken *violation
	var refused *protocol.Error
	switch {
	case reason == nil:
		return websocket.StatusNormalClosure, ""
	case errors.As(reason, &broken):
		return broken.code, clip(broken.text)
	case errors.Is(reason, protocol.ErrMalformed):
		return websocket.StatusInvalidFramePayloadData, clip(reason.Error())
	case errors.As(reason, &refused):
		return websocket.StatusPolicyViolation, clip(reason.Error())
	}
	return websocket.StatusGoingAway, clip(reason.Error())
}

// clip makes s fit into a close frame: valid UTF-8 of limited length.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= maxReason {
		return s
	}
	s = s[:maxReason]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// peerClosed is the reason of a link that the peer closed. A normal end is no
// reason. The peer's text is quoted: it is foreign.
func peerClosed(e websocket.CloseError) error {
	switch e.Code {
	case websocket.StatusNormalClosure, websocket.StatusNoStatusRcvd:
		return nil
	}
	if e.Reason == "" {
		return fmt.Errorf("closed by the peer with status %d", int(e.Code))
	}
	return fmt.Errorf("closed by the peer with status %d: %q", int(e.Code), e.Reason)
}

// framing tells a violation of RFC 6455, which the WebSocket reports by text
// alone, from a connection that broke.
func framing(err error) error {
	var broke net.Error
	if errors.As(err, &broke) {
		return broke
	}
	text := err.Error()
	for _, wrap := range []string{"failed to get reader: ", "failed to read frame header: ", "failed to read: "} {
		text = strings.TrimPrefix(text, wrap)
	}
	return &violation{websocket.StatusProtocolError, text}
}
