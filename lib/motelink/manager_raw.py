"""iot-manager's documented dialect: no message boundary but the TCP segment. Sans-I/O.

Ambiguous by its own design, so this is how it is read: leading ``01`` and ``02`` are commands,
and what follows them is read on; a segment that is ``end\\n`` is the end; a segment that may
become one is held for `HOLD_MS`; a ``01`` or ``02`` behind what is otherwise text is a command
that TCP glued on. Everything else is one application message.
"""

from motelink.manager_wire import END, GETINFO, HEART, RAW_BEAT, RAW_END

HOLD_MS = 200


class Framing:
    """Reads ``owner.rx``, writes ``owner.tx``, tells ``owner`` what came."""

    overhead = 0

    def __init__(self, owner):
        self.owner = owner
        self.rx = owner.rx
        self.tx = owner.tx
        self.held = False  # what is in rx may become RAW_END

    def received(self) -> None:
        """Consume what was received. Allocates nothing."""
        rx = self.rx
        data = rx.data
        owner = self.owner
        owner.heard = True
        while rx.start < rx.end:
            byte = data[rx.start]
            if byte == HEART:
                rx.start += 1
                self.tx.put(RAW_BEAT)
                owner.beats += 1
            elif byte == GETINFO:
                rx.start += 1
                owner.command(GETINFO)
            elif self._is_end():
                return
            else:
                self._message()

    def release(self) -> None:
        """The time to hold a possible ``end`` is over: it was a message."""
        self.held = False
        self._message()

    def _is_end(self) -> bool:
        rx = self.rx
        n = rx.end - rx.start
        if n > len(RAW_END):
            return False
        for i in range(n):
            if rx.data[rx.start + i] != RAW_END[i]:
                return False
        if n == len(RAW_END):
            rx.clear()
            self.owner.command(END)
        elif not self.held:
            self.held = True
            self.owner.hold(HOLD_MS)
        return True

    def _message(self) -> None:
        rx = self.rx
        start = rx.start
        end = rx.end
        last = rx.data[end - 1]
        if (last == HEART or last == GETINFO) and self._is_text(end - 1):
            end -= 1
        rx.start = end
        self.held = False
        self.owner.deliver(start, end)

    def _is_text(self, end: int) -> bool:
        data = self.rx.data
        for i in range(self.rx.start, end):
            if data[i] < 32 and not 9 <= data[i] <= 13:
                return False
        return True

    def reset(self) -> None:
        """The connection has closed."""
        self.held = False

    def begin(self) -> None:
        """Before a message of unknown length is written to ``tx``."""

    def finish(self) -> None:
        """After it."""

    def put(self, data: bytes) -> None:
        """Append one application message. Raises TooLarge when it does not fit."""
        self.tx.put(data)

    def check(self, data: bytes) -> None:
        """Raise ValueError for a message that this dialect cannot carry."""
        if data == RAW_BEAT:
            raise ValueError("the raw dialect cannot send b'beat': it is a heartbeat's answer")
