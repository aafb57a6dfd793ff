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

.PHONY: help
help: ## Lists the targets
	@echo 'make TARGET'
	@awk -F ': .*## ' '/^[a-z-]+: .*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: ## Checks for compilers and libclang, installs what is missing where it can
	@etc/setup.sh

.PHONY: build
build: setup ## Builds the released program: target/release/bttd
	@$(STEP) 'build bttd (release)' $(CARGO) build --locked --release --package bttd
	@echo "$(CARGO_TARGET_DIR)/release/bttd"

.PHONY: test
test: setup ## Runs every test of the workspace, and a slice of Ethereum's fixtures
	@$(STEP) 'build with tests' $(CARGO) build --locked --workspace --bins --tests
	@BTT_BIN="$(CARGO_TARGET_DIR)/debug/bttd" $(STEP) 'tests' \
	  etc/summary.sh $(CARGO) test --locked --workspace --tests --no-fail-fast

.PHONY: check
check: setup ## Checks format, lints, documentation, repository rules
	@$(STEP) 'format' $(CARGO) fmt --all --check
	@$(STEP) 'lints' $(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@RUSTDOCFLAGS='-D warnings' $(STEP) 'documentation' $(CARGO) doc --locked --workspace --no-deps
	@$(STEP) 'documentation examples' $(CARGO) test --locked --workspace --doc
	@$(STEP) 'repository rules' $(CARGO) test --locked --workspace --test tidy
	@etc/optional-checks.sh
