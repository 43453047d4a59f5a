"""The board around the interpreter, for `motelink.node`: a host has none, and is on the network.

The pytest plugin puts its fake hardware into `machine` and `network`.
"""

import socket
import time

from motelink._port_cpython import Stream

machine = None
network = None


def constant(name: str, default=None):
    """One of the constants of board.py, under the pytest plugin."""
    if machine is None:
        return default
    try:
        import board
    except ImportError:
        return default
    return getattr(board, name, default)


def set_rtc(unix_s: int) -> None:
    """A host keeps its own time; the plugin's board is set."""
    if machine is not None:
        now = time.gmtime(unix_s - (946684800 if time.gmtime(0)[0] == 2000 else 0))
        machine.RTC().datetime((*now[:3], now[6], *now[3:6], 0))


def udp_open(address):
    family, target = address
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.connect(target)
    except OSError:
        sock.close()
        raise
    return Stream(sock)
