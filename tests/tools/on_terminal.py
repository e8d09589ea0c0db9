"""Runs a program on a terminal of its own, 80 columns wide, and prints everything that it wrote there as one JSON string.

    on_terminal.py PROGRAM ARGUMENT...
"""

import fcntl
import json
import os
import pty
import struct
import sys
import termios


def main():
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
        os.execve(sys.argv[1], sys.argv[1:], os.environ)
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
    os.waitpid(child, 0)
    print(json.dumps(written.decode()))


main()
