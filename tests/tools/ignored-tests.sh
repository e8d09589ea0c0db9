#!/bin/sh
# Runs the tests that need more than a Rust compiler, by the beginning of their names; finding none is a failure.
#
#     ignored-tests.sh real_kafka [more arguments of the test binaries …]
#
# On real brokers elections, loads and rebalances take the time that they need. A test of real_kafka that fails runs once
# more, alone; both outcomes are printed, and a second failure is final.
set -eu

python3 "$(dirname "$0")/compiling.py" test --no-run --test pure --test it
# Read to its end: a listing whose reader has left complains.
found=$(cargo test --quiet --test pure --test it -- --ignored --list "$1")
if ! printf '%s\n' "$found" | grep ': test$' >/dev/null; then
    echo "no ignored test has $1 in its name" >&2
    exit 1
fi
case "$1" in
real_kafka*) ;;
*) exec cargo test --quiet --test pure --test it -- --ignored "$@" ;;
esac

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
{
    cargo test --quiet --no-fail-fast --test pure --test it -- --ignored "$@" 2>&1 || echo $? >"$scratch/failed"
} | tee "$scratch/output"
if [ ! -e "$scratch/failed" ]; then
    exit 0
fi
# Each failed test stands in the last list of its binary, alone on an indented line.
again=$(sed -n 's/^    \([a-z][a-z0-9_]*::[a-z0-9_:]*\)$/\1/p' "$scratch/output" | sort -u)
if [ -z "$again" ]; then
    exit "$(cat "$scratch/failed")" # it did not compile, or a binary crashed
fi
for test in $again; do
    case "$found" in
    *"$test: test"*) ;;
    *) exit "$(cat "$scratch/failed")" ;;
    esac
    echo "FAILED ONCE: $test runs again, alone"
    cargo test --quiet --test pure --test it -- --ignored --exact "$test"
    echo "FAILED ONCE, PASSED ALONE: $test"
done
