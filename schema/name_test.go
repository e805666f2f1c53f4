package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/schema"
)

// Names of the lake's own are refused, case ignored, as columns and as extras; names
// that only look like them are not.
func TestReservedNames(t *testing.T) {
	parse := func(table, column, extra string) error {
		_, err := schema.Parse(fmt.Appendf(nil, `{"tables": [{"table": %q, "extras": {"slot": %q}, "columns": [{"col": %q, "type": "TEXT"}]}]}`, table, extra, column))
		return err
	}
	for _, name := range []string{"_seq", "_row", "_FROM", "_until", "RowId", "_rembus", "_Rembus_era"} {
		for _, err := range []error{parse("t", name, "slot"), parse("t", "c", name)} {
			if err == nil || !strings.Contains(err.Error(), "is reserved") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, name := range []string{"rejected", "Rejected", "_rembus", "_rembus_past"} {
		if err := parse(name, "c", "slot"); err == nil || !strings.Contains(err.Error(), "is reserved") {
			t.Errorf("table %s: %v", name, err)
		}
	}
	if err := parse("_seq", "_sequence", "row"); err != nil {
		t.Error(err)
	}
}
