"""A flash that is cut short or cannot be: the board runs the old firmware or the new."""

import os
import sys
import threading

import pytest
import serial

from motelink_tools import transport
from motelink_tools.board import VirtualBoard
from motelink_tools.board.state import State
from motelink_tools.errors import ToolError
from motelink_tools.flash.remote import TEMP

from .firmware import wait_for
from .flash_bench import MAIN, Bench, bench, board

__all__ = ["bench", "board"]


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


def test_a_board_that_sleeps_is_caught_when_it_is_reset(
    bench: Bench, board: VirtualBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_ATTEMPT_S", 0.5)
    # Awake for as long as a measurement takes.
    bench.write("main.py", "import machine, time\ntime.sleep(1)\nmachine.deepsleep(3600000)\n")
    bench.flash(board)
    wait_for(lambda: board.state is State.ASLEEP, "its sleep")
    bench.write("main.py", MAIN)
    caught = threading.Event()

    def press_reset() -> None:
        while not caught.wait(1.5):  # a busy machine may miss a moment
            if board.state is State.ASLEEP:
                board.hard_reset()

    person = threading.Thread(target=press_reset)
    person.start()
    try:
        sent = bench.flash(board).summary.sent
    finally:
        caught.set()
        person.join()
    assert sent == ("main.py",)
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
