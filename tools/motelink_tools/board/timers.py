"""What becomes due on a virtual board by itself: its watchdog, and the end of a deep sleep."""

import time

FOREVER = float("inf")


class Timers:
    """Times are `time.monotonic()`. While the board is suspended the watchdog stands still."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """As after power-on: nothing will become due, and nothing is suspended."""
        self._watchdog = self._wake = FOREVER
        self._suspended_at: float | None = None

    @property
    def suspended(self) -> bool:
        return self._suspended_at is not None

    def feed(self, milliseconds: int) -> None:
        """The watchdog bites after this, unless it is fed again."""
        self._watchdog = time.monotonic() + milliseconds / 1000

    def sleep(self, milliseconds: int) -> None:
        """The board wakes after this; 0: never."""
        if milliseconds:
            self._wake = time.monotonic() + milliseconds / 1000

    def suspend(self) -> None:
        self._suspended_at = time.monotonic()

    def resume(self) -> None:
        if self._suspended_at is not None:
            self._watchdog += time.monotonic() - self._suspended_at
            self._suspended_at = None

    def deadline(self) -> float:
        """When the first is due; infinite if nothing is."""
        return self._wake if self.suspended else min(self._wake, self._watchdog)

    def due(self) -> str:
        """What is due now, as the cause of a reset; "" if nothing is."""
        now = time.monotonic()
        if not self.suspended and now >= self._watchdog:
            return "watchdog"
        return "deepsleep" if now >= self._wake else ""
