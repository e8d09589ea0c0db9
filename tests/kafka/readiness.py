"""Asks brokers, in their own protocol, whether they are ready."""

import socket
import struct

METADATA = 3


def brokers(port):
    """How many brokers the one on `port` knows of (Metadata v1, no topics); 0 while it does not answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as stream:
            client = b"\x00\x05ready"
            body = struct.pack(">hhi", METADATA, 1, 7) + client + struct.pack(">i", 0)
            stream.sendall(struct.pack(">i", len(body)) + body)
            (length,) = struct.unpack(">i", _exactly(stream, 4))
            correlation, count = struct.unpack(">ii", _exactly(stream, length)[:8])
            return count if correlation == 7 else 0
    except (OSError, struct.error):
        return 0


def listens(port):
    """Whether a connection to `port` is accepted."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        return True
    except OSError:
        return False


def _exactly(stream, length):
    data = b""
    while len(data) < length:
        piece = stream.recv(length - len(data))
        if not piece:
            raise OSError("closed")
        data += piece
    return data
