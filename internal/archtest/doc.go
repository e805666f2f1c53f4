// Package archtest holds the architecture as tests: which package may import
// which, what stays free of cgo, how large files and functions may get, and that
// every exported name says what it promises.
//
// The import rules are the table [rules]. A package without a rule fails, so
// that a new one is a decision and not an accident.
package archtest
