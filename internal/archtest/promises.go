package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
)

// wellKnown are methods whose promise is an interface of the standard library.
var wellKnown = map[string]bool{
	"Error": true, "Is": true, "As": true, "Unwrap": true, "String": true,
	"Len": true, "Less": true, "Swap": true, "Push": true, "Pop": true,
	"Read": true, "Write": true, "Close": true,
	"MarshalJSON": true, "UnmarshalJSON": true, "MarshalText": true, "UnmarshalText": true,
	"LogValue": true,
}

// undocumented returns the packages without a package comment and the exported
// names without a doc comment. The comment of a group counts for its members.
func (t *tree) undocumented() []string {
	var wrong []string
	documented, first := map[string]bool{}, map[string]string{}
	for _, f := range t.files {
		if first[f.pkg] == "" {
			first[f.pkg] = f.name
		}
		documented[f.pkg] = documented[f.pkg] || f.ast.Doc != nil
		for _, decl := range f.ast.Decls {
			for _, name := range silent(decl) {
				wrong = append(wrong, fmt.Sprintf("%s: %s has no doc comment", f.name, name))
			}
		}
	}
	for _, f := range t.files {
		if !documented[f.pkg] && first[f.pkg] == f.name {
			wrong = append(wrong, fmt.Sprintf("%s: package %s has no package comment", f.name, f.pkg))
		}
	}
	return wrong
}

// silent returns the exported names of one declaration that have no comment.
func silent(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Doc != nil || !d.Name.IsExported() || d.Recv != nil && (!exportedReceiver(d) || wellKnown[name]) {
			return nil
		}
		return []string{name}
	case *ast.GenDecl:
		if d.Doc != nil || d.Tok == token.IMPORT {
			return nil
		}
		var names []string
		for _, spec := range d.Specs {
			names = append(names, silentSpec(spec)...)
		}
		return names
	}
	return nil
}

func silentSpec(spec ast.Spec) []string {
	var doc, line *ast.CommentGroup
	var idents []*ast.Ident
	switch s := spec.(type) {
	case *ast.TypeSpec:
		doc, line, idents = s.Doc, s.Comment, []*ast.Ident{s.Name}
	case *ast.ValueSpec:
		doc, line, idents = s.Doc, s.Comment, s.Names
	}
	var names []string
	for _, id := range idents {
		if doc == nil && line == nil && id.IsExported() {
			names = append(names, id.Name)
		}
	}
	return names
}

func exportedReceiver(d *ast.FuncDecl) bool {
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}
