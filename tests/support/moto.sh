#!/bin/sh
# Starts moto (PyPI), which speaks the wire of AWS's services, on 127.0.0.1 and prints its address as one line; ends when
# standard input ends. What is missing is installed into .cache/ first.
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
"$repository/tests/tools/venv.sh" venv-moto "$repository/tests/tools/moto-requirements.txt"
venv=$repository/.cache/venv-moto

scratch=$(mktemp -d)
mkfifo "$scratch/pipe"
# Port 0 lets the system choose; the log has the number.
PYTHONUNBUFFERED=1 "$venv/bin/moto_server" -H 127.0.0.1 -p 0 >"$scratch/pipe" 2>&1 </dev/null &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$scratch"' EXIT

exec 3<"$scratch/pipe"
while read -r line <&3; do
    echo "$line" >>"$scratch/log"
    case $line in
    *"Running on http://127.0.0.1:"*)
        # A full pipe would stop the server.
        cat <&3 >/dev/null &
        echo "${line##* }"
        cat >/dev/null
        exit 0
        ;;
    esac
done
cat "$scratch/log" >&2
echo "moto ended before it listened" >&2
exit 1
