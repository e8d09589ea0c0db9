"""Runs a program on a terminal of its own, 80 columns wide, and prints everything that it wrote there as one JSON string.

    on_terminal.py [--ctrl-c-after TEXT] PROGRAM ARGUMENT...

With --ctrl-c-after it presses Ctrl-C as soon as the program has written TEXT. A program that runs for longer than a
minute is killed, and the exit code is 1.
"""

import fcntl
import json
import os
import pty
import signal
import struct
import sys
import termios


def main():
    command, awaited = sys.argv[1:], None
    if command[0] == "--ctrl-c-after":
        awaited, command = command[1].encode(), command[2:]
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
        os.execve(command[0], command, os.environ)
    late = []
    signal.signal(signal.SIGALRM, lambda *_: (late.append(True), os.kill(child, signal.SIGKILL)))
    signal.alarm(60)
    written = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            # Linux says so when the program has left its terminal.
            break
        if not part:
            break
        written += part
        if awaited and awaited in written:
            awaited = None
            os.write(terminal, b"\x03")
    os.waitpid(child, 0)
    print(json.dumps(written.decode()))
    if late:
        sys.exit(1)


main()
