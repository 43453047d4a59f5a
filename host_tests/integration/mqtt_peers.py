"""The MQTT clients, and the HTTP one, that others wrote, as published, and what they need of a
board on CPython."""

import socket
import subprocess
import sys
import types
from pathlib import Path

import pytest

from motelink_tools.paths import cache_folder

# The last umqtt.simple that pip takes.
PACKAGES = (
    "micropython-umqtt.simple==1.1",
    "adafruit-circuitpython-minimqtt==8.1.0",
    "adafruit-circuitpython-connectionmanager==3.1.8",
    "adafruit-circuitpython-ticks==1.1.7",
    "adafruit-circuitpython-requests==4.1.17",  # what motelink.http stands on there
    "adafruit-circuitpython-typing==1.13.0",
)


class Socket:
    """A socket as MicroPython has it."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self.connect = self._socket.connect
        self.close = self._socket.close
        self.setblocking = self._socket.setblocking

    def write(self, data: bytes | str, size: int | None = None) -> None:
        data = data.encode() if isinstance(data, str) else data
        self._socket.sendall(data[:size])

    def read(self, size: int) -> bytes | None:
        found = b""
        while len(found) < size:
            try:
                piece = self._socket.recv(size - len(found))
            except BlockingIOError:
                return found or None
            if not piece:
                break
            found += piece
        return found


def fetch() -> Path:
    """Where they are; without what they depend on, which is for hardware."""
    folder = cache_folder() / "peers" / "-".join(name.rpartition("==")[2] for name in PACKAGES)
    if not folder.is_dir():
        pip = [sys.executable, "-m", "pip", "install", "-qqq", "--no-deps", "--no-compile"]
        partial = folder.with_suffix(".partial")
        subprocess.run([*pip, "--target", str(partial), *PACKAGES], check=True, timeout=300)
        partial.rename(folder)
    return folder


def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make them importable in this test, with the modules that a board would have."""

    def module(name: str, **names: object) -> None:
        made = types.ModuleType(name)
        vars(made).update(names)
        monkeypatch.setitem(sys.modules, name, made)

    import binascii
    import struct

    monkeypatch.syspath_prepend(str(fetch()))
    module("micropython", const=lambda value: value)
    types_of = ("CircuitPythonSocket", "Interface", "SocketpoolModule", "Socket", "SSLContext")
    module("circuitpython_typing")
    module("circuitpython_typing.socket", **{f"{name}Type": object for name in types_of})
    module("usocket", socket=Socket, getaddrinfo=socket.getaddrinfo)
    module("ustruct", **vars(struct))
    module("ubinascii", hexlify=binascii.hexlify)
