"""Runs the pieces of ``on_board/`` on a board, one after another, each small enough for its heap.

A piece prints what it found as lines ``~`` and a Python literal; other lines are what the library
logs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from motelink_tools.transport import read_answer

_PIECES = Path(__file__).with_name("on_board")
_MARK = "~"

Say = Callable[[str], None]


class Link(Protocol):
    """What is needed of ``transport.Board``."""

    def exec(self, code: str) -> str:
        """Run code on the board; what it prints. Raises RemoteError when it raises."""


class Agent:
    """``said``: the lines that the last piece printed besides."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.said: list[str] = []

    def load(self, piece: str, **values: object) -> list[Any]:
        """Run ``on_board/<piece>.py`` with these names set; what it found."""
        lines = (_PIECES / f"{piece}.py").read_text(encoding="utf-8").splitlines()
        code = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
        return self.run(
            "\n".join([f"{name} = {value!r}" for name, value in values.items()] + code)
        )

    def run(self, code: str) -> list[Any]:
        """Run code there; what it found."""
        found = []
        self.said = []
        for line in self._link.exec(code).splitlines():
            if line.startswith(_MARK):
                found.append(read_answer(line[1:]))
            elif line.strip():
                self.said.append(line)
        return found
