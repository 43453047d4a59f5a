"""What a flash shows: a progress bar on a terminal, plain lines elsewhere, one object for JSON."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from motelink_tools.flash.planning import Plan
from motelink_tools.flash.session import Result


class View:
    """Follows one flash. ``planned`` and ``progress`` are what ``session.flash`` calls."""

    def __init__(self, console: Console, *, dry_run: bool) -> None:
        self._console = console
        self._dry_run = dry_run
        self._bar: Progress | None = None
        self._status = console.status("connecting to the board, comparing its files")
        self._current = ""

    @contextmanager
    def live(self) -> Iterator["View"]:
        """On a terminal, a line until it is known what to send, and then the bar."""
        self._status.start()
        try:
            yield self
        finally:
            self._status.stop()
            if self._bar:
                self._bar.stop()

    def planned(self, plan: Plan) -> None:
        """Say what a dry run would do; show the bar when there is something to send."""
        self._status.stop()
        if self._dry_run:
            for change in plan.changes:
                self._line(f"would send {change.file.dest} ({len(change.file.data):,} bytes)")
            for name in plan.removed:
                self._line(f"would remove {name}")
        elif plan.total and self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                DownloadColumn(),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._bar.add_task("", total=plan.total)
            self._bar.start()

    def progress(self, dest: str, sent: int, total: int) -> None:
        """A chunk was acknowledged, or (without a bar: only then a line) the next file begun."""
        if self._bar:
            self._bar.update(self._bar.task_ids[0], description=dest, completed=sent)
        elif dest != self._current:
            self._line(f"sending {dest} ({sent:,} of {total:,} bytes done)")
        self._current = dest

    def done(self, result: Result) -> None:
        """One line for the whole."""
        summary = result.summary
        if self._dry_run:
            begin, end = "would send", ""
        else:
            begin, end = "sent", f" in {summary.seconds:.1f} s"
        self._line(
            f"{result.port}: {begin} {_files(len(summary.sent))} ({summary.bytes:,} bytes), "
            f"{len(summary.unchanged)} unchanged, {len(summary.removed)} removed{end}"
        )

    def _line(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def as_json(result: Result, *, dry_run: bool) -> str:
    """One object on one line; for a dry run, what it would do."""
    summary = result.summary
    return json.dumps(
        {
            "ok": True,
            "dry_run": dry_run,
            "port": result.port,
            "machine": result.machine,
            "board": result.board,
            "sent": summary.sent,
            "unchanged": summary.unchanged,
            "removed": summary.removed,
            "bytes": summary.bytes,
            "seconds": round(summary.seconds, 3),
        }
    )


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
