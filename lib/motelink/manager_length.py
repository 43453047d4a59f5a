"""iot-manager's dialect of the servers 0.0.20 and later: a 2-byte length before each message.
Sans-I/O."""

from motelink.manager_wire import END, GETINFO, HEART, LENGTH_BYTES, MAX_LENGTH

_BEAT = b"\x00\x01\x02"


class Framing:
    """Reads ``owner.rx``, writes ``owner.tx``, tells ``owner`` what came."""

    overhead = LENGTH_BYTES
    held = False

    def __init__(self, owner):
        self.owner = owner
        self.rx = owner.rx
        self.tx = owner.tx
        self.total = 0  # of a message larger than the buffer
        self.left = 0  # of it, still to come

    def received(self) -> None:
        """Consume whole messages; pieces of one that is larger than the buffer. Allocates nothing."""
        rx = self.rx
        data = rx.data
        self.owner.heard = True
        while True:
            start = rx.start
            have = rx.end - start
            if self.left:
                if not have:
                    return
                self._piece(start, have)
                continue
            if have < 2:
                return
            n = data[start] << 8 | data[start + 1]
            if have - 2 >= n:
                rx.start = start + 2 + n
                self._message(start + 2, n)
            elif n + 2 > rx.limit:
                rx.start = start + 2
                self.total = self.left = n
            else:
                return

    def _message(self, start: int, n: int) -> None:
        if n == 1:
            byte = self.rx.data[start]
            if byte == HEART:
                self.tx.put(_BEAT)
                self.owner.beats += 1
                return
            if byte == GETINFO or byte == END:
                self.owner.command(byte)
                return
        self.owner.deliver(start, start + n)

    def _piece(self, start: int, have: int) -> None:
        n = self.left if self.left < have else have
        self.rx.start = start + n
        at = self.total - self.left
        self.left -= n
        self.owner.chunk(start, start + n, at, self.total)
        if not self.left:
            self.owner.oversize(self.total)

    def reset(self) -> None:
        """The connection has closed."""
        self.left = 0

    def begin(self) -> None:
        """Before a message of unknown length is written to ``tx``, which holds only it."""
        self._at = self.tx.end
        self.tx.put(b"\x00\x00")

    def finish(self) -> None:
        """After it."""
        tx = self.tx
        n = tx.end - self._at - 2
        tx.data[self._at] = n >> 8
        tx.data[self._at + 1] = n & 0xFF

    def put(self, data: bytes) -> None:
        """Append one application message. Raises TooLarge when it does not fit."""
        n = len(data)
        tx = self.tx
        tx.put_byte(n >> 8)
        tx.put_byte(n & 0xFF)
        tx.put(data)

    def check(self, data: bytes) -> None:
        """Raise ValueError for a message that this dialect cannot carry."""
        if len(data) > MAX_LENGTH:
            raise ValueError("the length dialect carries at most 65535 bytes, got %d" % len(data))
        if len(data) == 1 and GETINFO <= data[0] <= END:
            raise ValueError("the length dialect cannot send the single byte %d" % data[0])
