package main

import (
	"bufio"
	"strings"

	"github.com/rembus-go/rembus/internal/arrowipc"
)

// writeCSV writes a DataFrame as RFC 4180 has it: lines end with CR LF, quotes
// are doubled, texts keep their bytes, line ends included. (The writer of
// encoding/csv changes those once it is told to write CR LF.) NULL is an empty
// field, an empty text is a quoted one. For a terminal, what it would obey is escaped.
func writeCSV(w *bufio.Writer, f *arrowipc.Frame, terminal bool) {
	write := func(i int, text string) {
		if i > 0 {
			w.WriteByte(',')
		}
		if terminal {
			text = clean(text)
		}
		w.WriteString(csvField(text))
	}
	for i, field := range f.Schema.Fields() {
		write(i, field.Name)
	}
	w.WriteString("\r\n")
	for _, b := range f.Batches {
		for row := range int(b.NumRows()) {
			for i, col := range b.Columns() {
				if text, null := cell(col, row); !null {
					write(i, text)
				} else if i > 0 {
					w.WriteByte(',')
				}
			}
			w.WriteString("\r\n")
		}
	}
}

// csvField quotes what needs it, and the empty text.
func csvField(text string) string {
	if text != "" && !strings.ContainsAny(text, "\",\r\n") && text[0] != ' ' && text[len(text)-1] != ' ' {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}
