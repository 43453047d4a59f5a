"""Tables of the hub's commands: what devices call themselves is shown as it is, and in a pipe
nothing is folded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from motelink_tools.hub.app.verbs import printable

_PIPE_WIDTH = 1000


def show(
    columns: Sequence[str], sections: Iterable[Iterable[Sequence[str]]], *, title: str = ""
) -> None:
    """Print rows of text, a line between each section and the next."""
    console = Console()
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    table = Table(title=_cell(title) if title else None, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for rows in sections:
        for row in rows:
            table.add_row(*map(_cell, row))
        table.add_section()
    console.print(table)


def _cell(text: str) -> Text:
    return Text(printable(text))
