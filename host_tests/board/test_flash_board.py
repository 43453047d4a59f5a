"""Flashing real MicroPython: what the board does with what it was sent."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from motelink_tools import serial_ports, transport
from motelink_tools.board import VirtualBoard
from motelink_tools.errors import ToolError
from motelink_tools.flash import Options, firmware, flash
from motelink_tools.flash.remote import TEMP

from .firmware import wait_for
from .flash_bench import Bench, bench, board

__all__ = ["bench", "board"]


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
        monkeypatch.setattr(serial_ports.list_ports, "comports", lambda: usb)
        with pytest.raises(ToolError, match="several boards found") as info:
            flash(Options(paths=[str(one.project / "app.py")]))
        assert first.port in str(info.value)
        assert second.port in str(info.value)
        two.flash(second)
        two.wait_until_it_ran("first")
        assert one.files() == {}


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
