"""Store and forward: records that wait on flash until they are sent, oldest first.

    outbox = Outbox("outbox")
    outbox.put(b"losant/id/state", payload)      # True: it is in flash, come what may
    while outbox.peek():
        if not client.publish(outbox.topic, outbox.payload, qos=1):
            break
        outbox.pop()                             # once it is acknowledged

A record comes back until it is popped. After a power cut the popped ones of the segments that are
still there come back too (at least once), and the one that was being written does not. Who has
several on their way takes them, and confirms them in that order: `motelink.outbox_forward`.

Segments are files ``0000000n`` that are only appended to, and removed when all of it is popped:
one flash write a record, and one a segment. A record is::

    0xA5, length of the topic, length of both (2 bytes), CRC-32 of all but itself (4 bytes),
    topic, payload

so what a power cut has torn is not taken for one; nor is any other corruption, which is counted.
"""

from array import array
from struct import pack_into

from motelink import port
from motelink.errors import TooLarge
from motelink.port import const, copy_into, forget

files = port.load("_files")

_MAGIC = const(0xA5)
_CRC = const(4)
_HEADER = const(8)

_table = array("H", bytes(64))  # of `_check`, filled with the first outbox


class Outbox:
    """``folder``: made if it is not there. ``record_size``: bytes of topic and payload together,
    the largest; a buffer of that is allocated. ``segment_size``: bytes of a file, and
    ``segments``: how many of them at most. ``policy``, when they are full: "drop_oldest" loses the
    oldest segment, "refuse" the new record.

    ``limit``: bytes of a record. ``count``: records that wait, ``taken`` of them on their way.
    ``dropped`` (some of which may have been on their way), ``refused``, ``corrupt``: counters.
    Raises ConfigError, and OSError where the file system cannot be read.

    `put` and `peek` allocate nothing but where a segment begins or ends: then some 3 KB, for a
    moment.
    """

    def __init__(
        self,
        folder: str = "outbox",
        record_size: int = 256,
        segment_size: int = 4096,
        segments: int = 16,
        policy: str = "drop_oldest",
    ):
        _seldom("make", self, folder, record_size, segment_size, segments, policy)

    def put(self, topic, payload) -> bool:
        """Append a record: bytes and bytes. True when it is in flash; False when the outbox is
        full and refuses, or the file system takes no more. Raises TooLarge."""
        n = len(topic)
        size = _HEADER + n + len(payload)
        if size > _HEADER + self.limit or n > 255:
            raise TooLarge("a record: %d bytes of %d" % (size - _HEADER, self.limit))
        data = self._data
        pack_into(">BBH", data, 0, _MAGIC, n, size - _HEADER)
        copy_into(data, _HEADER, topic, n)
        copy_into(data, _HEADER + n, payload, len(payload))
        _check(data, size)
        try:
            if (not self._tail or self._used + size > self._segment_size) and not _seldom(
                "begin", self
            ):
                self.refused += 1
                return False
            self._tail.seek(self._used)
            files.write_from(self._tail, data, size)
            files.sync(self._tail)
        except OSError:
            # Part of it may be there: nothing may follow that in this segment.
            _seldom("seal", self)
            self.refused += 1
            return False
        self._used += size
        self._counts[-1] += 1
        self.count += 1
        return True

    def peek(self) -> bool:
        """Read the oldest record that is not taken into ``topic`` and ``payload``, views that are
        valid until the next `peek` or `put`. False: there is none, or it is in another segment
        than those on their way. Raises OSError."""
        while self.count:
            while self._done and not self.taken:  # behind a `rewind`
                self._ahead = self._at = self._at + self._read(self._source(), self._at)
                self._done -= 1
            if self._counts[0] > self.taken:
                self._size = self._read(self._source(), self._ahead)
                if self._size:
                    return True
                _seldom("lost", self)
            if self.taken:
                break
            _seldom("drop", self)
        return False

    def take(self) -> None:
        """The record that `peek` has read is on its way: `peek` goes on to the next one."""
        if self._size:
            self._ahead += self._size
            self._size = 0
            self.taken += 1

    def confirm(self) -> None:
        """The oldest record that was taken has arrived."""
        if self._stale:
            self._stale -= 1
        elif self.taken:
            self.taken -= 1
            self._done += 1
            self._counts[0] -= 1
            self.count -= 1
            if not self.taken:
                self._at = self._ahead
                self._done = 0
            if not self._counts[0] and (len(self._counts) > 1 or not self._tail):
                _seldom("drop", self)

    def rewind(self) -> None:
        """Those on their way are lost: `peek` begins with the oldest of them again."""
        self._stale = self._size = self.taken = 0
        self._ahead = self._at

    def pop(self) -> None:
        """`take` and `confirm` at once, where nothing else is on its way."""
        if self._size:
            self.take()
            self.confirm()

    def close(self) -> None:
        """Close the files. What waits is there when the outbox is made again; where nothing
        waits, no record comes back."""
        if self._counts:
            _seldom("close", self)

    def _source(self):
        """The oldest segment, open. (LittleFS does not show what one handle writes to another.)"""
        if self._tail and len(self._counts) == 1:
            return self._tail
        if not self._head:
            _seldom("head", self)
        return self._head

    def _read(self, file, at: int) -> int:
        """Read the record at ``at``; its size, 0 for none that is whole."""
        if not file:
            return 0
        file.seek(at)
        data = self._data
        n = files.read_into(file, data, _HEADER + self.limit)
        if n < _HEADER or data[0] != _MAGIC:
            return 0
        at = _HEADER + data[1]
        size = _HEADER + (data[2] << 8 | data[3])
        if size > n or at > size or not _check(data, size):
            return 0
        self.topic.start = _HEADER
        self.topic.end = self.payload.start = at
        self.payload.end = size
        return size


def _check(data, size: int) -> bool:
    """Write the record's CRC-32 (IEEE 802.3) into its header; whether it was there already.

    About 2,000 instructions a byte on MicroPython. In two halves, since ``binascii.crc32`` returns
    32 bits, which are no small int there: it allocates.
    """
    low = high = 0xFFFF
    for i in range(size):
        if not _CRC <= i < _HEADER:
            low ^= data[i]
            i = low & 15
            low = (low >> 4 | high << 12 & 0xF000) ^ _table[i]
            high = high >> 4 ^ _table[i + 16]
            i = low & 15
            low = (low >> 4 | high << 12 & 0xF000) ^ _table[i]
            high = high >> 4 ^ _table[i + 16]
    low ^= 0xFFFF
    high ^= 0xFFFF
    whole = data[4] << 8 | data[5] == high and data[6] << 8 | data[7] == low
    pack_into(">HH", data, _CRC, high, low)
    return whole


def _seldom(act: str, *values):
    """What is done once a segment, or less often, is loaded for that, and dropped."""
    from motelink import outbox_segments

    try:
        return getattr(outbox_segments, act)(*values)
    finally:
        forget("outbox_segments")
