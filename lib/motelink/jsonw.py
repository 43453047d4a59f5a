"""Writes JSON into a fixed `Buffer` and allocates nothing.

    writer = JsonWriter(buffer)
    writer.object()
    writer.pair("room", "kitchen")
    writer.pair("celsius", 21.53, 1)        # 21.5
    writer.key("samples")
    writer.array()
    writer.value(1)
    writer.value(2)
    writer.end()
    writer.end()                            # {"room":"kitchen","celsius":21.5,"samples":[1,2]}

What is written follows RFC 8259, in UTF-8 without spaces. On MicroPython nothing is allocated for
str, bytes, bool, None, ints below 2**30, and floats (the float itself was the caller's: making
one costs 16 bytes); a larger int costs its digits. Constructing a writer costs about 100 bytes and
a text buffer, one for all writers, as large as the largest buffer written to.
"""

from motelink import port
from motelink.errors import TooLarge
from motelink.jsonw_text import (
    DIGITS,
    count_surrogates,
    is_surrogate,
    put_escape,
    read_digits,
    round_digits,
)
from motelink.utf8 import is_utf8

_port = port.load("_json")
_dump = _port.dump
_take = _port.take

const = port.const

_OBJECT = const(1)
_ARRAY = const(2)

_STRINGS = (str, bytes)
_SCALARS = (str, bytes, int, bool)
_LISTS = (list, tuple)
_INFINITE = (float("inf"), float("-inf"))


class JsonWriter:
    """Appends documents to ``buffer``, which others leave alone while one is open.

    ``nesting``: how deep objects and arrays may be nested. ``depth``: how many are open; 0 means
    that all that was begun is complete.

    Whatever a method raises, the document that was open is taken back: the buffer is as it was
    before, and nothing half-written is ever sent. They raise TooLarge when the buffer is full,
    ValueError for a call out of order, and TypeError for a value that JSON does not have.
    """

    def __init__(self, buffer, nesting: int = 8):
        _port.reserve(buffer.limit)
        self.depth = 0
        self._buffer = buffer
        self._kinds = bytearray(nesting + 1)
        self._before = 0  # length of the buffer when the open document began
        self._comma = False  # one must come before the next item
        self._keyed = False  # a key waits for its value

    def object(self) -> None:
        """Begin an object; `end` ends it."""
        self._open(_OBJECT, 123)

    def array(self) -> None:
        """Begin an array; `end` ends it."""
        self._open(_ARRAY, 91)

    def end(self) -> None:
        """End the object or array begun last."""
        if self.depth == 0 or self._keyed:
            self._refuse("end() needs an open object or array, and a value after each key")
        self._byte(125 if self._kinds[self.depth] == _OBJECT else 93)
        self.depth -= 1
        self._comma = True

    def key(self, name: str) -> None:
        """The key of the value that comes next."""
        if self._keyed or self._kinds[self.depth] != _OBJECT:
            self._refuse("key() belongs in an object, before each value")
        if not isinstance(name, str):
            self._refuse("a key must be a str")
        if self._comma:
            self._byte(44)
        self._text(name)
        self._byte(58)
        self._keyed = True

    def pair(self, name: str, value, digits=None) -> None:
        """A key and its value."""
        self.key(name)
        self.value(value, digits)

    def value(self, value, digits=None) -> None:
        """A str, bytes (of UTF-8), int, float, bool, None, or a list, tuple or dict of these.

        ``digits``: decimals of a float, 0..17; the runtime's shortest form, rounded half up.
        None: that form itself. Not a number and infinities become null, for JSON has neither.
        """
        if isinstance(value, float):
            self._float(value, digits)
        elif value is None or isinstance(value, _SCALARS):
            self._item()
            self._text(value)
        elif isinstance(value, dict):
            self.object()
            for key in value:
                self.pair(key, value[key])
            self.end()
        elif isinstance(value, _LISTS):
            self.array()
            for item in value:
                self.value(item)
            self.end()
        else:
            self.cancel()
            raise TypeError("JSON has no %s" % type(value).__name__)

    def cancel(self) -> None:
        """Take back the document that is open, if there is one."""
        if self.depth:
            self._roll_back()

    def _open(self, kind, brace):
        self._item()
        if self.depth + 1 == len(self._kinds):
            self._refuse("nested more than %d deep" % self.depth)
        self._byte(brace)
        self.depth += 1
        self._kinds[self.depth] = kind
        self._comma = False

    def _item(self):
        # What comes before a value, wherever it stands.
        if self.depth == 0:
            self._before = len(self._buffer)
        elif self._kinds[self.depth] == _OBJECT:
            if not self._keyed:
                self._refuse("a value in an object needs a key")
            self._keyed = False
        elif self._comma:
            self._byte(44)
        self._comma = True

    def _float(self, value, digits):
        if value != value or value in _INFINITE:
            value = None
        elif digits is not None and not 0 <= digits <= 17:
            self._refuse("digits must be 0..17 or None")
        self._item()
        size = self._text(value)
        if value is not None and digits is not None:
            self._fix(size, digits)

    # Bytes into the buffer. A key, a value or a bracket that does not fit takes all back.

    def _byte(self, byte):
        buffer = self._buffer
        if buffer.end == buffer.limit:
            self._need(1)
        buffer.data[buffer.end] = byte
        buffer.end += 1

    def _text(self, value):
        # Returns the size of the JSON text of a scalar, which is now at the end of the buffer.
        buffer = self._buffer
        if isinstance(value, _STRINGS) and len(value) + 2 > buffer.limit:
            self._full(len(value) + 2)
        try:
            size = _dump(value)
        except MemoryError:  # the text outgrew the buffer, and then the heap
            self._full(buffer.limit + 1)
        except ValueError:  # an int of more digits than CPython converts
            self._roll_back()
            raise
        if buffer.end + size > buffer.limit:
            self._need(size)
        _take(buffer.data, buffer.end, size)
        buffer.end += size
        if isinstance(value, _STRINGS):
            self._check(value, size)
        return size

    def _need(self, size):
        if size > self._buffer.room():
            self._full(size)
        self._buffer.make_room(size)

    def _check(self, value, size):
        # The runtime's encoder passes on what is not UTF-8.
        buffer = self._buffer
        at = buffer.end - size
        if isinstance(value, bytes):
            if not is_utf8(buffer.data, at, buffer.end):
                self._roll_back()
                raise ValueError("bytes are not UTF-8")
        elif buffer.data.find(b"\xed", at, buffer.end) >= 0:
            self._escape_surrogates(count_surrogates(buffer.data, at, buffer.end))

    def _escape_surrogates(self, count):
        # From 3 bytes, which are not UTF-8, to 6 each: what is behind moves, the last byte first.
        buffer = self._buffer
        if buffer.end + 3 * count > buffer.limit:
            self._need(3 * count)
        data = buffer.data
        at = buffer.end - 1
        buffer.end += 3 * count
        while count:
            if is_surrogate(data, at - 2):
                put_escape(data, at, 3 * count)
                count -= 1
                at -= 3
            else:
                data[at + 3 * count] = data[at]
                at -= 1

    def _fix(self, size, digits):
        # Replace a float's text by one with fixed decimals.
        buffer = self._buffer
        at = buffer.end - size
        negative = buffer.data[at] == 45
        point = read_digits(buffer.data, at, buffer.end)
        buffer.end = at
        if round_digits(point + digits) and negative:
            self._byte(45)
        self._put_digits(point, digits)

    def _put_digits(self, point, digits):
        at = 0
        while at < point - 1 and DIGITS[at] == 48:
            at += 1  # leading zeros, but the one before the point
        if point < 1:
            self._byte(48)
            at = point
        while at < point + digits:
            if at == point:
                self._byte(46)
            self._byte(DIGITS[at] if 0 <= at < len(DIGITS) else 48)
            at += 1

    # What takes a document back.

    def _roll_back(self):
        buffer = self._buffer
        buffer.end = buffer.start + self._before
        self.depth = 0
        self._keyed = False

    def _full(self, size):
        room = self._buffer.room()
        self._roll_back()
        raise TooLarge("%d more bytes of JSON do not fit in %d" % (size, room))

    def _refuse(self, why):
        self.cancel()
        raise ValueError(why)
