package archtest

import (
	"fmt"
	"go/ast"
)

// No file above maxFile lines, no function above maxFunc: who needs more has
// not found the parts yet.
const (
	maxFile = 500
	maxFunc = 80
)

// tooLarge returns the files and functions above the limits.
func (t *tree) tooLarge() []string {
	var wrong []string
	for _, f := range t.files {
		if n := t.fset.File(f.ast.Pos()).LineCount(); n > maxFile {
			wrong = append(wrong, fmt.Sprintf("%s: %d lines, the limit is %d", f.name, n, maxFile))
		}
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := t.lines(fn); n > maxFunc {
				wrong = append(wrong, fmt.Sprintf("%s: func %s has %d lines, the limit is %d", f.name, fn.Name.Name, n, maxFunc))
			}
		}
	}
	return wrong
}
