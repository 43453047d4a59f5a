"""Carries out a plan on the board, so that being cut off at any point does no harm.

Each batch is written whole under temporary names and read back; a board cut off until then has
all its old files. Then every file is renamed into place, the library first, main.py last; a board
cut off here has old and new files, each whole. A twin (foo.py beside a new foo.mpy) is removed
after the rename: until then it hides the new file, so ``import`` always finds one of the two.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from motelink_tools.errors import ToolError
from motelink_tools.flash.planning import Change, Plan
from motelink_tools.flash.remote import TEMP, Remote

# Told the file being sent, bytes sent of the whole plan, and its total.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Summary:
    """What was done. ``sent``, ``unchanged`` and ``removed`` are names on the board."""

    sent: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    bytes: int
    seconds: float


def apply(plan: Plan, remote: Remote, progress: Progress | None = None) -> Summary:
    """Make the board's files as planned. Raises ToolError; then each file is old or new."""
    started = time.monotonic()
    if plan.remove:
        remote.discard(plan.remove)
    sent = 0

    def tell(dest: str, count: int) -> None:
        nonlocal sent
        sent += count
        if progress:
            progress(dest, sent, plan.total)

    for batch in plan.batches:
        _stage(batch, remote, tell)
        remote.commit([(change.file.dest, change.twin) for change in batch])
    if plan.batches or plan.remove:
        remote.settle()
    return Summary(
        sent=tuple(change.file.dest for change in plan.changes),
        unchanged=plan.unchanged,
        removed=plan.removed,
        bytes=sent,
        seconds=time.monotonic() - started,
    )


def _stage(batch: Sequence[Change], remote: Remote, tell: Callable[[str, int], None]) -> None:
    begun: list[str] = []
    try:
        for change in batch:
            dest = change.file.dest
            begun.append(dest + TEMP)
            tell(dest, 0)
            remote.stage(dest, change.file.data, partial(tell, dest))
    except ToolError as error:
        if error.kind != "disconnected":
            with suppress(ToolError):
                remote.discard(begun)
        raise
