"""``motelink doctor`` at a virtual board: each trouble is there for real, and is told."""

import contextlib
import json
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from motelink_tools import cli, doctor
from motelink_tools.board import VirtualBoard
from motelink_tools.board.state import State
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


def test_a_board_that_is_well(patient: Patient) -> None:
    with serving() as port:
        found = patient.examine(
            BASE + WIFI + f'manager_host = "127.0.0.1"\nmanager_port = {port}\n'
        )
    assert states(found, "hub") == {"ok"}
    assert found["board"][0].says.startswith("virtual: ")
    assert "-55 dBm" in found["wifi"][0].says
    assert "manager_host" in found["settings"][0].says
    assert "127.0.0.1" in found["manager.board"][0].says


def test_a_server_that_does_not_run(patient: Patient) -> None:
    found = patient.examine(BASE + f'sepl_host = "127.0.0.1"\nsepl_port = {closed_port()}\n')
    here, there = found["sepl.host"][0], found["sepl.board"][0]
    assert (here.state, there.state) == ("wrong", "wrong")
    assert "efused" in here.says
    assert "ECONNREFUSED" in there.says
    assert {f.says for f in found["settings"]} == {
        "sepl_user is missing; sepl needs it",
        "sepl_password is missing; sepl needs it",
    }


def test_a_host_that_there_is_not(patient: Patient) -> None:
    found = patient.examine(BASE + 'commute_root = "ws://there.invalid/ws"\n'
                            'commute_device = "lamp"\ncommute_key = "key"\n')  # fmt: skip
    assert "there.invalid has no address here" in found["commute.host"][0].says
    assert "the board finds no address of there.invalid" in found["commute.board"][0].says
    assert "commute_root" in found["commute.board"][0].do


@pytest.mark.parametrize(
    ("issue", "says"),
    [
        (lambda ca, _: ca.issue("good", "127.0.0.1", days=90), "valid until"),
        (lambda ca, _: ca.issue("soon", "127.0.0.1", days=3), "ends in 3 days"),
        (lambda ca, _: ca.issue("expired", "127.0.0.1", days=-1), "has expired"),
        (lambda ca, _: ca.issue("elsewhere", "example.org"), "is of example.org, and not of 127"),
        (lambda _, it: Authority(it, "stranger").issue("s", "127.0.0.1"), "not of the authority"),
    ],
)
def test_certificates(
    patient: Patient,
    authority: Authority,
    tmp_path: Path,
    issue: Callable[[Authority, Path], tuple[Path, Path]],
    says: str,
) -> None:
    patient.write("ca.der", authority.der.read_bytes())
    with serving(issue(authority, tmp_path)) as port:
        found = patient.examine(BASE + LOSANT.format("127.0.0.1", port) + 'losant_ca = "ca.der"\n')
    assert found["losant.host"][0].state == "ok"
    told = [f for f in found["losant.certificate"] if says in f.says]
    assert len(told) == 1
    # The board itself is of the same opinion.
    fine = told[0].state != "wrong"
    assert (found["losant.board"][0].state == "ok") == fine, found["losant.board"]
    assert bool(told[0].do) == (told[0].state != "ok")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("", "losant_ca is not set"),
        ('losant_ca = "none.der"\n', "no file none.der"),
        ('losant_ca = "settings.toml"\n', "is no certificate"),
    ],
)
def test_an_authority_that_is_not_there(
    patient: Patient, authority: Authority, more: str, says: str
) -> None:
    with serving(authority.issue("server", "127.0.0.1")) as port:
        found = patient.examine(BASE + LOSANT.format("127.0.0.1", port) + more)
    assert says in found["losant.certificate"][0].says
    assert "cannot verify" in found["losant.board"][0].says or more.endswith('settings.toml"\n')
    assert found["losant.board"][0].state == "wrong"


TLS = {
    "manager": 'manager_host = "127.0.0.1"\nmanager_port = {}\nmanager_tls = true\n',
    "iottalk": 'iottalk_url = "https://127.0.0.1:{}"\n',
    "sepl": 'sepl_host = "127.0.0.1"\nsepl_port = {}\nsepl_protocol = "wss"\n'
    f'sepl_user = "me"\nsepl_password = "{SECRET}"\n',
    "commute": 'commute_root = "wss://127.0.0.1:{}/ws"\n'
    f'commute_device = "lamp"\ncommute_key = "{SECRET}"\n',
}


@pytest.mark.parametrize("platform", TLS)
def test_each_platform_has_its_authority(
    patient: Patient, authority: Authority, platform: str
) -> None:
    patient.write("ca.der", authority.der.read_bytes())
    with serving(authority.issue("server", "127.0.0.1", days=90)) as port:
        settings = BASE + TLS[platform].format(port)
        found = patient.examine(f'{settings}{platform}_ca = "ca.der"\n')
        assert "wrong" not in states(found), found
        assert "verified" in found[f"{platform}.board"][0].says
        assert "valid until" in found[f"{platform}.certificate"][0].says
        found = patient.examine(settings)
    assert f"{platform}_ca is not set" in found[f"{platform}.certificate"][0].says


def test_a_server_that_speaks_no_tls(patient: Patient) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                with sock:
                    sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        found = patient.examine(BASE + LOSANT.format("127.0.0.1", listener.getsockname()[1]))
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
    assert "does not speak TLS" in found["losant.host"][0].says
    assert "losant_secure" in found["losant.host"][0].do


def test_the_time_is_not_known(patient: Patient) -> None:
    patient.board.faults.set("clock-unset")
    try:
        found = patient.examine(BASE + LOSANT.format("127.0.0.1", closed_port()))
    finally:
        patient.board.faults.clear("clock-unset")
    assert (found["clock"][0].state, found["clock"][0].says) == ("wrong", "the time is not known")
    assert "TLS" in found["clock"][0].do


def test_no_time_server_answers(patient: Patient) -> None:
    found = patient.examine(BASE.replace('""', '"127.0.0.1"'))
    assert found["time_server"][0].state == "wrong"
    assert "127.0.0.1" in found["time_server"][0].says


def test_wifi_is_not_there(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motelink_tools.doctor.network._JOIN_S", 1)
    patient.board.faults.set("wifi-loss")
    try:
        found = patient.examine(BASE + WIFI)
    finally:
        patient.board.faults.clear("wifi-loss")
    assert found["wifi"][0].state == "wrong"
    assert "not joined" in found["wifi"][0].says


def test_the_file_system_is_full(patient: Patient) -> None:
    patient.write("full.bin", bytes(565 << 10))
    found = patient.examine()
    assert found["flash"][0].state == "wrong"
    assert "of flash are free" in found["flash"][0].says


def test_another_version_of_the_library(patient: Patient) -> None:
    init = patient.folder / "lib" / "motelink" / "__init__.mpy"
    kept = init.read_bytes()
    init.unlink()
    other = init.with_suffix(".py")
    other.write_text('__version__ = "0.0.9"\n')
    try:
        found = patient.examine()
    finally:
        other.unlink()
        init.write_bytes(kept)
    assert found["sdk"][0].says.startswith("motelink 0.0.9 on the board, ")
    assert "motelink flash" in found["sdk"][0].do


def test_a_crash_and_safe_mode(patient: Patient) -> None:
    patient.write("crash.txt", "--- after 7 s; start: power\nTraceback:\nValueError: no sensor\n")
    patient.write("guard", "3 0123456789abcdef")
    found = patient.examine()
    assert "ValueError: no sensor" in found["crash"][0].says
    assert "3 boots in a row died" in found["safe_mode"][0].says


@pytest.mark.parametrize(
    ("line", "state", "says", "do"),
    [
        ('manager_hots = "127.0.0.1"', "wrong", "manager_hots", "did you mean manager_host?"),
        ("led_pin = 5", "note", "does not ask for the setting led_pin", "leave it"),
        ('manager_host = "127.0.0.1"\nmanager_port = "1"', "wrong", "manager_port is", "integer"),
        (f'wifi_hostname = "{SECRET}" nonsense', "wrong", "settings.toml line 2", "mend"),
    ],
)
def test_settings(patient: Patient, line: str, state: str, says: str, do: str) -> None:
    found = patient.examine(f"{BASE}{line}\n")["settings"]
    told = [f for f in found if says in f.says and f.state == state]
    assert len(told) == 1, found
    assert do in told[0].do


def test_settings_that_cannot_be_read_end_it(patient: Patient) -> None:
    found = patient.examine("nonsense\n")
    assert found["settings"][0].state == "wrong"
    assert not {"wifi", "clock", "platform"} & found.keys()


def test_a_setting_that_the_project_asks_for(patient: Patient, tmp_path: Path) -> None:
    patient.project = tmp_path
    (tmp_path / "app.py").write_text('def run(node):\n    node.settings.integer("led_pin", 2)\n')
    assert [f.state for f in patient.examine(BASE + "led_pin = 5\n")["settings"]] == ["ok"]


def test_a_bare_board(tmp_path: Path) -> None:
    with VirtualBoard(tmp_path, heap="40k") as board:
        found = {f.check: f for f in doctor.of_board(board.port, tmp_path)}
    assert "motelink is not on the board" in found["sdk"].says
    assert found["sdk"].do == "motelink flash"
    assert "a node needs 52 KiB" in found["heap"].says


def test_a_heap_that_is_full(started: VirtualBoard, tmp_path: Path) -> None:
    files = shutil.copytree(started.folder, tmp_path / "board")
    (files / "settings.toml").write_text(BASE + WIFI + 'manager_host = "127.0.0.1"\n')
    (files / "boot.py").write_text("keep = [bytearray(512) for _ in range(36)]\n")
    with VirtualBoard(files, heap="40k") as board:
        found = {f.check: f for f in doctor.of_board(board.port, tmp_path)}
        (failed,) = (f for f in found.values() if "MemoryError" in f.says)
        assert failed.check in ("settings", "wifi")
        assert "heap" in failed.do
        # It has started anew, behind the examination.
        deadline = time.monotonic() + 30
        while board.resets < 3 or board.state is not State.REPL:
            assert time.monotonic() < deadline, board.state
            time.sleep(0.05)


def test_a_name_server_that_hangs(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motelink_tools.transport._EXEC_S", 1)
    monkeypatch.setattr("motelink_tools.transport._READ_S", 1)
    patient.board.faults.set("dns-hang", 60)
    try:
        found = patient.examine(BASE + 'manager_host = "there.invalid"\n')
    finally:
        patient.board.faults.clear("dns-hang")
        patient.board.hard_reset()
    assert "stopped answering" in found["examination"][0].says
    assert "name server" in found["examination"][0].do
    assert "hub" in found


def test_the_command(patient: Patient, capsys: pytest.CaptureFixture[str]) -> None:
    patient.write("settings.toml", BASE)
    assert cli.main(["doctor", "--port", patient.board.port, "--json"]) == 1
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["port"]) == (False, patient.board.port)
    assert {f["check"] for f in said["findings"] if f["state"] == "wrong"} == {"platform"}
    assert cli.main(["doctor", "--port", patient.board.port]) == 1
    lines = capsys.readouterr().out
    assert "WRONG platform" in lines
    assert "\x1b" not in lines
    assert "1 wrong" in lines.splitlines()[-1]


def test_this_machine(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert cli.main(["doctor", "--host", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {"python", "mpremote", "mpy-cross", "ports"} <= {f["check"] for f in said["findings"]}
    # A port that this user may not open, and a cache with no MicroPython in it.
    monkeypatch.setattr(
        "motelink_tools.doctor.machine.serial_ports", lambda: [(str(tmp_path / "tty"), "WCH")]
    )
    (tmp_path / "tty").touch()
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setenv("MOTELINK_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {f.check: f for f in doctor.of_host()}
    assert "no permission to open" in found["ports"].says
    assert "usermod -aG" in found["ports"].do
    assert (found["micropython"].state, found["mosquitto"].state) != ("ok", "ok")
