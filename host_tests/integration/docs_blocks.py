"""The fenced blocks of README.md and docs, and what each says about itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from motelink_tools import paths

ROOT = paths.board_root()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^( *)```(\w*)\s*$")
_MARK = re.compile(r"^ *<!-- (not run|allocates): (.+) -->$")


@dataclass(frozen=True)
class Block:
    """``mark``: ("not run", why) or ("allocates", how many bytes), of the comment before it."""

    page: Path
    line: int
    language: str
    text: str
    mark: tuple[str, str] | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_host(self) -> bool:
        """A program of the host, which knows the tools; a device's otherwise."""
        return "motelink_tools" in self.text


def blocks(page: Path) -> Iterator[Block]:
    """Every block of a page, in order. Raises ValueError for one that is not closed."""
    mark: tuple[str, str] | None = None
    lines = iter(enumerate(page.read_text(encoding="utf-8").splitlines(), 1))
    for number, line in lines:
        fence = _FENCE.match(line)
        if fence is None:
            if line.strip():
                found = _MARK.match(line)
                mark = (found[1], found[2]) if found else None
            continue
        inside = list(_inside(page, number, lines, fence[1]))
        yield Block(page, number, fence[2], "\n".join(inside) + "\n", mark)
        mark = None


def _inside(
    page: Path, begin: int, lines: Iterator[tuple[int, str]], indent: str
) -> Iterator[str]:
    for _, line in lines:
        if line.strip() == "```":
            return
        yield line.removeprefix(indent)
    raise ValueError(f"{page}:{begin}: the block is not closed")


def all_blocks() -> list[Block]:
    """Of every page."""
    return [block for page in PAGES for block in blocks(page)]


def programs(page: str, *, host: bool) -> list[Block]:
    """The Python blocks of a page that are run: the host's, or the device's."""
    return [
        block
        for block in blocks(ROOT / page)
        if block.language == "python" and block.mark is None and block.is_host == host
    ]
