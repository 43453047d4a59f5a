"""boot.py, main.py and a node on real MicroPython: crashes, safe mode, watchdog, sleep, memory."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from motelink_tools.board import VirtualBoard
from motelink_tools.flash import Options, flash
from motelink_tools.hub.manager import Client, Manager

DEADLINE_S = 30
NOBODY = 'manager_host = "127.0.0.1"\nmanager_port = 9\nmanager_type = "virtual"\n'
WIFI = 'wifi_ssid = "demo"\n'
NODE = """\
import time
from motelink.node import Node


def run():
    node = Node()
    %s
    node.run()
"""


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE_S} s for {what}"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def flashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flash with the whole firmware on it, as `motelink flash` puts it there."""
    folder = tmp_path_factory.mktemp("flashed")
    (folder / "project").mkdir()
    with VirtualBoard(folder / "board") as board:
        flash(Options(port=board.port, project=folder / "project", reset=False))
    return folder / "board"


@pytest.fixture
def files(flashed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(flashed, tmp_path / "board"))


def write(files: Path, app: str | None = None, settings: str = NOBODY) -> None:
    if app is not None:
        (files / "app.mpy").unlink(missing_ok=True)
        (files / "app.py").write_text(app)
    (files / "settings.toml").write_text(settings)


def text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@contextmanager
def manager() -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """A Manager, and the data of every getinfo."""
    found: list[dict[str, Any]] = []
    with Manager(
        ["virtual"], connection_port=0, heartbeat_rate=1.0, logging_level=logging.ERROR
    ) as made:

        @made.event
        def on_connect(client: Client) -> None:
            def ask() -> None:
                for _ in range(2):
                    client.get_data(timeout=10)
                    found.append(client.return_data()["data"])

            threading.Thread(target=ask, daemon=True).start()

        yield made, found


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
        wait_for(lambda: text(files / "guard").startswith("3 "), "safe mode")
        time.sleep(1)
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
