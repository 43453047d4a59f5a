"""Weeks that pass in seconds: the ticks, the network and the waiting of all of `motelink` are
replaced, so that real clients on a real `Loop` meet the servers of `weeks_servers`.

    with Weeks() as weeks:
        weeks.net.servers[1883] = Broker()
        ...
        for kind, ms in weeks.life(loop): ...

Time passes in the loop's poll only, when no socket is ready: ``stride`` ms at least, and never
beyond the end of a `run`.
"""

import sys

from kit import Random
from motelink import clock, log, port
from motelink.port import mem_alloc
from wire import Wire

HOUR = 3600000
DAY = 24 * HOUR
NOW = 1760000000  # seconds since 1970, at the start
# Of phases: away: no server can be reached; idle: nobody has anything to tell. Differences are
# right below 6.2 days, and ticks are the same again after 12.4.
LIFE = (
    ("away", HOUR),
    ("idle", 7 * DAY),
    ("away", 3 * DAY),
    ("away", 7 * DAY),
    ("idle", 13 * DAY),
    ("away", 10 * DAY),
)
_OUT = 4
_STRIDE = 1000000  # 17 minutes at most


class Weeks:
    """``now``: the ticks; ``seconds`` and ``ms``: how long it has been. ``start``: the ticks at
    first, before the wrap by default."""

    def __init__(self, start=-5000):
        self.now = port.ticks_add(0, start)
        self.seconds = self.ms = 0
        self.stride = self.left = 0
        self.ahead = 0  # s, the RTC
        self.random = Random(7)
        self.net = Net()
        self._own = {}
        self._mine = {
            "ticks_ms": self.ticks,
            "forget": _nothing,  # what is loaded anew for each connection takes its time
            "poller": lambda: Poll(self),
            "resolve": lambda host, number: (host, number),
            "tcp_open": self.net.connect,
            "Clock": lambda: clock.Clock(self.ticks, self.rtc),
        }

    def __enter__(self):
        log.set_level("off")
        for name in self._mine:
            self._own[name] = clock.Clock if name == "Clock" else getattr(port, name)
        for module, name in self._bound():
            self._own[module, name] = getattr(module, name)
            setattr(module, name, self._mine[name])
        return self

    def __exit__(self, *_):
        for module, name in self._bound():  # some of them were loaded meanwhile
            setattr(module, name, self._own.get((module, name), self._own[name]))
        log.set_level("info")

    def _bound(self):
        found = []
        for at in list(sys.modules):
            if at[:9] == "motelink." and at != "motelink.clock":
                module = sys.modules[at]
                found += [(module, name) for name in self._mine if name in dir(module)]
        return found

    def ticks(self):
        return self.now

    def days(self):
        return self.seconds // 86400

    def rtc(self):
        return NOW + self.ahead + self.seconds

    def pass_ms(self, ms):
        """So much time passes, and nobody hears of it."""
        while ms > 0:
            step = min(ms, DAY)
            self.now = port.ticks_add(self.now, step)
            self.ms += step
            self.seconds += self.ms // 1000
            self.ms %= 1000
            ms -= step

    def wait(self, ms):
        """The loop waits, at most so long as it says, or longer: for a stride."""
        stride = self.stride
        if stride:
            stride = self.random.below(stride)
        ms = min(max(ms, stride, 1), self.left)
        if not self.stride:
            ms = self.net.soonest(ms)
        self.left -= ms
        self.pass_ms(ms)
        self.net.passed(ms)

    def run(self, step, ms, stride=0, until=None):
        """Call ``step()`` for ``ms``, or until ``until()``; how many ms that took."""
        self.stride = stride
        took = busy = 0
        while ms > 0:
            self.left = part = min(ms, DAY)
            while self.left > 0:
                if until and until():
                    return took + part - self.left
                left = self.left
                step()
                busy = busy + 1 if left == self.left else 0
                assert busy < 1000, "the loop turns, and does not wait"
            ms -= part
            took += part
        assert until is None or until(), "in vain for %d ms" % took
        return took

    def life(self, step, cycles=2):
        """Live through `LIFE` so many times; yields (kind, True) in the middle of each phase
        and (kind, False) behind it. The heap does not grow from cycle to cycle."""
        before = outages = 0
        for cycle in range(cycles):
            for kind, ms in LIFE:
                if kind == "away":
                    outages += 1
                    self.net.down(outages % 3)
                stride = min(ms // 200, _STRIDE)
                self.run(step, ms // 2, stride)
                yield kind, True
                self.run(step, ms // 2, stride)
                self.net.up = True
                yield kind, False
            port.collect()
            if cycle:
                assert mem_alloc() - before < 600, mem_alloc() - before
            before = mem_alloc()


class Net:
    """``servers``: by port number, each gives ``opened(line)``, ``heard(line, data)``, ``left()``
    and ``passed(ms)``. ``up``: whether they can be reached; else connects are refused, or
    ``hangs``."""

    def __init__(self):
        self.servers = {}
        self.lines = []
        self.up = True
        self.hangs = False

    def connect(self, address):
        if not self.up and not self.hangs:
            raise OSError(111)
        line = Line(self, self.servers[address[1]], self.up)
        if self.up:
            line.server.opened(line)
        return line

    def down(self, how):
        """0: connections end; 1: they fall silent, and nobody can connect; 2: likewise, and
        connecting hangs."""
        self.up = False
        self.hangs = how == 2
        for line in list(self.lines):
            line.live = False
            if not how:
                line.incoming.append(b"")
        for server in self.servers.values():
            server.line = None

    def soonest(self, ms):
        for server in self.servers.values():
            ms = min(ms, server.left())
        return max(ms, 1)

    def passed(self, ms):
        for server in self.servers.values():
            server.passed(ms)


class Line(Wire):
    """A connection to a server. ``live``: whether anything arrives; ``made``: whether it is one,
    and no attempt."""

    def __init__(self, net, server, live):
        super().__init__()
        self.net = net
        self.server = server
        self.live = self.made = live
        net.lines.append(self)

    def write(self, buf, at, n):
        super().write(buf, at, n)
        data = self.sent
        self.sent = b""
        if self.live:
            self.server.heard(self, data)
        return n

    def close(self):
        if not self.closed:
            self.closed = True
            self.net.lines.remove(self)
            if self.server.line is self:
                self.server.line = None

    def events(self, mask):
        return (1 if self.incoming else 0) | (mask & _OUT if self.made else 0)


class Poll:
    """What `port.poller` makes, waiting in ``weeks``."""

    def __init__(self, weeks):
        self.weeks = weeks
        self.socks = []

    def register(self, sock, mask):
        self.socks.append([sock, mask])

    def unregister(self, sock):
        self.socks = [entry for entry in self.socks if entry[0] is not sock]

    def modify(self, sock, mask):
        for entry in self.socks:
            if entry[0] is sock:
                entry[1] = mask

    def ipoll(self, ms):
        found = self._ready()
        if not found and ms:
            self.weeks.wait(ms)
            found = self._ready()
        return found

    def _ready(self):
        found = []
        for sock, mask in self.socks:
            events = sock.events(mask)
            if events:
                found.append((sock, events))
        return found


def _nothing(*_):
    pass
