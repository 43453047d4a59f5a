"""MQTT packets as they come from a socket. Imports little: a broker that is killed all the time
starts with it."""

import socket
from collections.abc import Iterator


class Closed(Exception):
    """The other side has closed the connection."""


def pid_of(body: bytes) -> int:
    """Two bytes as a number: a packet id, a length."""
    return body[0] << 8 | body[1]


def packets(sock: socket.socket) -> Iterator[tuple[int, bytes]]:
    """Cut what comes into packets: the first byte, and what follows the length. Raises Closed."""
    data = b""
    while True:
        at = 0
        while (found := _packet(data, at)) is not None:
            first, start, at = found
            yield first, data[start:at]
        try:
            more = sock.recv(65536)
        except ConnectionError:
            more = b""
        if not more:
            raise Closed
        data = data[at:] + more


def _packet(data: bytes, begin: int) -> tuple[int, int, int] | None:
    """The packet at ``begin``: its first byte, and where the rest of it begins and ends."""
    n = shift = 0
    for at in range(begin + 1, len(data)):
        n |= (data[at] & 127) << shift
        shift += 7
        if data[at] < 128:
            end = at + 1 + n
            return (data[begin], at + 1, end) if end <= len(data) else None
    return None
