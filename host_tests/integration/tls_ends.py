"""Both ends of a TLS connection: a device as a process, and a server of Python's ssl."""

import json
import os
import socket
import ssl
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from motelink_tools import paths

from .certificates import Authority

DEADLINE_S = 60
GETINFO, HEART, END = b"\x00\x01\x01", b"\x00\x01\x02", b"\x00\x01\x03"
INFO = b'1862cfe1-5dab-4d8e-a946-50d6728f830f##kettle##{"a": 1}'

_DEVICE = Path(__file__).parents[1] / "upy" / "tls_device.py"


class Files:
    """The certificates of all tests."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder, "authority")
        self.stranger = Authority(folder, "stranger")
        self.server = self.authority.issue("server", "127.0.0.1", "localhost")
        self.elsewhere = self.authority.issue("elsewhere", "127.0.0.2", "example.org")
        self.expired = self.authority.issue("expired", "127.0.0.1", days=-1)
        self.device = self.authority.issue("device")
        self.bundle = folder / "bundle.pem"
        self.bundle.write_bytes(
            b"# two of them\n" + self.stranger.pem.read_bytes() + self.authority.pem.read_bytes()
        )


class Device:
    """tls_device.py as a process."""

    def __init__(self, runtime: list[str], **options: Any) -> None:
        lib = str(paths.library())
        self._process = subprocess.Popen(
            [*runtime, str(_DEVICE), json.dumps(options, default=str)],
            env={**os.environ, "PYTHONPATH": lib, "MICROPYPATH": f".frozen:{lib}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> "Device":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def says(self) -> dict[str, Any]:
        """The next line of JSON; what else it prints is shown if the test fails."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                said: dict[str, Any] = json.loads(line)
                return said
            print(line, end="")
        raise AssertionError("the device has ended without a word")


class Server:
    """Listens with a certificate; what it accepts is a connection with finished handshake."""

    def __init__(self, certificate: tuple[Path, Path], ca: Path | None = None) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        if ca is not None:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(ca)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(DEADLINE_S)
        self.port: int = self.listener.getsockname()[1]

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.listener.close()

    def accept_plain(self) -> socket.socket:
        connection = self.listener.accept()[0]
        connection.settimeout(DEADLINE_S)
        return connection

    def accept(self) -> "Connection":
        return Connection(self.context.wrap_socket(self.accept_plain(), server_side=True))

    def refuse(self) -> None:
        """Accept a device that breaks the handshake off, or does not speak after it."""
        try:
            with self.accept() as connection:
                connection.socket.sendall(GETINFO)
                assert connection.socket.recv(1) == b""
        except OSError:
            pass


class Connection:
    """One device, known by its info."""

    def __init__(self, connected: ssl.SSLSocket) -> None:
        self.socket = connected

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def say(self, payload: bytes) -> None:
        self.socket.sendall(len(payload).to_bytes(2, "big") + payload)

    def hear(self) -> bytes:
        return self._exactly(int.from_bytes(self._exactly(2), "big"))

    def _exactly(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            assert more, f"the device closed after {data!r}"
            data += more
        return data

    def introduce(self) -> None:
        self.socket.sendall(GETINFO)
        assert self.hear() == INFO

    def beat(self) -> None:
        self.socket.sendall(HEART)
        assert self.hear() == b"\x02"
