"""Time servers under test: what motelink's NTP client asks, answered by the board's ``ntp``."""

import socket
import struct
from collections.abc import Callable
from typing import Any

_SINCE_1900 = 2_208_988_800
_PORT = 123


class TimeServers:
    """In place of a runtime's resolver and UDP. ``ntp`` is the fake module ntptime, whose
    ``server`` and ``failure`` say what comes back; no packet leaves the host.
    """

    def __init__(
        self, ntp: Any, resolve: Callable[..., Any], opened: Callable[[Any], Any]
    ) -> None:
        self._ntp = ntp
        self._resolve = resolve
        self._opened = opened

    def resolve(self, host: str, number: int) -> Any:
        """The address of any host; of a time server none, where there is a ``failure``."""
        if number != _PORT:
            return self._resolve(host, number)
        if self._ntp.failure is not None:
            raise self._ntp.failure
        return socket.AF_INET, ("127.0.0.1", _PORT)

    def udp_open(self, stream: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """What opens a UDP socket: a stream that has an answer as soon as it was asked."""

        def udp_open(_address: Any) -> Any:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            ours.setblocking(False)
            self._opened(ours)
            self._opened(theirs)
            asked = stream(ours)
            write, close = asked.write, asked.close

            def closing() -> None:
                close()
                theirs.close()

            def answering(buf: Any, at: int, n: int) -> Any:
                done = write(buf, at, n)
                request = theirs.recv(n)
                if self._ntp.server is not None:
                    theirs.send(_answer(request, self._ntp.server()))
                return done

            asked.write, asked.close = answering, closing
            return asked

        return udp_open


def _answer(request: bytes, unix_time: float) -> bytes:
    seconds, fraction = divmod(unix_time + _SINCE_1900, 1)
    now = struct.pack("!II", int(seconds) & 0xFFFFFFFF, int(fraction * 2**32))
    return b"\x24\x02" + bytes(22) + request[40:48] + now + now
