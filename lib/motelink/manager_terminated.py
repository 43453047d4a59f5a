"""iot-manager's dialect of the servers 0.0.8 to 0.0.12: ``FF`` ends each message. Sans-I/O.

The answer to a heartbeat is the bare ``02`` that those servers know; everything else the device
says ends with ``FF``, so that TCP may merge it.
"""

from motelink.manager_wire import END, GETINFO, HEART, TERMINATOR

_END_OF_MESSAGE = b"\xff"


class Framing:
    """Reads ``owner.rx``, writes ``owner.tx``, tells ``owner`` what came."""

    overhead = 1
    held = False

    def __init__(self, owner):
        self.owner = owner
        self.rx = owner.rx
        self.tx = owner.tx
        self.skipped = 0  # bytes so far of a message larger than the buffer

    def received(self) -> None:
        """Consume whole messages; pieces of one that is larger than the buffer. Allocates nothing."""
        rx = self.rx
        self.owner.heard = True
        while rx.start < rx.end:
            start = rx.start
            end = rx.data.find(_END_OF_MESSAGE, start, rx.end)
            if end < 0:
                if rx.end - start == rx.limit:
                    self._piece(start, rx.end, 0)
                return
            rx.start = end + 1
            if self.skipped:
                rx.start = start
                self._piece(start, end, 1)
                self.owner.oversize(self.skipped)
                self.skipped = 0
            else:
                self._message(start, end)

    def _message(self, start: int, end: int) -> None:
        if end - start == 1:
            byte = self.rx.data[start]
            if byte == HEART:
                self.tx.put_byte(HEART)
                self.owner.beats += 1
                return
            if byte == GETINFO or byte == END:
                self.owner.command(byte)
                return
        self.owner.deliver(start, end)

    def _piece(self, start: int, end: int, terminator: int) -> None:
        self.rx.start = end + terminator
        self.owner.chunk(start, end, self.skipped, -1)
        self.skipped += end - start

    def reset(self) -> None:
        """The connection has closed."""
        self.skipped = 0

    def begin(self) -> None:
        """Before a message of unknown length is written to ``tx``."""

    def finish(self) -> None:
        """After it."""
        self.tx.put_byte(TERMINATOR)

    def put(self, data: bytes) -> None:
        """Append one application message. Raises TooLarge when it does not fit."""
        self.tx.put(data)
        self.tx.put_byte(TERMINATOR)

    def check(self, data: bytes) -> None:
        """Raise ValueError for a message that this dialect cannot carry."""
        if _END_OF_MESSAGE in data:
            raise ValueError("the terminated dialect cannot send a byte 0xff inside a message")
        if data and data[0] == HEART:
            raise ValueError("the terminated dialect cannot send a message that begins with 0x02")
