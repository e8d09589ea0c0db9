#!/bin/sh
# Runs the tests that need more than a Rust compiler, by the beginning of their names; finding none is a failure.
#
#     ignored-tests.sh real_kafka [what else the test binaries are to be told …]
set -eu

python3 "$(dirname "$0")/compiling.py" test --no-run --test pure --test it
# Read to its end: a listing whose reader has left complains.
found=$(cargo test --quiet --test pure --test it -- --ignored --list "$1")
if ! printf '%s\n' "$found" | grep ': test$' >/dev/null; then
    echo "no ignored test has $1 in its name" >&2
    exit 1
fi
exec cargo test --quiet --test pure --test it -- --ignored "$@"
