"""Runs a program on a fake board until it ends, and sees to it that it does."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from motelink_tools.testing.clock import Clock
from motelink_tools.testing.outcome import (
    BoardReset,
    FirmwareHung,
    FirmwareStopped,
    Outcome,
    Reset,
)
from motelink_tools.testing.stand_ins import Console

_CHECKS_A_LOOK = 4096  # loop turns between two looks at the host's clock


class Supervisor:
    """What ends a run is raised in the program, and raised again wherever the program would
    catch it: firmware is instrumented to call ``turn`` and ``check``, see ``imports``.
    """

    def __init__(self, clock: Clock, console: Console, power_off: Callable[[], None]) -> None:
        self.resets: list[Reset] = []
        self.last_reset: Reset | None = None
        """The reset that the last run ended in; None when it ended otherwise."""
        self._clock = clock
        self._console = console
        self._power_off = power_off
        self._running = False
        self._ending: BaseException | None = None
        self._checks = 0
        self._deadline = 0.0
        clock.on_stop = self._stop

    def run(
        self,
        program: Callable[[], None],
        for_ms: float | None,
        until: Callable[[], object] | None,
        real_s: float,
    ) -> Outcome:
        """Run ``program`` for at most ``for_ms`` of the board's time, or until ``until()``.

        Raises FirmwareHung when that takes more than ``real_s`` of the host's. ``power_off`` is
        called when the program is gone, but not when it has just returned or raised.
        """
        mark, started = self._console.mark(), self._clock.now_ms
        kind, exception, reset, sleep_ms = "returned", None, None, 0
        self.last_reset = None
        with self._bounded(for_ms, until, real_s):
            try:
                program()
            except BoardReset as gone:
                kind, reset = "reset", gone.kind
                if gone.kind == "deepsleep":
                    kind, reset, sleep_ms = "deepsleep", None, gone.ms
            except FirmwareStopped:
                kind = "stopped"
            except SystemExit:  # a board's program that exits ends in a soft reset
                kind, reset = "reset", "soft"
                self._note("soft", 0)
            except FirmwareHung:
                self._power_off()
                raise
            except Exception as error:
                self._console.print_exception(error)
                kind, exception = "exception", error
            if kind not in ("returned", "exception"):  # there is no prompt where timers run on
                self._power_off()
        output, ran_ms = self._console.since(mark), self._clock.now_ms - started
        return Outcome(kind, output, ran_ms, exception, reset, sleep_ms)

    def turn(self) -> None:
        """A turn of a loop of the program."""
        self.check()
        self._clock.turn()

    def check(self) -> None:
        """Raise what ends the run, if anything does."""
        if self._ending is not None:
            raise self._ending
        self._checks += 1
        if self._running and self._checks % _CHECKS_A_LOOK == 0:
            self._look()

    def reset(self, kind: str, ms: int) -> NoReturn:
        """The board resets: hard, soft, watchdog, bootloader, or deepsleep for ``ms``."""
        self._note(kind, ms)
        self._end(BoardReset(kind, ms))

    def _note(self, kind: str, ms: int) -> None:
        self.last_reset = Reset(kind, ms, self._clock.now_ms)
        self.resets.append(self.last_reset)

    def _look(self) -> None:
        if time.monotonic() > self._deadline:
            self._end(
                FirmwareHung(
                    "the firmware ran too long on the host's clock; expected it to end, to sleep "
                    "until for_ms is over, or a longer real_s"
                )
            )

    def _stop(self) -> NoReturn:
        self._end(FirmwareStopped("the test has seen enough"))

    def _end(self, ending: BaseException) -> NoReturn:
        if self._running:
            self._ending = ending
        raise ending

    @contextmanager
    def _bounded(
        self, for_ms: float | None, until: Callable[[], object] | None, real_s: float
    ) -> Iterator[None]:
        self._running = True
        self._deadline = time.monotonic() + real_s
        self._clock.stop(for_ms, until)
        try:
            yield
        finally:
            self._clock.stop()
            self._running = False
            self._ending = None
