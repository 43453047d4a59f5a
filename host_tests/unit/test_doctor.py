"""What ``motelink doctor`` says of boards that are not at hand: other firmware, a weak signal, a
clock that is off. The board is a script of answers."""

import io
import re
import time
from typing import Any

import pytest
from rich.console import Console

from motelink_tools.doctor import board, network, report
from motelink_tools.doctor.agent import Agent
from motelink_tools.doctor.board import Known
from motelink_tools.errors import ToolError

MPY = 6 | 3 << 8


class Script:
    """Answers each piece, known by a word in it, with literals."""

    def __init__(self, **answers: list[Any]) -> None:
        self._answers = answers

    def exec(self, code: str) -> str:
        for word, answer in self._answers.items():
            if word in code:
                return "a line of the log\n" + "".join(f"~{item!r}\n" for item in answer)
        return ""


def about(
    name: str = "micropython",
    release: tuple[int, ...] = (1, 25, 0),
    word: int = MPY,
    machine: str = "Generic ESP32 module with ESP32",
    free: int = 1 << 20,
    heap: tuple[int, int] = (110000, 60000),
) -> dict[str, Any]:
    link = Script(statvfs=[(name, release, word, machine), (4096, free), heap])
    return {finding.check: finding for finding in board.about(Agent(link), Known())}


def test_a_board_that_is_well():
    found = about()
    assert {finding.state for finding in found.values()} == {"ok"}
    assert found["board"].says.startswith("esp32: ")


@pytest.mark.parametrize(
    ("board_is", "check", "state", "says"),
    [
        ({"machine": "Somebody's board"}, "board", "note", "unknown: Somebody's board"),
        ({"release": (1, 20, 0)}, "firmware", "wrong", "1.20.0 is too old"),
        ({"word": 5}, "firmware", "wrong", "loads mpy v5.0 and mpy-cross emits v6"),
        ({"word": 0}, "firmware", "wrong", "cannot load .mpy"),
        ({"free": 4096}, "flash", "wrong", "only 4 KiB"),
        ({"heap": (40000, 30000)}, "heap", "wrong", "a node needs 52 KiB"),
        ({"heap": (60000, 2000)}, "heap", "note", "in small pieces"),
    ],
)
def test_firmware_and_room(board_is, check, state, says):
    found = about(**board_is)[check]
    assert found.state == state
    assert says in found.says
    assert found.do


def test_other_firmware_is_refused():
    with pytest.raises(ToolError, match=r"runs circuitpython 9\.2\.1"):
        about("circuitpython", (9, 2, 1))


@pytest.mark.parametrize(
    ("rssi", "state"), [(-55, "ok"), (-85, "note"), (None, "ok")], ids=["good", "weak", "unknown"]
)
def test_the_signal(rssi, state):
    link = Script(node_wifi=[(True, rssi, "192.0.2.9")])
    (found,) = network.wifi(Agent(link), Known(settings={"wifi_ssid": None}), print)
    assert found.state == state
    assert "192.0.2.9" in found.says


@pytest.mark.parametrize(
    ("off", "state", "says"),
    [(0, "ok", "known"), (-90.5, "note", "9[01] s slow"), (7200.5, "note", "7,200 s fast")],
)
def test_a_clock_that_is_off(off, state, says):
    link = Script(unix_time=[time.time() + off])
    (found,) = network.clock(Agent(link), Known(settings={"ntp_servers": ""}), print)
    assert found.state == state
    assert re.search(says, found.says)


def test_a_clock_that_is_not_set_matters_where_there_is_tls():
    link = Script(unix_time=[946684800])
    for settings, state in (({}, "note"), ({"losant_device": None}, "wrong")):
        known = Known(settings={"ntp_servers": "", **settings})
        (found,) = network.clock(Agent(link), known, print)
        assert (found.state, found.says) == (state, "the time is not known")


def test_time_servers_are_asked_where_there_is_a_network():
    now = int(time.time())
    asked: list[str] = []
    link = Script(unix_time=[now], ask=[(True, 1, now)])
    known = Known(joined=True, settings={"ntp_servers": "a.invalid, b.invalid"})
    _, found = network.clock(Agent(link), known, asked.append)
    assert (found.state, found.says) == ("ok", "b.invalid answers the board")
    assert asked == ["the board asks a.invalid for the time"]


@pytest.mark.parametrize(
    ("machine", "do"),
    [
        ("Generic ESP32 module", "127.0.0.1 is the board itself"),
        ("motelink virtual board", "start the server"),
    ],
)
def test_the_boards_own_address_is_told(machine, do):
    link = Script(**{"reach('": [("connect", "ECONNREFUSED")]})
    known = Known(machine=machine, settings={"manager_host": "127.0.0.1", "manager_port": 9})
    here, there = network.servers(Agent(link), known, print)
    assert (here.state, there.state) == ("wrong", "wrong")
    assert do in there.do


def test_a_server_s_name_is_not_read_as_markup():
    screen = io.StringIO()

    def examine(say):
        say("manager: [/x]:1")
        return []

    assert report.show(Console(file=screen, force_terminal=True), examine)
    assert "[/x]:1" in screen.getvalue()
