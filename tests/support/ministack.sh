#!/bin/sh
# Starts MiniStack (PyPI) on 127.0.0.1 and prints its address as one line; ends when standard input ends.
# What is missing is installed into .cache/ first. Without cbor2 it would answer 200 and drop the data.
#
#     ministack.sh [PROGRAM]     a Python program that starts it in its own way
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
"$repository/tests/tools/venv.sh" venv-ministack "$repository/tests/tools/ministack-requirements.txt"
venv=$repository/.cache/venv-ministack

port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
scratch=$(mktemp -d)
mkfifo "$scratch/pipe"
# The address in its own environment is what functions get.
BIND_HOST=127.0.0.1 GATEWAY_PORT=$port TMPDIR=$scratch AWS_ENDPOINT_URL=http://127.0.0.1:$port MINISTACK_REGION=eu-central-1 \
    "$venv/bin/python" "${1:-$venv/bin/ministack}" >"$scratch/pipe" 2>&1 </dev/null &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$scratch"' EXIT

exec 3<"$scratch/pipe"
while read -r line <&3; do
    echo "$line" >>"$scratch/log"
    case $line in
    *"Running on http"*)
        # A full pipe would stop the server.
        cat <&3 >"${MINISTACK_LOG:-/dev/null}" &
        echo "http://127.0.0.1:$port"
        cat >/dev/null
        exit 0
        ;;
    esac
done
cat "$scratch/log" >&2
echo "MiniStack ended before it listened" >&2
exit 1
