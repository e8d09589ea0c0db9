"""Runs targets of the Makefile, lane beside lane, since most of them wait for others: brokers, stand-ins, emulators.

    lanes.py "test-unit test-kafka" "test-infra test-deploy"

The targets of a lane run one after the other; a lane that is done goes on with the last of another. Each line of output begins
with its target. After a failure no further target begins, unless `make --keep-going` asks for it. The last lines are the
time of each target.
"""

import collections
import os
import subprocess
import sys
import threading
import time


class Lanes:
    def __init__(self, lanes):
        self.lanes = lanes
        self.waiting = [collections.deque(lane) for lane in lanes]
        self.lock = threading.Lock()
        self.failed, self.took = [], {}
        # The letters of make's flags without an argument are its first word.
        self.keep_going = "k" in os.environ.get("MAKEFLAGS", "").split(" ")[0]

    def run(self):
        threads = [threading.Thread(target=self.lane, args=(own,)) for own in self.waiting]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def next(self, own):
        """The first target of a lane, else the last of the longest one; None where nothing is left to begin."""
        with self.lock:
            if self.failed and not self.keep_going:
                return None
            longest = max(self.waiting, key=len)
            return own.popleft() if own else longest.pop() if longest else None

    def lane(self, own):
        while target := self.next(own):
            began = time.monotonic()
            argv = ["make", "--no-print-directory", target]
            child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
            for line in child.stdout:
                self.say(f"{target}: {line.rstrip()}")
            if child.wait() != 0:
                self.failed.append(target)
            self.took[target] = time.monotonic() - began

    def say(self, line):
        with self.lock:
            print(line, flush=True)


def main():
    lanes = Lanes([lane.split() for lane in sys.argv[1:]])
    lanes.run()
    for lane in lanes.lanes:
        times = [f"{target} {lanes.took[target]:.0f} s" if target in lanes.took else f"{target} was not run" for target in lane]
        lanes.say(", ".join(times))
    if lanes.failed:
        raise SystemExit(f"failed: {' '.join(lanes.failed)}")


if __name__ == "__main__":
    main()
