"""iot-manager's documented dialect: no message boundary but the TCP segment. Sans-I/O.

Ambiguous by its own design, so this is how it is read: leading ``01`` and ``02`` are commands,
and what follows them is read on; a segment that is ``end\\n`` is the end; one that may become it
is held for 200 ms; a ``01`` or ``02`` behind what is otherwise text is a command that TCP glued
on. Everything else is one application message.
"""

from motelink.port import const, ticks_add, ticks_ms

# As in manager_wire, which the host reads: a name imported from there costs a board 40 bytes.
_GETINFO = const(1)
_HEART = const(2)
_END = const(3)
_BEAT = const(b"beat")
_BYE = const(b"end\n")
_E = const(101)  # how it begins
_HOLD_MS = const(200)


class Framing:
    """Reads ``owner.rx``, writes to ``owner``, tells ``owner`` what came."""

    overhead = 0  # bytes around a message

    def __init__(self, owner):
        self.owner = owner
        self.put = owner.write  # a message goes out as it is
        self.held = False  # what is in rx may become _BYE

    def received(self) -> None:
        """Consume what was received. Allocates nothing."""
        owner = self.owner
        rx = owner.rx
        owner.heard = True
        while rx.start < rx.end:
            start = rx.start
            byte = rx.data[start]
            if byte == _HEART:
                rx.start = start + 1
                self.put(_BEAT)
                owner.beats += 1
            elif byte == _GETINFO:
                rx.start = start + 1
                owner.command(_GETINFO)
            elif byte == _E and self._may_be_bye(rx):
                if rx.end - start == 4:
                    owner.command(_END)
                if not self.held:
                    self.held = True
                    owner.deadline = ticks_add(ticks_ms(), _HOLD_MS)
                return
            else:
                self.release()

    def release(self) -> None:
        """What is in rx is a message: it cannot be the end, or did not become it in time."""
        self.held = False
        rx = self.owner.rx
        start = rx.start
        end = rx.end - 1
        rx.start = rx.end
        if _GETINFO <= rx.data[end] <= _HEART and self._is_text(rx.data, start, end):
            rx.start = end
        self.owner.deliver(start, rx.start)

    def _may_be_bye(self, rx) -> bool:
        i = 0
        for byte in _BYE:
            if rx.start + i == rx.end:
                return True
            if rx.data[rx.start + i] != byte:
                return False
            i += 1
        return rx.start + i == rx.end

    def _is_text(self, data, start, end) -> bool:
        while start < end and (data[start] > 31 or 8 < data[start] < 14):
            start += 1
        return start == end

    def begin(self) -> None:
        """Before a message of unknown length is put into ``tx``."""

    def finish(self, at: int) -> None:
        """After it; it begins at ``tx.data[at]``."""

    def check(self, data: bytes) -> None:
        """Raise ValueError for a message that this dialect cannot carry."""
        if data == _BEAT:
            raise ValueError("b'beat' answers heartbeats")

    def reset(self) -> None:
        """The connection has closed."""
        self.held = False
