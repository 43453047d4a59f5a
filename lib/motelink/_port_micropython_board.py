"""The board around the interpreter, for `motelink.node`: on MicroPython."""

import socket
import time
from sys import modules

import machine

try:
    import network
except ImportError:  # not every port has one
    network = None

# RTCs count from 2000 on ESP32 and ESP8266, from 1970 elsewhere.
_EPOCH = 946684800 if time.gmtime(0)[0] == 2000 else 0


def constant(name: str, default=None):
    """One of the constants of the file board.py that is on the board."""
    known = "board" in modules
    try:
        import board
    except ImportError:
        return default
    if not known:
        del modules["board"]  # 300 bytes, for two of its constants at the start
    return getattr(board, name, default)


def set_rtc(unix_s: int) -> None:
    """Set the RTC, by which TLS checks certificates, to seconds since 1970."""
    now = time.gmtime(unix_s - _EPOCH)
    machine.RTC().datetime((now[0], now[1], now[2], now[6], now[3], now[4], now[5], 0))


def udp_open(address):
    """A non-blocking UDP socket that talks to one address of `port.resolve`."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock
