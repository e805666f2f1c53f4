package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/rembus-go/rembus/internal/arrowipc"
)

// gap is between the columns of a table.
const gap = "  "

// writeTable writes a DataFrame with aligned columns: numbers to the right,
// anything else to the left. Each value is made into text twice, for its width
// and for the line, so that no text of the whole is held.
func writeTable(w *bufio.Writer, f *arrowipc.Frame) {
	fields := f.Schema.Fields()
	columns := make([]column, len(fields))
	rule := make([]string, len(fields))
	for i, field := range fields {
		columns[i] = column{name: clean(field.Name), right: isNumber(field.Type)}
		columns[i].width = width(columns[i].name)
		for _, b := range f.Batches {
			for row := range int(b.NumRows()) {
				columns[i].width = max(columns[i].width, width(tableCell(b.Column(i), row)))
			}
		}
		rule[i] = strings.Repeat("-", columns[i].width)
	}
	cells := make([]string, len(fields))
	for i := range columns {
		cells[i] = columns[i].name
	}
	writeRow(w, columns, cells)
	writeRow(w, columns, rule)
	for _, b := range f.Batches {
		for row := range int(b.NumRows()) {
			for i := range cells {
				cells[i] = tableCell(b.Column(i), row)
			}
			writeRow(w, columns, cells)
		}
	}
	fmt.Fprintf(w, "(%d %s)\n", f.Rows(), plural(f.Rows(), "row"))
}

// isPlan reports what EXPLAIN gives: a drawing of many lines.
func isPlan(f *arrowipc.Frame) bool {
	return f.Schema.NumFields() == 2 && f.Schema.Field(0).Name == "explain_key" && f.Schema.Field(1).Name == "explain_value"
}

// writePlan writes the drawing as it is.
func writePlan(w *bufio.Writer, f *arrowipc.Frame) {
	for _, b := range f.Batches {
		for row := range int(b.NumRows()) {
			text, _ := cell(b.Column(1), row)
			w.WriteString(strings.TrimRight(lines(text), "\n"))
			w.WriteByte('\n')
		}
	}
}

// column is one of a table.
type column struct {
	name  string
	width int
	right bool // aligned to the right
}

// writeRow writes one line, without blanks at its end.
func writeRow(w *bufio.Writer, columns []column, cells []string) {
	var line strings.Builder
	for i, cell := range cells {
		if i > 0 {
			line.WriteString(gap)
		}
		pad := strings.Repeat(" ", columns[i].width-width(cell))
		if columns[i].right {
			line.WriteString(pad + cell)
		} else {
			line.WriteString(cell + pad)
		}
	}
	w.WriteString(strings.TrimRight(line.String(), " "))
	w.WriteByte('\n')
}

func tableCell(col arrow.Array, row int) string {
	text, null := cell(col, row)
	if null {
		return "NULL"
	}
	return clean(text)
}

// cell is one value as text, as it came.
func cell(col arrow.Array, row int) (text string, null bool) {
	if c, ok := col.(*array.Float32); ok && !c.IsNull(row) {
		return float(float64(c.Value(row)), 32), false
	}
	v, err := arrowipc.Shown(col, row)
	if err != nil { // a list, a struct
		return col.ValueStr(row), col.IsNull(row)
	}
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, false
	case []byte:
		return base64.StdEncoding.EncodeToString(v), false
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), false
	case float64:
		return float(v, 64), false
	default: // bool, int64, uint64, *big.Int
		return fmt.Sprint(v), false
	}
}

// float writes no exponent where people would not.
func float(v float64, bits int) string {
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.FormatFloat(v, 'e', -1, bits)
	}
	return strconv.FormatFloat(v, 'f', -1, bits)
}

func isNumber(t arrow.DataType) bool {
	return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) || arrow.IsDecimal(t.ID())
}

func plural(n int64, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
