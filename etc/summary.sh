#!/usr/bin/env bash
# summary.sh COMMAND...: runs the command, shows its output, and closes with "N passed, N failed, N skipped" summed over
# every line in it that closes a test binary or a suite. Ends with the command's own exit code.
set -uo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$@" 2>&1 | tee "$log"
code=${PIPESTATUS[0]}

# Two forms: cargo test's "test result: ok. 3 passed; 0 failed; 1 ignored; …" and a suite's "name: 3 passed, 0 failed".
awk '
  /^test result: / { sum($4, $6, $8) }
  /^[a-z][a-z0-9 -]*: [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ {
    sub(/^[^:]*: /, ""); sum($1, $3, $5)
  }
  function sum(a, b, c) { passed += a; failed += b; skipped += c }
  END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit passed == 0 }
' "$log" || { echo "summary: no test ran" >&2; [ "$code" -eq 0 ] && code=1; }
exit "$code"
