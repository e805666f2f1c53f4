package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Problem is one thing that is wrong with a schema file.
type Problem struct {
	File string // the name of the file, "" when unknown
	Line int    // from 1
	Col  int    // from 1, in characters
	Path string // the place in the document, such as "tables[1].columns[0].type"; "" = all of it
	Text string // what is wrong and what to do, one line of printable characters
}

func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
	}
	fmt.Fprintf(&b, "%d:%d: ", p.Line, p.Col)
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// Problems is everything that is wrong with a schema file, in the order of the
// file. It is the error of [Parse] and [Load].
type Problems []Problem

// Error returns a line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// report collects the problems of one source text.
type report struct {
	src   []byte
	found []located
}

type located struct {
	at int // byte offset
	Problem
}

func (r *report) add(at int, path, format string, args ...any) {
	r.found = append(r.found, located{at, Problem{Path: path, Text: fmt.Sprintf(format, args...)}})
}

// problems returns what was found, in the order of the text, nil for nothing.
func (r *report) problems() Problems {
	slices.SortStableFunc(r.found, func(a, b located) int { return cmp.Compare(a.at, b.at) })
	ps := make(Problems, 0, len(r.found))
	line, col, seen := 1, 1, 0
	for _, f := range r.found {
		for ; seen < f.at; seen++ {
			switch c := r.src[seen]; {
			case c == '\n':
				line, col = line+1, 1
			case utf8.RuneStart(c):
				col++
			}
		}
		f.Line, f.Col = line, col
		ps = append(ps, f.Problem)
	}
	return ps
}

// quote returns foreign text for a problem: quoted, printable and short.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		return strconv.Quote(s[:cut]) + "..."
	}
	return strconv.Quote(s)
}

// nearest returns a hint at the word that was probably meant, "" for none.
func nearest(word string, among []string) string {
	const longest = 64 // the cost is the product of the lengths
	if len(word) > longest {
		return ""
	}
	best, least := "", 2+len(word)/4
	for _, candidate := range among {
		if len(candidate) > longest {
			continue
		}
		if d := distance(strings.ToLower(word), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + plain(best) + "?"
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// plain returns s as it is when it is a simple word, else quoted.
func plain(s string) string {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return quote(s)
		}
	}
	if s == "" || len(s) > 64 {
		return quote(s)
	}
	return s
}
