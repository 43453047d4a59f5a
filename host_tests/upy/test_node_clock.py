"""motelink.node_clock: what is taken for the time, and what is not. Whole firmware runs in
host_tests/unit/test_firmware_clock.py.
"""

import struct

from kit import raises
from motelink import log, port
from motelink.clock import EARLIEST, Clock
from motelink.loop import Loop
from motelink.node_clock import Sync, _seconds
from motelink.port import ticks_ms


def _answer(head=0x24, stratum=2, seconds=EARLIEST):
    buf = bytearray(48)
    buf[0], buf[1] = head, stratum
    buf[40:44] = struct.pack("!I", (seconds + 2208988800) & 0xFFFFFFFF)
    return buf


def test_what_a_time_server_says():
    assert _seconds(_answer()) == EARLIEST
    assert _seconds(_answer(seconds=2085978496 + 7)) == 2085978496 + 7  # 2036, a new era
    assert _seconds(_answer(head=0xE4)) == 0  # not synchronized
    assert _seconds(_answer(head=0x23)) == 0  # a question
    assert _seconds(_answer(stratum=0)) == 0  # the kiss of death
    assert _seconds(_answer(stratum=16)) == 0


class _Sock:
    """A UDP socket with an answer; ``change`` may forge it."""

    closed = False

    def __init__(self, change):
        self.change = change
        self.asked = b""

    def write(self, buf, at, n):
        self.asked = bytes(buf[at : at + n])

    def readinto(self, buf, n):
        answer = _answer(seconds=EARLIEST + 5)
        answer[24:32] = self.asked[40:48]
        answer[44] = 0x80
        data = self.change(answer)
        if data is None:
            return None
        buf[: len(data)] = data
        return len(data)

    def close(self):
        self.closed = True


class _Poll:
    def register(self, sock, events):
        self.sock = sock

    def unregister(self, sock):
        assert sock is self.sock


def _sync(change):
    loop = Loop()
    loop.poll = _Poll()
    loop.timeless = True
    clock = Clock(rtc=lambda: 0)
    sync = Sync(clock, ["127.0.0.1", "127.0.0.2"])
    loop.add(sync)
    board = port.load("_board")
    sock = _Sock(change)
    board.udp_open = lambda _address: sock
    board.set_rtc = lambda seconds: None
    sync.turn(ticks_ms())
    return loop, sync, sock


def test_time_is_taken_from_an_answer():
    log.set_level("off")
    loop, sync, sock = _sync(lambda answer: answer)
    assert sock.asked[0] == 0x23 and len(sock.asked) == 48 and sock.asked[40:48] != bytes(8)
    sync.ready(1)
    assert sock.closed and loop.clients == [] and not loop.timeless
    assert 0 <= sync.clock.unix_ms() - (EARLIEST + 5) * 1000 - 500 < 5000
    log.set_level("info")


def test_time_is_not_taken_from_anything_else():
    log.set_level("off")
    for change in (
        lambda answer: answer[:47],
        lambda answer: bytes(48),
        lambda answer: answer[:24] + bytes(8) + answer[32:],
        lambda answer: answer[:1] + b"\x00" + answer[2:],
        lambda answer: b"",
    ):
        loop, sync, sock = _sync(change)
        error = raises(OSError, sync.ready, 1)
        sync.failed(error)
        assert sock.closed and loop.timeless and not sync.clock.known()
        assert sync.sock is None and sync.tries == 1
    loop, sync, sock = _sync(lambda answer: None)
    sync.ready(1)
    assert not sock.closed and sync.sock is sock
    sync.failed(raises(OSError, sync.turn, sync.deadline))
    assert sock.closed
    log.set_level("info")
