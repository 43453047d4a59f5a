"""States of IoT Commute that are sent without allocating.

    from motelink.commute_put import Put

    led = Put(ws, "LED")
    led.send(1)

``ws``: a `motelink.commute.WebSocket` or a `motelink.commute_pair.Pair`.
"""

import json

from motelink.port import const

_DIGITS = const(11)  # of an int below 2**30, with its sign


class Put:
    """Sends ints as the state of one sensor. Allocates its frame, here and once."""

    def __init__(self, client, sensor: str):
        head = '{"method":"put","status":{"sensor":%s,"value":' % json.dumps(sensor)
        self._client = client
        self._at = len(head.encode())
        self._frame = bytearray(head.encode() + b" " * _DIGITS + b"}}")

    def send(self, value: int) -> bool:
        """True when the connection has it. Allocates nothing below 2**30. Raises
        PayloadException for one that has more than 10 digits."""
        frame = self._frame
        at = self._at + _DIGITS
        rest = -value if value < 0 else value
        while rest or at == self._at + _DIGITS:
            at -= 1
            if at == self._at:
                from motelink.commute_errors import PayloadException

                raise PayloadException("expected an int of at most 10 digits")
            frame[at] = 48 + rest % 10
            rest //= 10
        if value < 0:
            at -= 1
            frame[at] = 45
        while at > self._at:  # spaces in front of a number are JSON, too
            at -= 1
            frame[at] = 32
        return self._client.send_text(frame)
