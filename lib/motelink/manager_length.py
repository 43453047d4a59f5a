"""iot-manager's dialect of the servers 0.0.20 and later: a 2-byte length before each message.
Sans-I/O."""

from motelink.port import const

# As in manager_wire, which the host reads: a name imported from there costs a board 40 bytes.
_GETINFO = const(1)
_HEART = const(2)
_END = const(3)
_BEAT = const(b"\x00\x01\x02")


class Framing:
    """Reads ``owner.rx``, writes to ``owner``, tells ``owner`` what came."""

    overhead = 2  # bytes around a message
    held = False

    def __init__(self, owner):
        self.owner = owner
        self.total = 0  # of a message larger than the buffer
        self.left = 0  # of it, still to come

    def received(self) -> None:
        """Consume whole messages, and pieces of one larger than the buffer. Allocates nothing."""
        owner = self.owner
        rx = owner.rx
        data = rx.data
        owner.heard = True
        while rx.start < rx.end:
            start = rx.start
            have = rx.end - start
            if self.left:
                self._piece(start, have)
                continue
            if have < 2:
                return
            n = data[start] << 8 | data[start + 1]
            start += 2
            if n <= have - 2:
                rx.start = start + n
                if n != 1 or not self._command(data[start]):
                    owner.deliver(start, start + n)
            elif n + 2 > rx.limit:
                rx.start = start
                self.total = self.left = n
            else:
                return

    def _command(self, byte: int) -> bool:
        if byte == _HEART:
            self.owner.write(_BEAT)
            self.owner.beats += 1
        elif byte in (_GETINFO, _END):
            self.owner.command(byte)
        else:
            return False
        return True

    def _piece(self, start: int, n: int) -> None:
        if n > self.left:
            n = self.left
        at = self.total - self.left
        self.left = left = self.left - n
        self.owner.rx.start = start + n
        self.owner.chunk(start, start + n, at, self.total)
        if not left:
            self.owner.oversize(self.total)

    def begin(self) -> None:
        """Before a message of unknown length is put into ``tx``."""
        self.owner.tx.put(b"\x00\x00")

    def finish(self, at: int) -> None:
        """After it; it begins at ``tx.data[at]``. Raises ValueError when it is too long."""
        tx = self.owner.tx
        n = tx.end - at - 2
        if n > 65535:
            raise ValueError("uuid, type and data take %d bytes of 65535" % n)
        tx.data[at] = n >> 8
        tx.data[at + 1] = n & 0xFF

    def put(self, data: bytes) -> None:
        """Put one message into ``tx``, which has room. Allocates nothing."""
        n = len(data)
        tx = self.owner.tx
        tx.put_byte(n >> 8)
        tx.put_byte(n & 0xFF)
        tx.put(data)

    def check(self, data: bytes) -> None:
        """Raise ValueError for a message that this dialect cannot carry."""
        if len(data) > 65535 or (len(data) == 1 and _GETINFO <= data[0] <= _END):
            raise ValueError("a message is at most 65535 bytes, and not the byte 1, 2 or 3 alone")

    def reset(self) -> None:
        """The connection has closed."""
        self.left = 0
