"""Runs cargo, and says what it compiles and how far it is: a line in a while, not one a crate.

    compiling.py test --no-run --locked
"""

import pathlib
import subprocess
import sys
import time

LOCK = pathlib.Path(__file__).resolve().parents[2] / "Cargo.lock"
EVERY_S = 15.0


def main():
    crates = LOCK.read_text().count("[[package]]")
    child = subprocess.Popen(["cargo", *sys.argv[1:]], stderr=subprocess.PIPE, text=True)
    done, printed = 0, time.monotonic()
    for line in child.stderr:
        words = line.split()
        if words[:1] in (["Compiling"], ["Checking"], ["Documenting"]):
            done += 1
            if time.monotonic() - printed >= EVERY_S:
                printed = time.monotonic()
                print(f"compiling {words[1]}: {done} of at most {crates} crates", file=sys.stderr, flush=True)
        elif words[:1] not in (["Finished"], ["Executable"], ["Fresh"], ["Generated"], ["Downloaded"]):
            sys.stderr.write(line)
    return child.wait()


if __name__ == "__main__":
    sys.exit(main())
