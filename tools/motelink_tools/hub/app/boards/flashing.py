"""A flash of a board, as far as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.flash import Options, Plan, Result, flash


@dataclass(slots=True)
class Progress:
    """``state``: never, preparing, sending, done, failed. ``file``: being sent, the ``number``th
    of ``files``; ``sent`` of ``total`` bytes.
    """

    state: str = "never"
    file: str = ""
    number: int = 0
    files: int = 0
    sent: int = 0
    total: int = 0
    seconds: float = 0.0
    error: str = ""

    @property
    def runs(self) -> bool:
        """Whether it is under way."""
        return self.state in ("preparing", "sending")

    def public(self) -> dict[str, Any]:
        """In JSON."""
        return asdict(self)


class Flash:
    """One, from `run`. ``changed`` is called, in the thread of `run`, when ``progress`` has."""

    def __init__(self, changed: Any) -> None:
        self.progress = Progress("preparing")
        self._changed = changed
        self._order: dict[str, int] = {}

    def run(self, port: str, plan: Callable[[], Sequence[str]], planned: Any) -> Result:
        """Returns when the board restarts. Raises ToolError. ``plan`` says what is to be sent;
        ``planned``: called once the board is in our hands and what it lacks is known.
        """

        def begin(plan: Plan) -> None:
            self._order = {change.file.dest: n for n, change in enumerate(plan.changes, 1)}
            progress = self.progress
            progress.state, progress.files, progress.total = (
                "sending",
                len(self._order),
                plan.total,
            )
            planned()
            self._changed()

        try:
            result = flash(Options(port=port, paths=plan()), planned=begin, progress=self._sending)
        except BaseException as error:
            self.progress.state = "failed"
            known = isinstance(error, (ToolError, OSError))
            self.progress.error = str(error) if known else "the flash failed; the log says more"
            raise
        finally:
            self._changed()
        summary = result.summary
        self.progress.seconds = round(summary.seconds, 1)
        self.progress.sent = self.progress.total
        self.progress.state = "done"
        self._changed()
        return result

    def _sending(self, dest: str, sent: int, _total: int) -> None:
        self.progress.file, self.progress.number = dest, self._order[dest]
        self.progress.sent = sent
        self._changed()
