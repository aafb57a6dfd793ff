# Every target does its own set-up. Say `make` or `make help` for the list.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# cargo as rustup installs it, also in the shell that has just installed it.
export PATH := $(PATH):$(HOME)/.cargo/bin
export CARGO_TARGET_DIR ?= $(CURDIR)/target

STEP := etc/step.sh
CARGO := cargo
# Tests run the program; it is built once, with the same features as they are.
BUILD_TESTS = $(STEP) 'build with tests' $(CARGO) build --locked --workspace --bins --tests
BTT_BIN = $(CARGO_TARGET_DIR)/debug/bttd

# The tests that are made of Ethereum's published cases.
CONFORMANCE := --test conformance

.PHONY: help
help: ## list the targets
	@echo 'make TARGET'
	@awk -F ': .*## ' '/^[a-z-]+: .*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install the compilers and libclang that are missing, or name them
	@etc/setup.sh

.PHONY: build
build: setup ## build the released program
	@$(STEP) 'build bttd (release)' $(CARGO) build --locked --release --package bttd
	@echo "$(CARGO_TARGET_DIR)/release/bttd"

.PHONY: test
test: setup ## run every test of the workspace, and a slice of Ethereum's fixtures
	@$(BUILD_TESTS)
	@BTT_BIN="$(BTT_BIN)" $(STEP) 'tests' \
	  etc/summary.sh $(CARGO) test --locked --workspace --tests --no-fail-fast

.PHONY: check
check: setup ## check format, lints, documentation, repository rules
	@$(STEP) 'format' $(CARGO) fmt --all --check
	@$(STEP) 'lints' $(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@RUSTDOCFLAGS='-D warnings' $(STEP) 'documentation' $(CARGO) doc --locked --workspace --no-deps
	@$(BUILD_TESTS)
	@$(STEP) 'documentation examples' $(CARGO) test --locked --workspace --doc
	@BTT_BIN="$(BTT_BIN)" $(STEP) 'repository rules, generated references' \
	  $(CARGO) test --locked --workspace --test tidy --test docs
	@etc/optional-checks.sh

.PHONY: conformance
conformance: setup ## run Ethereum's suites whole (the folder BTT_FIXTURES, else ../shared/fixtures)
	@$(BUILD_TESTS)
	@BTT_BIN="$(BTT_BIN)" BTT_CONFORMANCE=full $(STEP) 'conformance' \
	  etc/summary.sh $(CARGO) test --locked --workspace --no-fail-fast $(CONFORMANCE)

.PHONY: bench
bench: build ## time execution, root and commit against plain revm, in the released program
	@"$(CARGO_TARGET_DIR)/release/bttd" bench execution

.PHONY: docs
docs: setup ## rewrite the references that are generated: docs/cli and docs/exit-codes.md
	@$(BUILD_TESTS)
	@UPDATE_DOCS=1 BTT_BIN="$(BTT_BIN)" $(STEP) 'generated references' $(CARGO) test --locked --workspace --test docs

.PHONY: fuzz
fuzz: setup ## fuzz every decoder of outside bytes for a bounded time
	@etc/fuzz.sh

include contracts/make.mk
