"""How a run of firmware ends."""

from dataclasses import dataclass


class BoardReset(BaseException):
    """The board has reset: nothing of the program runs any more, whatever it catches.

    ``kind`` is hard, soft, watchdog, deepsleep or bootloader; ``ms`` is how long a deepsleep was
    to last, 0 for until a pin wakes the board.
    """

    def __init__(self, kind: str, ms: int = 0) -> None:
        super().__init__(f"board reset: {kind}" + (f" for {ms} ms" if ms else ""))
        self.kind = kind
        self.ms = ms


class FirmwareStopped(BaseException):
    """The time given to a run is over; raised inside the firmware to end it."""


class FirmwareHung(Exception):
    """A run took too long on the host's clock: it neither ends nor waits for the board's."""


@dataclass(frozen=True)
class Reset:
    """One reset of the board: its kind, and when, in ms since power came."""

    kind: str
    ms: int
    at_ms: int


@dataclass(frozen=True)
class Outcome:
    """What came of one run.

    ``kind`` is "returned", "exception" (``exception`` holds it; the board would be at its prompt),
    "reset" (``reset`` is hard, soft, watchdog or bootloader), "deepsleep" (``sleep_ms`` long), or
    "stopped": still running when its time was over. ``output`` is what it printed, tracebacks
    included; ``ran_ms`` is how long it ran by the board's clock.
    """

    kind: str
    output: str
    ran_ms: int
    exception: Exception | None = None
    reset: str | None = None
    sleep_ms: int = 0
