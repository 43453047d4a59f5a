"""Losant states that are sent without allocating.

from motelink.losant_state import StateWriter

CELSIUS, DOOR, VOLTS = 0, 1, 2
writer = StateWriter(device, "celsius", "door", ("volts", 3))
writer[CELSIUS] = 21.5
writer[DOOR] = True
writer[VOLTS] = 3297        # 3.297
writer.send()
"""

import json

from motelink import port
from motelink.buffer import Buffer
from motelink.errors import ConfigError, TooLarge

_port = port.load("_json")
_dump = _port.dump
_take = _port.take

const = port.const
copy_into = port.copy_into

_LONGEST = const(64)  # bytes of one value's text
_NUMBER = const(24)  # of a number's, at most
_STEP = const(32)
_SPACES = b" " * _STEP
_OTHERS = (int, str, bool)
_AS_THEY_ARE = (float, str, bool)
_INFINITE = (float("inf"), float("-inf"))


class StateWriter:
    """``attributes``: names, or (name, decimals) for ints in units of so many decimals; 0 to 9.

    ``writer[i] = value`` sets the ith: an int, float, bool, None (leave it out, as at first), or
    a short str, of 62 bytes at most; ``writer[i]`` is the value. `send` reports all that are set.
    Where decimals were given a float is still sent as it is.

    ``size``: bytes of a payload, by default with room for numbers; allocated here, and half as
    many for views of it: one every 32 bytes, so payloads end with up to 31 spaces. On MicroPython
    nothing else is allocated, but for ints beyond 30 bits. Raises ConfigError.
    """

    def __init__(self, device, *attributes, size=0):
        self._device = device
        self._keys = []
        self._decimals = bytearray(len(attributes))
        for i, name in enumerate(attributes):
            decimals = 0
            if isinstance(name, tuple):
                name, decimals = name
            if not isinstance(name, str) or decimals not in range(10):
                raise ConfigError("expected a name, or (name, 0..9), got %r" % (name,))
            self._decimals[i] = decimals
            self._keys.append(json.dumps(name).encode() + b":")
        self._values = [None] * len(attributes)
        needed = 40 + sum([len(key) + 1 + _NUMBER for key in self._keys])
        steps = ((size or needed) + _STEP - 1) // _STEP
        self._text = Buffer(steps * _STEP)
        view = memoryview(self._text.data)
        self._views = [view[: n * _STEP] for n in range(1, steps + 1)]

    def __setitem__(self, i: int, value) -> None:
        self._values[i] = value

    def __getitem__(self, i: int):
        return self._values[i]

    def send(self, time_like=None) -> bool:
        """Report what is set; returns what `Device.send_state` does. False, too, when nothing is.

        ``time_like``: as there, and it allocates; without one the platform takes the time when
        the state arrives. Raises TooLarge, TypeError.
        """
        text = self._text
        text.clear()
        self._attributes()
        if not text.end:
            return False
        text.put_byte(125)
        if time_like is not None:
            self._time(time_like)
        text.put_byte(125)
        copy_into(text.data, text.end, _SPACES, -text.end % _STEP)
        return self._device.publish(self._views[(text.end - 1) // _STEP])

    # Small steps: a larger frame would come from the heap.

    def _attributes(self) -> None:
        for i in range(len(self._keys)):
            if self._values[i] is not None:
                self._attribute(i, self._values[i])

    def _time(self, time_like) -> None:
        from motelink import losant_time

        self._text.put(b',"time":')
        self._value(self._text, losant_time.from_time_like(time_like))

    def _attribute(self, i: int, value) -> None:
        text = self._text
        text.put(b"," if text.end else b'{"data":{')
        text.put(self._keys[i])
        i = self._decimals[i]
        at = text.end
        self._value(text, value)
        if i and not isinstance(value, _AS_THEY_ARE):
            _point(text, at, i)

    def _value(self, text, value) -> None:
        if isinstance(value, float):
            if value != value or value in _INFINITE:
                value = None  # JSON has neither
        elif not isinstance(value, _OTHERS):
            raise TypeError("expected a number, bool or str, got %s" % type(value).__name__)
        n = _dump(value)
        if n > _LONGEST or n > text.room():
            raise TooLarge("a value of %d bytes, where %d are free" % (n, text.room()))
        _take(text.data, text.end, n)
        text.end += n


def _point(text, at: int, decimals: int) -> None:
    """Make of the int at ``at`` one of so many decimals: -3297 is -3.297, 5 is 0.005."""
    data = text.data
    if data[at] == 45:
        at += 1
    zeros = decimals + 1 - (text.end - at)  # that it lacks in front
    if zeros < 0:
        zeros = 0
    if text.room() <= zeros:
        raise TooLarge(
            "a number of %d decimals, where %d bytes are free" % (decimals, text.room())
        )
    text.end += zeros + 1
    for last in range(text.end - 1, text.end - 1 - decimals, -1):
        data[last] = data[last - zeros - 1] if last - zeros - 1 >= at else 48
    data[text.end - 1 - decimals] = 46
    if zeros:
        data[at] = 48
