"""What a flash of MicroPython itself shows."""

import json

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from motelink_tools.flash.firmware import Options, flash_firmware


def run(options: Options, *, as_json: bool) -> int:
    """Do it, with a bar on a terminal and lines elsewhere. Raises ToolError."""
    view = _View(Console(stderr=as_json))
    try:
        done = flash_firmware(options, view.say, view.progress)
    finally:
        view.end()
    if as_json:
        print(json.dumps(done))
    else:
        view.say(f"{done['chip']} has its firmware: {done['firmware']}")
    return 0


class _View:
    """The bar is there while something is copied; esptool, which has one of its own, writes to
    the same terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def progress(self, done: int, total: int) -> None:
        if self._bar is None and self._console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.add_task("copying", total=total)
            self._bar.start()
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=done)

    def end(self) -> None:
        if self._bar:
            self._bar.stop()
