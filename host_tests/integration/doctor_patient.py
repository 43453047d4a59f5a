"""A virtual board to examine with ``motelink doctor``, and servers for it."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from motelink_tools import doctor
from motelink_tools.board import VirtualBoard
from motelink_tools.doctor import Finding
from motelink_tools.flash import Options, flash

from .certificates import Authority

SECRET = "of-nobodys-business"
BASE = 'ntp_servers = ""\n'
WIFI = f'wifi_ssid = "home"\nwifi_password = "{SECRET}"\n'
LOSANT = (
    f'losant_device = "lamp"\nlosant_key = "key"\nlosant_secret = "{SECRET}"\n'
    'losant_host = "{}"\nlosant_port = {}\n'
)


class Patient:
    """A virtual board with the library on it, and no program that would start."""

    def __init__(self, board: VirtualBoard) -> None:
        self.board = board
        self.folder = board.folder
        self.project = board.folder.parent / "project"

    def write(self, name: str, content: str | bytes) -> None:
        data = content.encode() if isinstance(content, str) else content
        (self.folder / name).write_bytes(data)

    def examine(self, settings: str = BASE) -> dict[str, list[Finding]]:
        """The findings, by check."""
        self.write("settings.toml", settings)
        found: dict[str, list[Finding]] = {}
        for finding in doctor.of_board(self.board.port, self.project):
            found.setdefault(finding.check, []).append(finding)
        assert SECRET not in repr(found)
        return found


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBoard]:
    folder = tmp_path_factory.mktemp("doctor")
    (folder / "project").mkdir()
    with VirtualBoard(folder / "board") as board:
        flash(Options(port=board.port, project=folder / "project", reset=False))
        (board.folder / "main.py").unlink()
        yield board


@pytest.fixture
def patient(started: VirtualBoard) -> Iterator[Patient]:
    before = {file.name for file in started.folder.iterdir()}
    yield Patient(started)
    for file in started.folder.iterdir():
        if file.name not in before:
            file.unlink()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


@contextlib.contextmanager
def serving(files: tuple[Path, Path] | None = None) -> Iterator[int]:
    """A port that accepts, with TLS where there are a certificate and its key."""
    listener = socket.create_server(("127.0.0.1", 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if files:
        context.load_cert_chain(*files)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                with sock, contextlib.suppress(OSError):
                    sock.settimeout(5)
                    if files:
                        with context.wrap_socket(sock, server_side=True) as secured:
                            secured.recv(1)
                    else:
                        sock.recv(1)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def states(found: dict[str, list[Finding]], *but: str) -> set[str]:
    return {f.state for name, all_of in found.items() if name not in but for f in all_of}
