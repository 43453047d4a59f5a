"""iot-manager's dialect of the servers 0.0.8 to 0.0.12: ``FF`` ends each message. Sans-I/O.

The answer to a heartbeat is the bare ``02`` that those servers know; everything else the device
says ends with ``FF``, so that TCP may merge it.
"""

from motelink.port import const

# As in manager_wire, which the host reads: a name imported from there costs a board 40 bytes.
_GETINFO = const(1)
_HEART = const(2)
_END = const(3)
_TERMINATOR = const(b"\xff")
_BEAT = const(b"\x02")


class Framing:
    """Reads ``owner.rx``, writes to ``owner``, tells ``owner`` what came."""

    overhead = 1  # bytes around a message
    held = False

    def __init__(self, owner):
        self.owner = owner
        self.skipped = 0  # bytes so far of a message larger than the buffer

    def received(self) -> None:
        """Consume whole messages, and pieces of one larger than the buffer. Allocates nothing."""
        owner = self.owner
        rx = owner.rx
        owner.heard = True
        while rx.start < rx.end:
            start = rx.start
            end = rx.data.find(_TERMINATOR, start, rx.end)
            whole = end >= 0
            if not whole:
                if not self.skipped and rx.end - start < rx.limit:
                    return
                end = rx.end
            rx.start = end + whole
            if not whole or self.skipped:
                at = self.skipped
                self.skipped = 0 if whole else at + end - start
                owner.chunk(start, end, at, -1)
                if whole:
                    owner.oversize(at + end - start)
            elif end - start != 1 or not self._command(rx.data[start]):
                owner.deliver(start, end)

    def _command(self, byte: int) -> bool:
        if byte == _HEART:
            self.owner.write(_BEAT)
            self.owner.beats += 1
        elif byte in (_GETINFO, _END):
            self.owner.command(byte)
        else:
            return False
        return True

    def begin(self) -> None:
        """Before a message of unknown length is put into ``tx``."""

    def finish(self, at: int) -> None:
        """After it; it begins at ``tx.data[at]``."""
        self.owner.tx.put(_TERMINATOR)

    def put(self, data: bytes) -> None:
        """Put one message into ``tx``, which has room. Allocates nothing."""
        self.owner.tx.put(data)
        self.owner.tx.put(_TERMINATOR)

    def check(self, data: bytes) -> None:
        """Raise ValueError for a message that this dialect cannot carry."""
        if _TERMINATOR in data or (data and data[0] == _HEART):
            raise ValueError("a message must not contain 0xff nor begin with 0x02")

    def reset(self) -> None:
        """The connection has closed."""
        self.skipped = 0
