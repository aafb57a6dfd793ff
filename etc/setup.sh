#!/usr/bin/env bash
# Makes sure that everything which `cargo build` needs beside crates is on this machine.
# Installs missing system packages with apt-get where that is possible, else names them in one line and fails.
set -euo pipefail

rust_at_least=1.95

fail() {
  echo "setup: $*" >&2
  exit 1
}

# True when one of libclang's shared libraries is where RocksDB's binding generator looks for it.
has_libclang() {
  local folder
  for folder in "${LIBCLANG_PATH:-}" /usr/lib/llvm-*/lib /usr/lib/*-linux-gnu /usr/lib64 /usr/local/lib /usr/lib; do
    [ -n "$folder" ] && compgen -G "$folder/libclang*.so*" >/dev/null && return 0
  done
  return 1
}

missing=()
command -v cc >/dev/null && command -v c++ >/dev/null && command -v make >/dev/null || missing+=(build-essential)
has_libclang || missing+=(libclang-dev)
command -v git >/dev/null || missing+=(git)

if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null && as_root=(sudo)
    # Without a terminal nobody can type a password: ask sudo not to.
    [ ${#as_root[@]} -gt 0 ] && [ ! -t 0 ] && as_root+=(-n)
  fi
  if ! command -v apt-get >/dev/null || { [ "$(id -u)" -ne 0 ] && [ ${#as_root[@]} -eq 0 ]; }; then
    fail "missing system packages: ${missing[*]} (names as in Debian). Install them and run make again."
  fi
  echo "==> setup: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq || fail "apt-get update failed; install ${missing[*]} yourself and run make again."
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null ||
    fail "apt-get could not install ${missing[*]}; install them yourself and run make again."
fi

command -v cargo >/dev/null ||
  fail "cargo is missing: install Rust $rust_at_least or newer with rustup (see https://rustup.rs), then run make again."
rust=$(rustc --version | awk '{ print $2 }')
[ "$(printf '%s\n' "$rust_at_least" "$rust" | sort -V | head -n 1)" = "$rust_at_least" ] ||
  fail "Rust $rust is too old: bttd needs $rust_at_least or newer (rustup update stable)."
