"""A node on real MicroPython, and each fault that may happen around its board: it stays up, comes
back by itself, says what was, and no network's fault leads to safe mode.
"""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from motelink_tools.board import VirtualBoard
from motelink_tools.hub.manager import Client

from ..integration.certificates import Authority
from .firmware import NOBODY, WIFI, manager, text, wait_for, write

# Numbers that no boot uses again: the host's ticks go on.
OUTBOX = """\
import time
from motelink.outbox import Outbox


def run():
    box = Outbox("box", record_size=64, segment_size=512, segments=64, policy="refuse")
    while box.peek():
        print("kept", box.payload.int())
        box.pop()
    print("corrupt", box.corrupt)
    for _ in range(%d):
        time.sleep_ms(5)
        number = time.ticks_us()
        if box.put(b"topic", str(number).encode()):
            print("confirmed", number)
    raise ValueError("the end")
"""


class Listener:
    """All that a board says."""

    def __init__(self) -> None:
        self.said = b""

    def __call__(self, data: bytes) -> None:
        self.said += data

    def numbers(self, word: str) -> list[int]:
        found = [line.split() for line in self.said.decode(errors="replace").splitlines()]
        return [int(line[1]) for line in found if len(line) == 2 and line[0] == word]


@contextmanager
def connected(
    files: Path, settings: str = "", host: str = "127.0.0.1"
) -> Iterator[tuple[VirtualBoard, list[dict[str, Any]], Listener, Any]]:
    """A node that a Manager has asked twice how it is; what it answered; what it says."""
    with manager() as (made, found):
        platform = NOBODY.replace("= 9", f"= {made.port}").replace("127.0.0.1", host)
        write(files, settings=platform + settings)
        heard = Listener()
        with VirtualBoard(files, heard=heard) as board:
            wait_for(lambda: len(found) == 2, "two answers to getinfo")
            yield board, found, heard, made
    assert text(files / "crash.txt") == ""


def hangs_up(made: Any) -> None:
    """The Manager asks, in vain, and closes the connection: which the board cannot hear."""
    (client,) = made.get_clients()
    with pytest.raises(Client.ConnectionEnd):
        client.get_data(timeout=0.5)


def test_wifi_loss(files: Path) -> None:
    with connected(files, WIFI) as (board, found, heard, made):
        board.faults.set("wifi-loss")
        wait_for(lambda: b"Wi-Fi: lost" in heard.said, "Wi-Fi to be lost")
        hangs_up(made)
        board.faults.clear("wifi-loss")
        wait_for(lambda: len(found) == 4, "the node to be back")
        assert (board.resets, found[3]["wifi_joins"], found[3]["reconnects"]) == (1, 2, 1)


def test_a_link_that_is_there_but_silent(files: Path) -> None:
    """Without a Wi-Fi to look at, as with Ethernet: the node does not notice, and needs not."""
    with connected(files) as (board, found, _, made):
        board.faults.set("wifi-loss")
        hangs_up(made)
        board.faults.clear("wifi-loss")
        wait_for(lambda: len(found) == 4, "the node to be back")
        assert (board.resets, found[3]["reconnects"]) == (1, 1)


def test_dns_that_hangs_longer_than_the_watchdog(files: Path) -> None:
    settings = 'watchdog_ms = 1000\nntp_servers = ""\n'
    with connected(files, settings, host="localhost") as (board, found, *_):
        board.faults.set("dns-hang", 60)
        board.hard_reset()
        wait_for(lambda: board.resets == 3, "the watchdog")
        board.faults.clear("dns-hang")
        wait_for(lambda: len(found) == 4, "the node to be back")
        assert found[3]["reset"] == "watchdog"


def test_dns_that_hangs_for_less(files: Path) -> None:
    settings = 'watchdog_ms = 2000\nntp_servers = ""\n'
    with connected(files, settings, host="localhost") as (board, found, heard, _):
        board.faults.set("dns-hang", 0.5)
        board.hard_reset()
        wait_for(lambda: heard.said.count(b"localhost:") >= 2, "two attempts")
        board.faults.clear("dns-hang")
        wait_for(lambda: len(found) == 4, "the node to be back")
        assert board.resets == 2


def test_a_slow_link(files: Path) -> None:
    with manager() as (made, found):
        write(files, settings=NOBODY.replace("= 9", f"= {made.port}") + "watchdog_ms = 1000\n")
        board = VirtualBoard(files)
        board.faults.set("slow-link", 500)
        with board:
            wait_for(lambda: len(found) == 2, "two answers to getinfo")
            assert (board.resets, found[1]["reconnects"]) == (1, 0)


def test_power_cuts(files: Path) -> None:
    with connected(files) as (board, found, *_):
        for count in (4, 6):
            board.faults.set("power-cut")
            wait_for(lambda count=count: len(found) == count, "the node to be back")
        assert (board.resets, found[-1]["reset"]) == (3, "power")
        assert text(files / "guard") == "3"  # within a minute: they count


def test_brown_outs_while_the_outbox_writes(files: Path) -> None:
    write(files, OUTBOX % 100000)
    heard = Listener()
    with VirtualBoard(files, heard=heard) as board:
        for left in (0, 3, 7, 30, 333):
            (files / "guard").unlink(missing_ok=True)  # boots that die young are not the matter
            before = len(heard.numbers("confirmed"))
            wait_for(lambda n=before + 10: len(heard.numbers("confirmed")) > n, "records")
            boots = board.resets
            board.faults.set("brown-out", left)
            wait_for(lambda n=boots: board.resets > n, "the brown-out")
            assert board.faults.active == {}
        boots = len(heard.numbers("corrupt"))
        wait_for(lambda: len(heard.numbers("corrupt")) > boots, "the last boot")
    heard.said = heard.said[: heard.said.rindex(b"corrupt")]  # the last boot has put more since
    lost = set(heard.numbers("confirmed")) - set(heard.numbers("kept"))
    assert not lost
    assert text(files / "crash.txt") == ""


def test_without_the_time_tls_waits_and_nothing_else_does(files: Path) -> None:
    authority = Authority(files, "authority")
    with socket.create_server(("127.0.0.1", 0)) as server, manager() as (made, found):
        write(
            files,
            settings=NOBODY.replace("= 9", f"= {made.port}")
            + 'losant_device = "d"\nlosant_key = "k"\nlosant_secret = "s"\n'
            + f'losant_host = "127.0.0.1"\nlosant_port = {server.getsockname()[1]}\n'
            + f'losant_ca = "{authority.pem.name}"\nntp_servers = "127.0.0.1"\n',
        )
        heard = Listener()
        board = VirtualBoard(files, heard=heard)
        board.faults.set("clock-unset")
        with board:
            wait_for(lambda: len(found) == 2, "two answers to getinfo")
            wait_for(lambda: b"NTP: 127.0.0.1: " in heard.said, "the time server to be asked")
            assert found[1]["time"] is False
            assert not select.select([server], [], [], 1)[0]
            board.faults.clear("clock-unset")
            board.hard_reset()
            assert select.select([server], [], [], 30)[0]
            wait_for(lambda: len(found) == 4, "two more answers")
            assert found[3]["time"] is True


def test_a_full_file_system_under_a_node_that_works(files: Path) -> None:
    with manager() as (made, found):
        write(files, settings=NOBODY.replace("= 9", f"= {made.port}"))
        heard = Listener()
        board = VirtualBoard(files, heard=heard)
        board.faults.set("full-fs")
        with board:
            wait_for(lambda: len(found) == 2, "two answers to getinfo")
            assert b"guard: " in heard.said
            assert board.resets == 1


def test_a_crash_and_an_outbox_on_a_full_file_system(files: Path) -> None:
    write(files, OUTBOX % 40)
    heard = Listener()
    board = VirtualBoard(files, heard=heard)
    board.faults.set("full-fs")
    (files / "box").mkdir()
    with board:
        wait_for(lambda: b"restart in 10 s" in heard.said, "the crash")
        assert b"the end" in heard.said
        assert b"crash.txt: " in heard.said
        assert heard.numbers("confirmed") == []
        board.faults.clear("full-fs")
        board.hard_reset()
        wait_for(lambda: "the end" in text(files / "crash.txt"), "the crash on flash")
        assert len(heard.numbers("confirmed")) == 40
