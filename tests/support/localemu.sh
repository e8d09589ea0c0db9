#!/bin/sh
# Starts LocalEmu (PyPI) on 127.0.0.1 and prints its address as one line; ends when standard input ends.
# What is missing is installed into .cache/ first. It wants Python 3.13 or newer: PYTHON_313 names one, else it is looked for.
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
for python in "${PYTHON_313:-}" python3.14 python3.13 python3 "$HOME"/.pyenv/versions/3.1[3-9]*/bin/python; do
    if [ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null; then
        break
    fi
    python=
done
[ -n "$python" ] || { echo "LocalEmu needs Python 3.13 or newer: set PYTHON_313" >&2; exit 1; }
PYTHON=$python "$repository/tests/tools/venv.sh" venv-localemu "$repository/tests/tools/localemu-requirements.txt"
venv=$repository/.cache/venv-localemu

port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
scratch=$(mktemp -d)
GATEWAY_LISTEN=127.0.0.1:$port TMPDIR=$scratch SERVICES=cloudwatch DISABLE_EVENTS=1 SKIP_SSL_CERT_DOWNLOAD=1 \
    "$venv/bin/python" -m localemu.runtime.main >"$scratch/log" 2>&1 </dev/null &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$scratch"' EXIT

# It says so once more than one way; what counts is that it answers.
until "$venv/bin/python" -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/_localemu/health', timeout=5)" 2>/dev/null; do
    kill -0 "$server" 2>/dev/null || { cat "$scratch/log" >&2; echo "LocalEmu ended before it listened" >&2; exit 1; }
    sleep 1
done
echo "http://127.0.0.1:$port"
cat >/dev/null
