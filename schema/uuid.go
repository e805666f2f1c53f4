package schema

import (
	"encoding/hex"
	"fmt"
)

// toUUID takes the text of RFC 9562, also without its hyphens, in any case.
func toUUID(v any) (any, error) {
	switch n := v.(type) {
	case []byte:
		if len(n) == 16 {
			return n, nil
		}
		return nil, fmt.Errorf("UUID takes 16 bytes, not %s", describe(v))
	case string:
		if id, ok := parseUUID(n); ok {
			return id, nil
		}
		return nil, fmt.Errorf("UUID takes text such as 01234567-89ab-cdef-0123-456789abcdef, not %s", describe(v))
	}
	return nil, UUID.refuse(v)
}

func parseUUID(s string) ([]byte, bool) {
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != 32 {
		return nil, false
	}
	id, err := hex.DecodeString(s)
	return id, err == nil
}
