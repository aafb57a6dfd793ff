#!/usr/bin/env bash
# Fuzzes every target for a bounded time: with coverage where cargo-fuzz and a nightly toolchain are installed, else with
# seeded mutations on the stable toolchain. FUZZ_SECONDS is the time per target with coverage, FUZZ_RUNS the number of
# runs per target without.
set -euo pipefail

if command -v cargo-fuzz >/dev/null && cargo +nightly --version >/dev/null 2>&1; then
  # The workspace's versions; cargo adds what the targets alone need.
  cp Cargo.lock fuzz/Cargo.lock
  for target in $(awk -F '"' '/^name = / && NR > 12 { print $2 }' fuzz/Cargo.toml); do
    mkdir -p "fuzz/corpus/$target" "fuzz/seeds/$target"
    etc/step.sh "fuzz $target" cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
      -max_total_time="${FUZZ_SECONDS:-60}" -max_len=65536
  done
else
  echo "cargo-fuzz or a nightly toolchain is not installed: seeded mutations on the stable toolchain instead"
  BTT_FUZZ_RUNS=${FUZZ_RUNS:-1000000} BTT_FUZZ_SEED=${FUZZ_SEED:-$(date +%s)} \
    etc/step.sh 'fuzz' cargo test --locked --workspace --test fuzz
fi
