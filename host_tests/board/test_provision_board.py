"""Secrets on the virtual board, through the real transport."""

import fcntl
import json
import os
import pty
import select
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest

from motelink_tools import transport
from motelink_tools.board import VirtualBoard
from motelink_tools.errors import ToolError
from motelink_tools.flash import Options as FlashOptions
from motelink_tools.flash import flash
from motelink_tools.provision import Options, provision

PASSWORD = "hunter2-%s-hunter2" % ("é" * 40)
SECRETS = f'wifi_password = "{PASSWORD}"\nwifi_ssid = "home"\n'


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(SECRETS)
    return str(path)


def settings_there(board: VirtualBoard, *names: str) -> list[object]:
    """What the device's own Settings says."""
    with transport.connect(board.port, reset=False) as link:
        return json.loads(  # type: ignore[no-any-return]
            link.exec(
                "import json\n"
                "from motelink.settings import Settings\n"
                f"s = Settings(); print(json.dumps([s.get(n) for n in {names!r}]))"
            )
        )


def put_library(board: VirtualBoard, project: Path) -> None:
    (project / "settings.toml").write_text('wifi_ssid = "from settings"\nmanager_host = "a"\n')
    flash(FlashOptions(port=board.port, project=project, reset=False))


def test_what_is_written_is_read_by_the_firmware_and_survives_a_flash(
    board: VirtualBoard, source: str, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    put_library(board, project)
    done = provision(Options(port=board.port, source=source))
    assert done["written"] == ["wifi_password", "wifi_ssid"]
    assert done["place"] == "secrets.toml"
    names = ("wifi_password", "wifi_ssid", "manager_host", "sepl_user")
    assert settings_there(board, *names) == [PASSWORD, "home", "a", None]

    Path(source).write_text('sepl_user = "me"\nwifi_ssid = "other"\n')
    done = provision(Options(port=board.port, source=source, removed=["gone"]))
    assert (done["kept"], done["removed"]) == (["wifi_password"], [])
    put_library(board, project)
    assert settings_there(board, *names) == [PASSWORD, "other", "a", "me"]

    listed = provision(Options(port=board.port, listing=True))
    assert listed["secrets"] == ["sepl_user", "wifi_password", "wifi_ssid"]
    assert listed["settings"] == ["manager_host", "wifi_ssid"]
    assert PASSWORD not in str(listed)

    # To NVS, and what was in the file with it; from then on always there.
    done = provision(Options(port=board.port, removed=["wifi_ssid"], nvs=True))
    assert (done["place"], done["removed"]) == ("NVS", ["wifi_ssid"])
    assert not (board.folder / "secrets.toml").exists()
    assert settings_there(board, *names) == [PASSWORD, "from settings", "a", "me"]
    Path(source).write_text('sepl_user = "you"\n')
    assert provision(Options(port=board.port, source=source))["place"] == "NVS"
    assert settings_there(board, *names) == [PASSWORD, "from settings", "a", "you"]

    (board.folder / "crash.txt").write_text("ValueError: hunter2\n")
    (board.folder / "data.bin").write_text("mine")
    wiped = provision(Options(port=board.port, wipe=True))["wiped"]
    assert wiped == ["crash.txt", "settings.toml", "NVS"]
    assert settings_there(board, *names) == [None, None, None, None]
    assert PASSWORD.encode().hex() not in (board.folder / ".board" / "nvs").read_text()
    assert (board.folder / "data.bin").exists()


def test_nvs_without_any_secret_left_is_as_none(board: VirtualBoard, source: str) -> None:
    port = board.port
    for _ in range(2):
        provision(Options(port=port, removed=["wifi_ssid"], nvs=True, reset=False))
        provision(Options(port=port, source=source, nvs=True, reset=False))
        names = ["wifi_password", "wifi_ssid"]
        done = provision(Options(port=port, removed=names, reset=False))
        assert done["removed"] == names
        assert provision(Options(port=port, listing=True, reset=False))["secrets"] == []


def test_what_is_typed_is_not_shown(board: VirtualBoard, tmp_path: Path) -> None:
    """At a real terminal, whose other end sees what a person would."""
    command = [sys.executable, "-m", "motelink_tools", "provision", "--port", board.port]
    screen, terminal = pty.openpty()
    child = subprocess.Popen(
        command, cwd=tmp_path, stdin=terminal, stdout=terminal, stderr=terminal, close_fds=True,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(terminal)
    seen = b""

    def until(text: bytes) -> None:
        nonlocal seen
        while text not in seen:
            assert select.select([screen], [], [], 30)[0], seen
            seen += os.read(screen, 1000)

    until(b"wifi_ssid, empty to leave as it is: ")
    os.write(screen, b"home\n")
    until(b"wifi_password (not shown), empty to leave as it is: ")
    os.write(screen, b"hunter2-hunter2\n")
    until(b"wrote wifi_password, wifi_ssid")
    assert child.wait(30) == 0
    os.close(screen)
    assert b"home" in seen
    assert b"hunter2" not in seen
    written = (board.folder / "secrets.toml").read_text()
    assert written == 'wifi_ssid = "home"\nwifi_password = "hunter2-hunter2"\n'


def test_only_an_esp32_has_nvs(tmp_path: Path, source: str) -> None:
    with VirtualBoard(tmp_path / "flash", chip="rp2") as board:
        with pytest.raises(ToolError, match="no NVS") as info:
            provision(Options(port=board.port, source=source, nvs=True))
        assert info.value.kind == "no_nvs"
        assert not (board.folder / "secrets.toml").exists()


def test_what_is_too_long_for_nvs_changes_nothing(board: VirtualBoard, source: str) -> None:
    provision(Options(port=board.port, source=source, nvs=True, reset=False))
    before = (board.folder / ".board" / "nvs").read_text()
    Path(source).write_text(f'a = "{"x" * 1990}"\n')
    with pytest.raises(ToolError, match="1984 fit") as info:
        provision(Options(port=board.port, source=source))
    assert info.value.kind == "too_large"
    assert (board.folder / ".board" / "nvs").read_text() == before


def test_a_full_board_keeps_its_old_secrets(tmp_path: Path, source: str) -> None:
    with VirtualBoard(tmp_path / "flash", flash="24k") as board:
        provision(Options(port=board.port, source=source, reset=False))
        old = (board.folder / "secrets.toml").read_bytes()
        (board.folder / "data.bin").write_bytes(bytes(16_000))
        Path(source).write_text(f'a = "{"x" * 9000}"\n')
        with pytest.raises(ToolError) as info:
            provision(Options(port=board.port, source=source))
        assert info.value.kind == "full"
        assert "xxx" not in str(info.value)
        assert (board.folder / "secrets.toml").read_bytes() == old


def processes() -> str:
    """The arguments of every process that there is now."""
    seen = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            seen.append((folder / "cmdline").read_bytes().decode(errors="replace"))
            seen.append((folder / "environ").read_bytes().decode(errors="replace"))
        except OSError:
            pass
    return "\n".join(seen)


def test_no_secret_is_in_the_output_or_in_a_process_list(board: VirtualBoard) -> None:
    command = [sys.executable, "-m", "motelink_tools", "provision", "--port", board.port]
    done = subprocess.Popen(
        [*command, "--from", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    listed: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            listed.append(processes())
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, _ = done.communicate(SECRETS.encode(), timeout=60)
    over.set()
    watcher.join()
    assert done.returncode == 0, out
    assert b"wrote wifi_password, wifi_ssid" in out
    everything = out.decode() + "".join(listed)
    assert f"provision\0--port\0{board.port}" in everything  # the list was taken while it ran
    assert "hunter2" not in everything
    assert (board.folder / "secrets.toml").read_text() == SECRETS
