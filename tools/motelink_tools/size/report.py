"""The sizes as a table, and as one object for scripts."""

import json

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from motelink_tools.size.measurement import Part, Sizes

_BARS_COLUMNS = 64  # in a narrower terminal the names need the room


def show(console: Console, sizes: Sizes) -> None:
    """The largest heap first; totals; what they mean."""
    table = Table(title=f"{escape(sizes.what)}, in bytes", title_justify="left")
    table.add_column("module", overflow="fold")  # never "moteli…", which all begin with
    table.add_column("flash", justify="right")
    table.add_column("heap", justify="right")
    bars = console.width >= _BARS_COLUMNS
    if bars:
        table.add_column("")
    most = max((part.heap or 0 for part in sizes.parts), default=0) or 1
    for part in ranked(sizes):
        bar = "▇" * round(12 * (part.heap or 0) / most)
        cells = escape(part.module or part.dest), f"{part.flash:,}", _heap(part)
        table.add_row(*cells, *[bar] * bars)
    table.add_section()
    table.add_row("all", f"{sizes.flash:,}", f"{sizes.heap:,}")
    console.print(table)
    console.print(note(sizes), highlight=False)
    for part in sizes.parts:
        if part.trouble:
            text = f"{part.module} was not loaded: {part.trouble}"
            console.print(text, markup=False, highlight=False, soft_wrap=True)


def ranked(sizes: Sizes) -> list[Part]:
    """The largest heap first, then the largest file."""
    return sorted(sizes.parts, key=lambda part: (-(part.heap or 0), -part.flash, part.dest))


def note(sizes: Sizes) -> str:
    """What the totals are and are not."""
    return (
        f"MicroPython {sizes.release}, {sizes.bits}-bit. Heap: of all modules loaded at once; a "
        f"node loads what it needs seldom for the moment. In blocks of 4 KiB: {sizes.blocks:,} "
        "bytes of flash."
    )


def as_json(sizes: Sizes) -> str:
    """One object on one line."""
    return json.dumps(
        {
            "ok": True,
            "what": sizes.what,
            "micropython": sizes.release,
            "flash_bytes": sizes.flash,
            "flash_block_bytes": sizes.blocks,
            "heap_bytes": sizes.heap,
            "parts": [
                {
                    "file": part.dest,
                    "module": part.module,
                    "group": part.group,
                    "flash_bytes": part.flash,
                    "heap_bytes": part.heap,
                    **({"trouble": part.trouble} if part.trouble else {}),
                }
                for part in ranked(sizes)
            ],
        }
    )


def _heap(part: Part) -> str:
    if part.heap is None:
        return "?" if part.trouble else "-"
    return f"{part.heap:,}"
