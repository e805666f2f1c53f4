// Package server is the broker core.
package server
