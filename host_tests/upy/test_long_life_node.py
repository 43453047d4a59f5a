"""Months of uptime of a node: its timers, Wi-Fi, watchdog, clock and time servers, and a platform,
through outages and idle times; see test_long_life.
"""

import struct
import sys

from doubles import Instead
from motelink import node_crash, node_guard, port, storage
from motelink.node import Node
from motelink.node_watchdog import Watchdog
from motelink.settings import Settings
from weeks import DAY, NOW, Weeks
from weeks_servers import Manager
from wire import Wire

HEAP = "512k"  # all of it is compiled there

SETTINGS = """
manager_host = "h"
manager_uuid = "1862cfe1-5dab-4d8e-a946-50d6728f830f"
manager_interval = 1000
wifi_ssid = "home"
watchdog_ms = 0
"""


class _WLAN:
    """Joined as soon as there is a network."""

    def __init__(self, net):
        self.net = net
        self.joins = 0

    def active(self, _on):
        """It is."""

    disconnect = config = lambda self, **values: None

    def connect(self, _ssid, _key):
        self.joins += 1

    def isconnected(self):
        return self.net.up or self.net.hangs

    def ifconfig(self):
        return ("10.0.0.2",)

    def status(self, _what=None):
        return 1


class _Time(Wire):
    """A time server, for one question. ``asked``: how often one was."""

    asked = 0

    def __init__(self, weeks):
        super().__init__()
        self.weeks = weeks

    def write(self, buf, at, n):
        weeks = self.weeks
        if weeks.net.up:
            _Time.asked += 1
            answer = bytearray(48)
            answer[0], answer[1] = 0x24, 2
            answer[24:32] = buf[40:48]
            seconds = NOW + weeks.seconds + 2208988800
            answer[40:46] = struct.pack("!IH", seconds & 0xFFFFFFFF, weeks.ms * 65536 // 1000 + 1)
            self.incoming.append(bytes(answer))
        return n

    def events(self, _mask):
        return len(self.incoming)


class _Dog:
    """``longest``: ms between two meals since `watch`."""

    def __init__(self, weeks):
        self.weeks = weeks
        self.watch()

    def watch(self):
        self.fed, self.longest = self.weeks.now, 0

    def feed(self):
        now = self.weeks.now
        self.longest = max(self.longest, port.ticks_diff(now, self.fed))
        self.fed = now


def _network(net):
    class Network:
        STA_IF = 0
        WLAN = lambda _: _WLAN(net)  # noqa: E731 - a class, for who asks

    return Network


class _Life:
    """A node, and what it has counted."""

    def __init__(self, weeks):
        self.weeks = weeks
        self.server = weeks.net.servers[8595] = Manager()
        storage.write("s.toml", SETTINGS)
        storage.write("guard", "1")
        self.node = node = Node(Settings("s.toml"), "kettle")
        self.sensor = node.sensor("n")
        self.seconds = self.weeklies = self.commands = 0
        node.on("led", self.command)
        node.start()
        node.every(1000, self.second)
        node.every(5 * DAY, self.weekly)
        self.dog = _Dog(weeks)
        node.loop.add(Watchdog(self.dog, 8388, 60000))

    def step(self):
        self.node.step(1000)

    def command(self, value):
        self.commands += value

    def second(self):
        self.seconds += 1

    def weekly(self):
        self.weeklies += 1

    def check(self, kind, n):
        """Behind a phase."""
        weeks, node, server = self.weeks, self.node, self.server
        self.sensor.set(n)
        limit = 71000 if kind == "away" else 1100
        weeks.run(self.step, limit, until=lambda: server.last() == b"n %d" % n)
        server.line.incoming.append(b"led 1")
        seconds, joins = self.seconds, node.wifi.joins
        self.dog.watch()
        weeks.run(self.step, 120000)
        assert abs(self.seconds - seconds - 120) <= 1, self.seconds - seconds
        assert node.wifi.joins == joins, kind
        self.dog.feed()
        assert self.dog.longest <= 1000, self.dog.longest
        assert self.commands == n
        uptime = node.report()["uptime"]
        assert uptime == weeks.seconds and node.clock.seconds == uptime


class _Board:
    """The board around a node, for the time of a ``with``."""

    def __init__(self, weeks):
        board = port.load("_board")
        self.patches = (
            Instead(board, "network", _network(weeks.net)),
            Instead(board, "machine", _Life),  # anything
            Instead(board, "udp_open", lambda _address: _Time(weeks)),
            Instead(board, "set_rtc", lambda _seconds: None),
        )

    def __enter__(self):
        for patch in self.patches:
            patch.__enter__()

    def __exit__(self, *_):
        for patch in self.patches:
            patch.__exit__()


def test_node():
    with Weeks() as weeks, _Board(weeks):
        weeks.ahead = -NOW  # nobody has set the RTC
        life = _Life(weeks)
        node = life.node
        n = since = joins = 0
        for kind, middle in weeks.life(life.step):
            if middle:
                if weeks.net.hangs and kind == "away":  # Wi-Fi says that all is well
                    hours = (weeks.seconds - since) // 3600
                    assert hours // 2 < node.wifi.joins - joins < hours + 8, hours
                asked, since = _Time.asked, weeks.seconds
                continue
            n += 1
            if kind == "idle":
                days = (weeks.seconds - since) // 86400
                assert days <= _Time.asked - asked <= days + 1, days
            life.check(kind, n)
            weeks.run(life.step, 600000, until=node.clock.known)
            assert not node.loop.timeless and abs(node.clock.drift or 0) <= 2
            ms = (NOW + weeks.seconds) * 1000 + weeks.ms
            assert abs(node.clock.unix_ms() - ms) <= 2
            since, joins = weeks.seconds, node.wifi.joins
        assert life.weeklies == weeks.days() // 5 + 1 and n == 12
        assert storage.read("guard") is None
        assert node.handler_errors == 0


def _crash_after(days):
    """(error, ms, s of uptime) that are written down."""
    heard = []

    class App:
        @staticmethod
        def run():
            life = _Life(weeks)
            weeks.run(life.step, days * DAY, 900000)
            raise ValueError("the end")

    sys.modules["weeks_app"] = App
    with Weeks() as weeks, _Board(weeks):
        with Instead(node_crash, "restart", lambda error, ms: heard.append((error, ms))):
            node_guard.run("weeks_app")
    del sys.modules["weeks_app"]
    node_guard.armed, node_guard.clock = False, None
    return heard[0] + (weeks.seconds,)


def test_a_crash_after_weeks_says_when():
    for days in (8, 13):
        error, ms, seconds = _crash_after(days)
        assert str(error) == "the end" and ms == seconds * 1000, (days, ms)
