"""The time of day by SNTP (RFC 4330), for `motelink.node`: into the node's clock and the RTC.

Until the time is known, links over TLS wait (``timeless``): certificates could not be checked.
Loaded for each synchronization and dropped behind it. Settings: ``ntp_servers``, names with commas
between ("pool.ntp.org"; "" for none), ``ntp_interval``, ms (a day).

Each server is asked once, in turn, and waited for 2 s; behind the last one there is a pause of up
to ten minutes. Only the resolver blocks.
"""

import struct

from motelink import log, port
from motelink.backoff import Backoff
from motelink.clock import EARLIEST

const = port.const
ticks_add = port.ticks_add

_PORT = const(123)
_ANSWER_MS = const(2000)
_OFFLINE_MS = const(500)
_CAP_MS = const(600000)
_SIZE = const(48)
_CLIENT = const(0x23)  # no warning, version 4, mode 3
_SERVER = const(4)
_UNSYNCHRONIZED = const(3)


def start(node) -> None:
    """Ask, unless somebody does."""
    for client in node.loop.clients:
        if isinstance(client, Sync):
            return
    servers = node.settings.text("ntp_servers", "pool.ntp.org")
    node.loop.add(Sync(node.clock, [name.strip() for name in servers.split(",")]))


class Sync:
    """A client of the loop, until the time is known. ``servers``: a list of names."""

    loop = const(None)
    nonce = const(None)

    def __init__(self, clock, servers):
        self.clock = clock
        self.servers = servers
        self.sock = None
        self.tries = 0
        self.backoff = Backoff(cap_ms=_CAP_MS)
        self.buf = bytearray(_SIZE)
        self.deadline = self.since = port.ticks_ms()

    def turn(self, now: int) -> None:
        """Ask the next server, or give up on this one; called by the loop. Raises OSError."""
        if self.sock:
            raise OSError(110, "no answer")
        if self.loop.offline:
            self.deadline = ticks_add(now, _OFFLINE_MS)
            return
        buf = self.buf
        for i in range(_SIZE):
            buf[i] = 0
        buf[0] = _CLIENT
        buf[40:48] = port.urandom(8)  # the answer must have it: no stranger can guess it
        self.nonce = bytes(buf[40:48])
        self.sock = port.load("_board").udp_open(port.resolve(self._server(), _PORT))
        self.since = port.ticks_ms()
        self.deadline = ticks_add(self.since, _ANSWER_MS)
        self.loop.poll.register(self.sock, 1)
        self.loop.moved = True
        self.sock.write(buf, 0, _SIZE)

    def ready(self, _events: int) -> None:
        """There is an answer; called by the loop. Raises OSError."""
        buf = self.buf
        n = self.sock.readinto(buf, _SIZE)
        if n is None:
            return
        if n == _SIZE and buf[24:32] == self.nonce:
            seconds = _seconds(buf)
            if seconds >= EARLIEST:
                # Half of the time on the way is younger than the answer.
                ms = struct.unpack_from("!H", buf, 44)[0] * 1000 >> 16
                ms += port.ticks_diff(port.ticks_ms(), self.since) >> 1
                self._done(seconds + ms // 1000, ms % 1000)
                return
        raise OSError(71, "no time in its answer")

    def failed(self, error: Exception) -> None:
        """Try the next server; called by the loop."""
        log.warning("NTP: %s: %s", self._server(), error)
        self._close()
        self.tries += 1
        last = self.tries % len(self.servers) == 0
        self.deadline = ticks_add(port.ticks_ms(), self.backoff.next() if last else 0)

    def _done(self, seconds: int, ms: int) -> None:
        clock = self.clock
        drift = clock.unix_ms()
        clock.set(seconds, ms)
        port.load("_board").set_rtc(seconds)
        if drift:
            clock.drift = clock.unix_ms() - drift
            log.info("NTP: %s: off by %d ms", self._server(), clock.drift)
        else:
            log.info("NTP: %s: %d s since 1970", self._server(), seconds)
        self._close()
        self.loop.timeless = False
        self.loop.remove(self)
        port.forget("node_clock")

    def _server(self) -> str:
        return self.servers[self.tries % len(self.servers)]

    def _close(self) -> None:
        sock = self.sock
        self.sock = None
        if sock:
            self.loop.poll.unregister(sock)
            self.loop.moved = True
            sock.close()


def _seconds(buf) -> int:
    """Seconds since 1970 at the server; 0 for one that does not know."""
    if buf[0] & 7 != _SERVER or buf[0] >> 6 == _UNSYNCHRONIZED or not 0 < buf[1] < 16:
        return 0
    seconds = struct.unpack_from("!I", buf, 40)[0] - 2208988800
    return seconds if seconds >= 0 else seconds + (1 << 32)  # from 2036 on it counts anew
