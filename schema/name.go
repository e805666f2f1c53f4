package schema

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// MaxName is the longest name of a table or column, in bytes.
const MaxName = 128

// Names that the lake keeps for itself.
const (
	reservedTable  = "rejected"
	reservedPrefix = "_rembus"
)

// reservedColumns are columns of the lake's own, and the number that DuckDB gives a row.
var reservedColumns = []string{"_seq", "_row", "_from", "_until", "rowid"}

// fold returns what two names have in common when DuckDB takes them for the
// same: it ignores the case of ASCII letters and of no others.
func fold(name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// checkName says what no name may be, "" when all is well. Quotes, semicolons
// and keywords are fine: every name is quoted in SQL.
func checkName(name string) string {
	if name == "" {
		return "a name must not be empty"
	}
	if len(name) > MaxName {
		return fmt.Sprintf("the name %s has %d bytes, %d are allowed", quote(name), len(name), MaxName)
	}
	return checkCharacters(name)
}

func checkCharacters(s string) string {
	for _, r := range s {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return fmt.Sprintf("%s holds the character %U, which cannot be seen", quote(s), r)
		}
	}
	return ""
}

func checkColumnName(name string) string {
	if folded := fold(name); slices.Contains(reservedColumns, folded) || strings.HasPrefix(folded, reservedPrefix) {
		return fmt.Sprintf("the name %s is reserved", quote(name))
	}
	return checkName(name)
}

// checkTableName refuses also what cannot be a topic, since query_ and the
// name is the method that asks for the table.
func checkTableName(name string) string {
	folded := fold(name)
	switch {
	case folded == reservedTable || strings.HasPrefix(folded, reservedPrefix):
		return fmt.Sprintf("the name %s is reserved", quote(name))
	case strings.Contains(name, "*"):
		return fmt.Sprintf("the name %s holds a wildcard", quote(name))
	}
	if text := checkName(name); text != "" {
		return text
	}
	return checkSegments(name)
}

func checkSegments(topic string) string {
	parts := strings.Split(topic, "/")
	if len(parts) > MaxSegments {
		return fmt.Sprintf("%d segments, %d are allowed", len(parts), MaxSegments)
	}
	for _, part := range parts {
		if part == "" {
			return fmt.Sprintf("%s has an empty segment; remove the extra slash", quote(topic))
		}
	}
	return ""
}
