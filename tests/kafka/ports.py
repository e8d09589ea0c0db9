"""Ports of a cluster, which no other one gets while it runs: also not those of a broker that is down."""

import fcntl
import os
import pathlib
import random
import socket
import tempfile

# Below those that systems give to whoever connects.
PORTS = range(20000, 32000)
BLOCK = 40
LOCKS = pathlib.Path(tempfile.gettempdir()) / f"kafka-ports-{os.getuid()}"


def reserve(count):
    """So many free ports, and the lock on them: an open file, which a process that runs as long as the cluster keeps open.

    Another program may still take one before it is bound, since only clusters know of the locks.
    """
    LOCKS.mkdir(exist_ok=True)
    blocks = [PORTS[first : first + BLOCK] for first in range(0, len(PORTS), BLOCK)]
    for block in random.sample(blocks, len(blocks)):
        lock = os.open(LOCKS / str(block[0]), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        free = [port for port in block if _is_free(port)]
        if len(free) >= count:
            return free[:count], lock
        os.close(lock)
    raise SystemExit(f"no block of {BLOCK} ports from {PORTS[0]} to {PORTS[-1]} has {count} free ones")


def _is_free(port):
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
