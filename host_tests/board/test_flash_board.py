"""Flashing real MicroPython: what the board does with what it was sent."""

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial

from motelink_tools import transport
from motelink_tools.board import VirtualBoard
from motelink_tools.errors import ToolError
from motelink_tools.flash import Options, Result, firmware, flash
from motelink_tools.flash.remote import TEMP

DEADLINE_S = 30
# Says that it ran, and with what, in a file: the board's folder is the host's.
MAIN = """\
import app, os
with open("ran.new", "w") as f:
    f.write(app.VALUE)
os.rename("ran.new", "ran.txt")
while True:
    pass
"""


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE_S} s for {what}"
        time.sleep(0.01)


class Bench:
    """A virtual board, its folder, and a user's project to flash to it."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "board"
        self.project = tmp_path / "project"
        self.project.mkdir()
        self.write("main.py", MAIN)
        self.write("app.py", "VALUE = 'first'\n")

    def write(self, name: str, text: str) -> None:
        (self.project / name).write_text(text)

    def options(self, port: str, **options: object) -> Options:
        paths = [str(path) for path in sorted(self.project.iterdir())]
        return Options(**{"port": port, "paths": paths, **options})  # type: ignore[arg-type]

    def flash(self, on: VirtualBoard, **options: object) -> Result:
        self.forget_that_it_ran()
        return flash(self.options(on.port, **options))

    def forget_that_it_ran(self) -> None:
        (self.folder / "ran.txt").unlink(missing_ok=True)

    def wait_until_it_ran(self, *values: str) -> None:
        """Power-on or reset to the end of main.py's first lines, with app.VALUE one of these."""
        ran = self.folder / "ran.txt"
        wait_for(lambda: ran.is_file() and ran.read_text() in values, f"main.py with {values}")

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and path.stem != "ran"
        }


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def board(bench: Bench) -> Iterator[VirtualBoard]:
    with VirtualBoard(bench.folder) as made:
        yield made


def test_a_flashed_board_runs_the_new_firmware(bench: Bench, board: VirtualBoard) -> None:
    first = bench.flash(board)
    assert first.summary.sent == ("app.mpy", "main.py")
    assert first.summary.bytes == sum(map(len, bench.files().values()))
    bench.wait_until_it_ran("first")
    # main.py now loops for ever: the next flash has to interrupt it.
    again = bench.flash(board)
    assert again.summary.sent == ()
    assert again.summary.unchanged == ("app.mpy", "main.py")
    bench.wait_until_it_ran("first")
    bench.write("app.py", "VALUE = 'second'\n")
    assert bench.flash(board).summary.sent == ("app.mpy",)
    bench.wait_until_it_ran("second")


def test_source_and_compiled_replace_each_other(bench: Bench, board: VirtualBoard) -> None:
    bench.flash(board)
    bench.write("app.py", "VALUE = 'as source'\n")
    assert bench.flash(board, as_source=True).summary.removed == ("app.mpy",)
    bench.wait_until_it_ran("as source")
    bench.write("app.py", "VALUE = 'compiled'\n")
    assert bench.flash(board).summary.removed == ("app.py",)
    bench.wait_until_it_ran("compiled")
    assert set(bench.files()) == {"main.py", "app.mpy"}


def test_the_firmware_loads_on_a_small_heap(bench: Bench, tmp_path: Path) -> None:
    with VirtualBoard(bench.folder, heap="32k") as board:
        result = flash(Options(port=board.port, project=tmp_path, reset=False))
        assert result.board == "virtual"
        assert {"boot.py", "main.py", "board.mpy"} <= set(result.summary.sent)
        with transport.connect(board.port, reset=False) as link:
            link.exec("import motelink.stream, motelink.loop, board")
            assert link.exec("print(board.NAME, motelink.stream.__file__)").split() == [
                "virtual",
                "/lib/motelink/stream.mpy",
            ]


def test_a_large_file_arrives_whole_on_a_small_heap(bench: Bench) -> None:
    data = os.urandom(100_000)
    (bench.project / "data.bin").write_bytes(data)
    with VirtualBoard(bench.folder, heap="24k") as board:
        bench.flash(board)
    assert bench.files()["data.bin"] == data


def test_tracebacks_name_the_file_and_the_line(bench: Bench, board: VirtualBoard) -> None:
    bench.write("app.py", "VALUE = ''\n\ndef fails():\n    raise ValueError('here')\n")
    bench.flash(board, reset=False)
    with transport.connect(board.port, reset=False) as link:
        out = link.exec(
            "import sys, app\ntry:\n app.fails()\nexcept ValueError as e:\n sys.print_exception(e)"
        )
    assert 'File "app.py", line 4, in fails' in out


def test_a_dry_run_touches_nothing_and_the_program_goes_on(
    bench: Bench, board: VirtualBoard
) -> None:
    bench.flash(board)
    bench.wait_until_it_ran("first")
    (bench.folder / f"app.mpy{TEMP}").write_bytes(b"leftover")
    bench.write("app.py", "VALUE = 'second'\n")
    before = bench.files()
    result = bench.flash(board, dry_run=True)
    assert result.summary.sent == ("app.mpy",)
    assert result.summary.removed == (f"app.mpy{TEMP}",)
    bench.wait_until_it_ran("first")
    assert bench.files() == before


class CableCut:
    """Counts what goes to the board; after ``limit`` bytes the cable is out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.limit = sys.maxsize
        self.sent = 0
        real = serial.Serial.write

        def write(port: serial.Serial, data: bytes) -> int | None:
            room = self.limit - self.sent
            self.sent += len(data)
            if len(data) > room:
                real(port, data[: max(room, 0)])
                raise serial.SerialException("write failed: device disconnected")
            return real(port, data)

        monkeypatch.setattr(serial.Serial, "write", write)


@pytest.mark.parametrize("power", ["stays", "goes"])
def test_the_cable_may_be_pulled_at_any_byte(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, power: str
) -> None:
    cable = CableCut(monkeypatch)
    bench.write("big.py", f"TEXT = {'x' * 2000!r}\n")
    with VirtualBoard(bench.folder) as board:
        bench.flash(board, reset=False)
        old = bench.files()
        bench.write("app.py", "VALUE = 'second'\n")
        bench.write("big.py", f"TEXT = {'y' * 2000!r}\n")
        cable.sent = 0
        bench.flash(board, reset=False)
        new, whole = bench.files(), cable.sent
    for cut in range(0, whole - 8, whole // 24):
        for name, data in old.items():
            (bench.folder / name).write_bytes(data)
        with VirtualBoard(bench.folder) as board:
            cable.sent, cable.limit = 0, cut
            with pytest.raises(ToolError) as info:
                bench.flash(board)
            assert info.value.kind == "disconnected", info.value
            cable.limit = sys.maxsize
            if power == "stays":
                bench.flash(board)  # the same board, in the middle of whatever it was at
                assert bench.files() == new
                bench.wait_until_it_ran("second")
        if power == "goes":
            left = {name: data for name, data in bench.files().items() if TEMP not in name}
            assert set(left) == set(new)
            assert all(left[name] in (old[name], new[name]) for name in left)
            bench.forget_that_it_ran()
            with VirtualBoard(bench.folder):
                bench.wait_until_it_ran("first", "second")
            with VirtualBoard(bench.folder) as board:
                bench.flash(board)
            assert bench.files() == new


def test_ctrl_c_here_leaves_the_old_firmware_running(
    bench: Bench, board: VirtualBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.flash(board)
    bench.wait_until_it_ran("first")
    bench.write("app.py", f"VALUE = 'second'\nTEXT = {os.urandom(2000)!r}\n")
    real = serial.Serial.write

    def write(port: serial.Serial, data: bytes) -> int | None:
        if b"put(" in data:
            monkeypatch.setattr(serial.Serial, "write", real)
            real(port, data[:20])
            raise KeyboardInterrupt
        return real(port, data)

    monkeypatch.setattr(serial.Serial, "write", write)
    with pytest.raises(KeyboardInterrupt):
        bench.flash(board)
    bench.wait_until_it_ran("first")


def test_a_boot_that_never_returns_can_be_replaced(
    bench: Bench, board: VirtualBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_BOOT_S", 1.0)
    bench.flash(board)
    bench.wait_until_it_ran("first")
    (bench.folder / "boot.py").write_text("while True:\n    pass\n")
    bench.write("boot.py", "pass\n")
    assert bench.flash(board).summary.sent == ("boot.py",)
    bench.wait_until_it_ran("first")


def test_a_full_file_system_keeps_the_old_firmware(bench: Bench) -> None:
    with VirtualBoard(bench.folder, flash="128k") as board:
        bench.flash(board)
        before = bench.files()
        (bench.project / "data.bin").write_bytes(bytes(200_000))
        with pytest.raises(ToolError, match=r"too full: data\.bin needs") as info:
            bench.flash(board)
        assert info.value.kind == "full"
        assert bench.files() == before
        bench.wait_until_it_ran("first")


def test_two_boards_are_listed_and_each_can_be_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benches = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        benches.append(Bench(tmp_path / name))
    one, two = benches
    monkeypatch.delenv("MOTELINK_PORT", raising=False)
    with VirtualBoard(one.folder) as first, VirtualBoard(two.folder) as second:
        usb = [
            SimpleNamespace(device=board.port, vid=0x2E8A, product="Pico")
            for board in (first, second)
        ]
        monkeypatch.setattr(transport.list_ports, "comports", lambda: usb)
        with pytest.raises(ToolError, match="several boards found") as info:
            flash(Options(paths=[str(one.project / "app.py")]))
        assert first.port in str(info.value)
        assert second.port in str(info.value)
        two.flash(second)
        two.wait_until_it_ran("first")
        assert one.files() == {}


def test_a_busy_port_is_said(bench: Bench, board: VirtualBoard) -> None:
    with serial.Serial(board.port, exclusive=True), pytest.raises(ToolError) as info:
        bench.flash(board)
    assert info.value.kind == "port_busy"


def test_another_kind_of_board_is_refused_and_goes_on_running(
    bench: Bench, board: VirtualBoard
) -> None:
    bench.flash(board)
    bench.wait_until_it_ran("first")
    with pytest.raises(ToolError, match=r"is virtual .*, not esp32"):
        bench.flash(board, board="esp32")
    bench.wait_until_it_ran("first")
    assert bench.flash(board, board="esp32", force=True).board == "esp32"


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "motelink_tools", "flash", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )


def test_the_command_prints_one_json_object_or_plain_lines(
    bench: Bench, board: VirtualBoard
) -> None:
    app = str(bench.project / "app.py")
    done = command("--port", board.port, "--json", app)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["ok"] is True
    assert (told["sent"], told["unchanged"], told["port"]) == (["app.mpy"], [], board.port)
    plain = command("--port", board.port, "--source", app)
    assert plain.stdout.splitlines()[0].startswith("sending app.py (0 of 16 bytes")
    assert "sent 1 file (16 bytes), 0 unchanged, 1 removed in" in plain.stdout
    assert "\x1b" not in plain.stdout


def test_the_command_fails_with_one_line(bench: Bench) -> None:
    done = command(
        "--port", str(bench.project / "ttyACM9"), "--json", str(bench.project / "app.py")
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["kind"] == "no_port"
    assert done.stderr.count("\n") == 1


def test_a_pico_that_runs_goes_to_its_boot_loader_by_itself(tmp_path: Path) -> None:
    """The virtual board, which has none, starts anew."""
    source = tmp_path / "x.uf2"
    head = (0x0A324655, 0x9E5D5157, 0x2000, 0x10000000, 256, 0, 1, 0xE48BFF56)
    source.write_bytes(struct.pack("<8I", *head).ljust(508, b"\1") + struct.pack("<I", 0x0AB16F30))
    said: list[str] = []
    with VirtualBoard(tmp_path / "flash", chip="rp2") as board:
        options = firmware.Options(source, port=board.port, drive=tmp_path / "none", wait_s=0.1)
        with pytest.raises(ToolError, match="no drive"):
            firmware.flash_firmware(options, said.append)
        assert said[0] == f"sending {board.port} to its boot loader"
        wait_for(lambda: board.resets == 3, "the reset behind the soft one of connecting")
