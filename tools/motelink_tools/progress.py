"""Progress of what takes seconds and does not tell how far it is: a fetch into a folder."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text


class _Growth(ProgressColumn):
    """How much is in a folder, looked at whenever the line is drawn."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def render(self, _task: Task) -> Text:
        return Text(f"{size(self._folder) / 1e6:.1f} MB", "progress.download")


@contextmanager
def fetching(what: str, folder: Path, *, shown: bool) -> Iterator[None]:
    """Where ``shown`` and stderr is a terminal, a moving bar with what ``folder`` has got and the
    seconds; nothing elsewhere."""
    console = Console(stderr=True)
    if not (shown and sys.stderr.isatty() and console.is_terminal):
        yield
        return
    columns = (TextColumn(what, markup=False), BarColumn(), _Growth(folder), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        bar.add_task("", total=None)
        yield


def size(folder: Path) -> int:
    """The bytes of all files in it; those that vanish meanwhile do not count."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
