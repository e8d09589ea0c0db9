#!/bin/sh
# Makes .cache/NAME a Python environment with exactly what a file of requirements names, unless it is one already.
#
#     [PYTHON=python3.14] venv.sh NAME REQUIREMENTS
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../.." && pwd)/.cache
venv=$cache/$1
"$here/prerequisites.sh" python
mkdir -p "$cache"
(
    # Targets that run side by side install once.
    flock 9
    if ! cmp -s "$2" "$venv/installed"; then
        echo "installing $(tr '\n' ' ' <"$2")into .cache/$1" >&2
        "${PYTHON:-python3}" -m venv --clear "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$2" >&2
        cp "$2" "$venv/installed"
    fi
) 9>"$venv.lock"
