# Everything that is done to this repository goes through here; `make` explains.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# duckdb_arrow: query results leave DuckDB as Arrow. Without it they are copied row by row.
TAGS := duckdb_arrow
LDFLAGS := -X main.version=$(VERSION)
PYTHON ?= python3
SCHEMA ?= schema.json
PKG ?= ./...
FUZZTIME ?= 20s
KILLS ?= 200
WORKLOAD ?= --duration 10s
# auto: leave interop out, saying so, where Python is missing. required: fail then.
REMBUS_INTEROP ?= auto

export REMBUS_INTEROP
export PYTHON

.PHONY: help
help: ## show this
	@echo 'Rembus for Go. First steps: make run, then README.md.'
	@echo
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo '  SCHEMA=file   the schema that make run serves   (now $(SCHEMA))'
	@echo '  PKG=./server  what test, race and fuzz work on  (now $(PKG))'
	@echo '  FUZZTIME=1m   how long each fuzz target runs    (now $(FUZZTIME))'
	@echo '  KILLS=1000    how often torture kills rembusd   (now $(KILLS))'
	@echo '  WORKLOAD=…    flags of rembus bench for profile (now $(WORKLOAD))'

.PHONY: build
build: toolchain ## build bin/rembusd and bin/rembus
	CGO_ENABLED=1 go build -tags $(TAGS) -ldflags '$(LDFLAGS)' -o bin/rembusd ./cmd/rembusd
	CGO_ENABLED=0 go build -ldflags '$(LDFLAGS)' -o bin/rembus ./cmd/rembus

.PHONY: run
run: build ## build, then serve schema.json on ws://127.0.0.1:8338
	exec bin/rembusd --schema $(SCHEMA)

.PHONY: test
test: build venv ## all tests under the race detector, real Python clients included
	ci/test -race -count 1 -tags $(TAGS) $(PKG)

.PHONY: race
race: toolchain ## as test, each twice, in random order, without the interop tests
	ci/test -race -tags $(TAGS) -count 2 -shuffle on $$(go list -tags $(TAGS) $(PKG) | grep -v /interop)

.PHONY: interop
interop: build venv ## only the tests that drive real foreign clients
	REMBUS_BROKER=$(CURDIR)/bin/rembusd ci/test -tags $(TAGS) -count 1 ./interop/...

.PHONY: torture
torture: build ## kill rembusd KILLS times under load, then ask for every message
	REMBUS_BROKER=$(CURDIR)/bin/rembusd REMBUS_KILLS=$(KILLS) ci/test -race -tags $(TAGS) -count 1 ./torture

.PHONY: lint
lint: toolchain ## gofmt, go vet, staticcheck, govulncheck
	ci/lint $(TAGS)

.PHONY: cross
cross: ## compile the client side without cgo for other platforms
	ci/cross

.PHONY: fmt
fmt: ## format all Go files
	gofmt -s -w .

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME
	ci/fuzz $(FUZZTIME) $(PKG)

.PHONY: bench
bench: build ## measure against other brokers, write docs/performance.md (an hour or two)
	cd bench && go run ./cmd/bench

.PHONY: bench-quick
bench-quick: build ## the same in short, printed only
	cd bench && go run ./cmd/bench --quick

.PHONY: bench-curves
bench-curves: build ## only how costs grow, drawn into docs/
	cd bench && go run ./cmd/bench --curves

.PHONY: profile
profile: build ## CPU, heap and mutex profiles of rembusd under WORKLOAD, in profiles/
	ci/profile $(WORKLOAD)

.PHONY: clean
clean: ## remove what was built, the Python environment included
	rm -rf bin .venv profiles
	go clean -testcache

.PHONY: venv
venv:
	@ci/venv

.PHONY: toolchain
toolchain:
	@ci/toolchain
