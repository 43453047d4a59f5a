"""Writes measured figures into the pages of the documentation.

A page marks a figure by its key: ``<!-- mqtt.min_heap_kib -->33<!-- / -->``; what stands between
is replaced. Browsers show only the number.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from motelink_tools import paths
from motelink_tools.errors import ToolError

_MARK = re.compile(r"(<!-- ([a-z0-9_]+(?:\.[a-z0-9_]+)+) -->)[^<\n]*(<!-- / -->)")
_DIGITS = 3  # more would change with each measurement


def read(file: Path) -> dict[str, float]:
    """The figures of a file of `motelink bench --json`. Raises ToolError, OSError."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ToolError(f"{file} is no JSON: {error}", kind="file") from error
    if not isinstance(found, dict):
        raise ToolError(f"{file}: expected an object of figures", kind="file")
    return found


def write(figures: Mapping[str, float], folder: Path | None = None) -> dict[Path, int]:
    """Bring every page beneath ``folder`` (docs/ of a checkout) up to date; the pages that have
    changed, with how many figures each has of these. A figure that was not measured stays.

    Raises ToolError ``no_checkout`` where there are no pages.
    """
    folder = folder or paths.board_root() / "docs"
    if not folder.is_dir():
        raise ToolError("the pages are in a checkout of motelink", kind="no_checkout")
    changed = {}
    for page in sorted(folder.rglob("*.md")):
        old = page.read_text(encoding="utf-8")
        new = _MARK.sub(lambda mark: mark[1] + _value(figures, mark) + mark[3], old)
        if new != old:
            page.write_text(new, encoding="utf-8")
            changed[page] = sum(key in figures for key in marked(new))
    return changed


def marked(page: str) -> list[str]:
    """The keys that a page's text marks, in order."""
    return [mark[2] for mark in _MARK.finditer(page)]


def shown(value: float) -> str:
    """As people read it: three digits that count, thousands apart. 24,600; 33; 0.25."""
    rounded = float(f"{value:.{_DIGITS}g}")
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:g}"


def _value(figures: Mapping[str, float], mark: re.Match[str]) -> str:
    if mark[2] in figures:
        return shown(figures[mark[2]])
    return mark[0][len(mark[1]) : -len(mark[3])]
