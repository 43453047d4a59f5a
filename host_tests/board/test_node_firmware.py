"""boot.py, main.py and a node on real MicroPython: crashes, safe mode, watchdog, sleep, memory."""

import time
from pathlib import Path
from typing import Any

import pytest

from motelink_tools.board import VirtualBoard

from .conftest import Terminal
from .firmware import NOBODY, NODE, WIFI, manager, text, wait_for, write


@pytest.mark.parametrize("heap", ["128k", "64k"])
def test_a_node_with_one_platform_is_small(files: Path, heap: str) -> None:
    with manager() as (made, found):
        settings = NOBODY.replace("= 9", f"= {made.port}")
        write(files, settings=settings + WIFI)
        with VirtualBoard(files, heap=heap) as board:
            wait_for(lambda: len(found) == 2, "two answers to getinfo")
            assert board.resets == 1
    report = found[1]
    # Wi-Fi, watchdog, clock and 1 KB of log lines included.
    assert (int(heap[:-1]) << 10) - report["heap_free"] <= 40 << 10
    assert (report["reset"], report["reconnects"], report["wifi_joins"]) == ("power", 0, 1)
    assert 4 << 10 < report["heap_block"] <= report["heap_free"]


def test_a_crash_is_written_down(files: Path) -> None:
    write(files, "def run():\n    raise ValueError('the sensor is gone')\n")
    with VirtualBoard(files):
        wait_for(lambda: "gone" in text(files / "crash.txt"), "the traceback")
        assert 'File "app.py", line 2, in run' in text(files / "crash.txt")
        assert text(files / "guard") == "1"


def test_a_full_heap_is_a_crash_like_others(files: Path) -> None:
    write(
        files, "def run():\n    keep = []\n    while True:\n        keep.append(bytearray(500))\n"
    )
    with VirtualBoard(files, heap="64k"):
        wait_for(lambda: "MemoryError" in text(files / "crash.txt"), "the error")


def test_safe_mode_is_reachable_and_left(files: Path, mpremote: Any) -> None:
    write(files, "def run():\n    raise ValueError('again')\n", NOBODY + WIFI)
    (files / "guard").write_text("3")
    (files / "crash.txt").write_text("ValueError: again\n")
    with VirtualBoard(files) as board:
        terminal = Terminal(board.port)
        wait_for(lambda: text(files / "guard").startswith("3 "), "safe mode")
        terminal.expect(b" I Wi-Fi: ")
        terminal.close()
        joined = "import network; print(network.WLAN(network.STA_IF).isconnected())"
        on_board = mpremote.on(board.port)
        assert on_board("resume", "exec", joined) == "True\n"
        on_board("rm", ":guard", "+", "reset")
        wait_for(lambda: text(files / "guard") == "1", "the firmware")


@pytest.mark.parametrize("stuck", ["time.sleep(60)", "exec('while True: pass')"])
def test_a_handler_that_hangs_meets_the_watchdog(files: Path, stuck: str) -> None:
    app = NODE % f"node.every(1500, lambda: time.ticks_ms() and node.platforms and {stuck})"
    write(files, app, NOBODY + "watchdog_ms = 1000\n")
    with VirtualBoard(files) as board:
        wait_for(lambda: board.resets == 3, "two resets by the watchdog")
        assert text(files / "crash.txt") == ""
        assert text(files / "guard") in ("2", "3")


def test_a_handler_that_is_quick_does_not(files: Path) -> None:
    write(
        files, NODE % "node.every(100, lambda: time.sleep_ms(50))", NOBODY + "watchdog_ms = 1000\n"
    )
    with VirtualBoard(files) as board:
        time.sleep(4)
        assert board.resets == 1


def test_mpremote_interrupts_firmware_with_a_watchdog(files: Path, mpremote: Any) -> None:
    write(files)
    with VirtualBoard(files) as board:
        wait_for(lambda: text(files / "guard") == "1", "the firmware")
        time.sleep(1)
        on_board = mpremote.on(board.port)
        assert on_board("exec", "import sys; print(sorted(sys.modules))").count("app") == 0
        assert on_board("exec", "print(1)") == "1\n"


def test_it_sleeps_and_wakes(files: Path) -> None:
    with manager() as (made, found):
        write(files, NODE % "node.sleep_after(5000, 200)", NOBODY.replace("= 9", f"= {made.port}"))
        with VirtualBoard(files) as board:
            wait_for(lambda: board.resets >= 3, "two naps")
        assert found == [] or "heap_free" in found[0]
    assert text(files / "crash.txt") == ""
    assert text(files / "guard") == ""
