#!/usr/bin/env bash
# step.sh TITLE COMMAND...: runs one step of a make target, says what runs and how long it took, and notes the time in
# $BTT_TIMES when that names a file. Ends with the command's own exit code.
set -uo pipefail

title=$1
shift
printf '==> %s\n' "$title"
start=$SECONDS
"$@"
code=$?
took=$((SECONDS - start))
if [ "$code" -eq 0 ]; then word=done; else word="FAILED (exit $code)"; fi
printf '<== %s: %s, %d min %02d s\n' "$title" "$word" $((took / 60)) $((took % 60))
[ -n "${BTT_TIMES:-}" ] && printf '%6d s  %s\n' "$took" "$title" >>"$BTT_TIMES"
exit "$code"
