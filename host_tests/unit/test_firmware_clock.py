"""The time of day of a node on the fake board: known, unknown, and how it is asked for."""

from pathlib import Path

import pytest

from .firmware import PLATFORM

HOME = 'wifi_ssid = "home"\n'
TLS = """\
from motelink.link import Link
from motelink.node import Node


def run():
    global node, link
    node = Node()
    link = Link("127.0.0.1", 9, 64, 64, True, None, 1000)
    node.add(link)
    node.run()
"""


def clock(board):
    return board.load("app").node.clock


@pytest.mark.parametrize("name", ["esp32", "rpi_pico_w"])
def test_it_asks_as_soon_as_there_is_a_network(request, name):
    request.applymarker(pytest.mark.board(name))
    board = request.getfixturevalue("board")
    board.air.connect_ms = 8000
    request.getfixturevalue("firmware")(settings=PLATFORM + HOME)
    board.boot(for_ms=8000)
    assert clock(board).unix_ms() is None
    outcome = board.boot(for_ms=10_000)
    assert "NTP: pool.ntp.org: " in outcome.output
    assert abs(clock(board).unix_ms() / 1000 - board.ntp.server()) < 1.1
    assert abs(board.unix_time - board.ntp.server()) < 1.1  # what TLS goes by


def test_a_day_later_it_asks_again(board, firmware):
    firmware()
    server = board.ntp.server
    board.clock.at(3_600_000, setattr, board.ntp, "server", lambda: server() + 5)
    outcome = board.boot(for_ms=25 * 3_600_000, real_s=120)
    assert "NTP: pool.ntp.org: off by 5" in outcome.output
    drift = board.load("app").node.report()["drift"]
    assert 4900 < drift < 6100
    assert abs(clock(board).unix_ms() / 1000 - server() - 5) < 1.1


def test_a_server_that_says_nothing_is_followed_by_the_next(board, firmware):
    firmware(settings=PLATFORM + 'ntp_servers = "a.example, b.example"\n')
    server, board.ntp.server = board.ntp.server, None
    board.clock.at(1500, setattr, board.ntp, "server", server)
    outcome = board.boot(for_ms=10_000)
    assert "NTP: a.example: " in outcome.output
    assert "NTP: b.example: 17" in outcome.output
    assert clock(board).known()


@pytest.mark.parametrize("trouble", ["silence", "no such host", "1970"])
def test_it_tries_for_hours_and_time_unknown_is_a_state(board, firmware, trouble):
    firmware()
    server = board.ntp.server
    if trouble == "no such host":
        board.ntp.failure = OSError(-2)
    else:
        board.ntp.server = {"silence": None, "1970": lambda: 0.0}[trouble]

    def mend():
        board.ntp.server, board.ntp.failure = server, None

    board.clock.at(6 * 3_600_000, mend)
    outcome = board.boot(for_ms=6 * 3_600_000 - 1, real_s=120)
    assert outcome.kind == "stopped"
    assert clock(board).unix_ms() is None
    assert 40 < outcome.output.count("NTP: pool.ntp.org: ") < 150


def test_sockets_are_closed(board, firmware):
    firmware()
    board.ntp.server = None
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    seen = []
    for hour in range(1, 6):
        board.clock.at(hour * 3_600_000, lambda: seen.append(len(list(descriptors.iterdir()))))
    board.boot(for_ms=6 * 3_600_000, real_s=120)
    assert max(seen) <= before + 4


def test_links_over_tls_wait_for_it(board, firmware):
    firmware(TLS)
    server, board.ntp.server = board.ntp.server, None
    outcome = board.boot(for_ms=600_000)
    link = board.load("app").link
    assert link.errors == 0
    assert "127.0.0.1:9: " in outcome.output  # the platform without TLS tries
    board.ntp.server = server
    board.boot(for_ms=10_000)
    assert board.load("app").link.errors > 0


def test_without_servers_nobody_asks_or_waits(board, firmware):
    firmware(TLS, PLATFORM + 'ntp_servers = ""\n')
    assert "NTP" not in board.boot(for_ms=60_000).output
    assert board.load("app").link.errors > 0


def test_an_answer_to_somebody_else_is_refused(board, firmware, monkeypatch):
    from motelink_tools.testing import ntp

    answer = ntp._answer
    monkeypatch.setattr(ntp, "_answer", lambda request, now: answer(bytes(48), now))
    firmware()
    outcome = board.boot(for_ms=60_000)
    assert not clock(board).known()
    assert "no time in its answer" in outcome.output
