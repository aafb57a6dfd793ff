#!/usr/bin/env bash
# The checks of `make check` whose tools are not part of a Rust toolchain. Each is run where its tool is installed, and
# named as skipped where it is not.
set -uo pipefail

failed=0
skipped=()

# check TOOL COMMAND...
check() {
  local tool=$1
  shift
  if command -v "$tool" >/dev/null; then
    etc/step.sh "$tool" "$@" || failed=1
  else
    skipped+=("$tool")
  fi
}

# Advisories need the network; `cargo deny check advisories` is for a person with one.
check cargo-deny cargo deny --locked --all-features check bans licenses sources
check cargo-machete cargo machete
check typos typos

[ ${#skipped[@]} -gt 0 ] && echo "skipped, not installed: ${skipped[*]} (cargo install --locked NAME)"
exit "$failed"
