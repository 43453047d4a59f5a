"""The sizes as one HTML file that needs nothing else: a treemap of heap, one of flash, a table."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from string import Template

from motelink_tools.size.measurement import Part, Sizes
from motelink_tools.size.report import note, ranked
from motelink_tools.size.treemap import Box, squarify

_WIDTH, _HEIGHT = 1200.0, 680.0
_TITLE = 18.0
_LETTER = 7.0  # pixels of a letter of a name, bold, at 11 px
_LINE = 14.0
_HUES = {
    "project": 24,
    "base": 215,
    "port": 240,
    "node": 265,
    "manager": 150,
    "losant": 95,
    "iottalk": 185,
    "sepl": 335,
    "commute": 45,
    "mqtt": 200,
    "websocket": 300,
    "http": 0,
    "outbox": 120,
}

Value = Callable[[Part], int]


def write(sizes: Sizes, file: Path) -> None:
    """Raises OSError."""
    file.write_text(html(sizes), encoding="utf-8")


def html(sizes: Sizes) -> str:
    """The page."""
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        what=escape(sizes.what),
        heap_total=f"{sizes.heap:,}",
        flash_total=f"{sizes.flash:,}",
        note=escape(note(sizes)),
        heap=_treemap(sizes, lambda part: part.heap or 0),
        flash=_treemap(sizes, lambda part: part.flash),
        rows="\n".join(map(_row, ranked(sizes))),
    )


def _treemap(sizes: Sizes, value: Value) -> str:
    groups: dict[str, list[Part]] = {}
    for part in sorted(sizes.parts, key=value, reverse=True):
        if value(part) > 0:
            groups.setdefault(part.group, []).append(part)
    ranked_groups = sorted(groups.items(), key=lambda item: -sum(map(value, item[1])))
    totals = [float(sum(map(value, parts))) for _, parts in ranked_groups]
    boxes = squarify(totals, Box(0, 0, _WIDTH, _HEIGHT))
    drawn = [
        _group(name, parts, value, box)
        for (name, parts), box in zip(ranked_groups, boxes, strict=True)
    ]
    return (
        f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="treemap">'
        f"{''.join(drawn)}</svg>"
    )


def _group(name: str, parts: list[Part], value: Value, box: Box) -> str:
    total = sum(map(value, parts))
    inner = box.inside(2, _TITLE)
    tiles = [
        _tile(part, value(part), tile)
        for part, tile in zip(
            parts, squarify([float(value(part)) for part in parts], inner), strict=True
        )
    ]
    label = _fitting([f"{name} {total:,}", name], box.width - 8)
    return (
        f'<g style="--hue:{_HUES[name]}"><title>{name}: {total:,} bytes</title>'
        f"{_rect(box, 'group')}{_text(box.x + 5, box.y + 13, label, 'head')}{''.join(tiles)}</g>"
    )


def _tile(part: Part, size: int, box: Box) -> str:
    name = (part.module or part.dest).removeprefix("motelink.")
    short = name.removeprefix("_port_micropython_").removeprefix(f"{part.group}_")
    lines = []
    if box.height >= _LINE + 4:
        label = _fitting([short], box.width - 8)
        lines.append(_text(box.x + 4, box.y + 13, label, "name"))
        if label and box.height >= 2 * _LINE + 6:
            lines.append(_text(box.x + 4, box.y + 27, _fitting([f"{size:,}"], box.width - 8), ""))
    title = escape(f"{part.module or part.dest}: {size:,} bytes")
    return f"<g><title>{title}</title>{_rect(box, 'tile')}{''.join(lines)}</g>"


def _rect(box: Box, kind: str) -> str:
    return (
        f'<rect class="{kind}" x="{box.x:.1f}" y="{box.y:.1f}" '
        f'width="{max(0.0, box.width - 1):.1f}" height="{max(0.0, box.height - 1):.1f}"/>'
    )


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>' if text else ""


def _fitting(texts: list[str], width: float) -> str:
    """The first that fits, or the beginning of the last, or none."""
    for text in texts:
        if len(text) * _LETTER <= width:
            return text
    letters = int(width / _LETTER) - 1
    return f"{texts[-1][:letters]}…" if letters >= 3 else ""


def _row(part: Part) -> str:
    heap = "" if part.heap is None else f"{part.heap:,}"
    name = escape(part.module or part.dest)
    trouble = f" <small>{escape(part.trouble)}</small>" if part.trouble else ""
    return (
        f'<tr><td><i style="--hue:{_HUES[part.group]}"></i>{name}{trouble}</td>'
        f"<td>{part.group}</td><td>{heap}</td><td>{part.flash:,}</td></tr>"
    )
