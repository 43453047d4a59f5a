"""Pushes the input features of an IoTtalk device, each at its own interval.

    from motelink.iottalk_push import Pusher

    pusher = Pusher(device)
    pusher.every(1000, device.idf[0], read_celsius)
    device.run()

A feature is read while it is linked, first as soon as that is so. Allocates nothing while what is
read are ints.
"""

from motelink.loop import Loop
from motelink.port import const, ticks_add, ticks_diff, ticks_ms

_ENDED = const(4)  # Link's
_LOOK_MS = const(200)  # so often, where nothing is due sooner, for features linked since
_AGAIN_MS = const(1000)  # after an interval that could not be told


class NoData:
    """What a function returns, the class or one of it, that has nothing to push this time."""


class _Push:
    def __init__(self, feature, read, ms):
        self.feature = feature
        self.read = read
        self.ms = ms
        self.due = None  # while it is not linked


class Pusher:
    """A client of the device's loop."""

    sock = const(None)

    def __init__(self, device):
        self.device = device
        self.loop = None
        self.deadline = ticks_ms()
        self._pushes = []

    def every(self, ms, feature, read) -> None:
        """Push what ``read()`` returns: an int, a list of one value a dimension, any other one
        value, or NoData. ``ms``: the interval, 0: each turn of the loop; or a function that
        returns it. A function that raises is logged and counted, and called again next time."""
        self._pushes.append(_Push(feature, read, ms))
        if not self.loop:
            if not self.device.loop:
                Loop().add(self.device)
            self.device.loop.add(self)

    def turn(self, now: int) -> None:
        """The deadline has come; called by the loop."""
        self.deadline = ticks_add(now, _LOOK_MS)
        for push in self._pushes:
            if not push.feature:
                push.due = None
            elif push.due is None or ticks_diff(push.due, now) <= 0:
                self._push(push, now)
            if push.due is not None and ticks_diff(push.due, self.deadline) < 0:
                self.deadline = push.due
        if self.device.state == _ENDED:
            self.loop.remove(self)

    def failed(self, error: Exception) -> None:
        """`turn` raised; called by the loop."""
        self.device._handler_failed(error)

    def _push(self, push, now: int) -> None:
        push.due = ticks_add(now, _AGAIN_MS)
        try:
            push.due = ticks_add(now, push.ms() if callable(push.ms) else push.ms)
            value = push.read()
            if type(value) is int:
                push.feature.push_int(value)
            elif value is not NoData and not isinstance(value, NoData):
                push.feature.push(value)
        except Exception as error:
            self.device._handler_failed(error)
