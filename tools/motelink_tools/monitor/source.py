"""The source line that a traceback of the board means.

Code from .mpy files names itself as it was compiled: "motelink.link" for lib/motelink/link.py,
"app.py" for a program; source on the board by its path, "/lib/motelink/link.py".
"""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from motelink_tools import paths


@dataclass(frozen=True)
class Frame:
    """``same``: whether line ``line`` of the file lies in the function that the board named. If
    not, the board runs another state of the file than the one here."""

    path: Path
    line: int
    text: str
    same: bool


class Sources:
    """Files of a project, then motelink's own."""

    def __init__(self, project: Path) -> None:
        library = paths.library()
        self._roots = [project, project / "lib", paths.board_root(), library]

    def find(self, name: str, line: int, function: str | None = None) -> Frame | None:
        """Where it is here; None for what is not: frozen code, the prompt, another's program."""
        for relative in _files(name):
            for root in self._roots:
                path = root / relative
                if path.is_file() and path.resolve().is_relative_to(root.resolve()):
                    return _frame(path, line, function)
        return None


def _files(name: str) -> list[Path]:
    if name.endswith((".py", ".mpy")):
        path = Path(name.lstrip("/")).with_suffix(".py")
        return [path, path.relative_to("lib")] if path.parts[:1] == ("lib",) else [path]
    if not all(part.isidentifier() for part in name.split(".")):
        return []
    path = Path(*name.split("."))
    return [path.with_suffix(".py"), path / "__init__.py"]


def _frame(path: Path, line: int, function: str | None) -> Frame | None:
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()
    if not 1 <= line <= len(lines):
        return Frame(path, line, "", same=False)
    same = function is None or function in _functions_at(text, line)
    return Frame(path, line, lines[line - 1].strip(), same)


@cache
def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _functions_at(text: str, line: int) -> set[str]:
    """The names that MicroPython has for the code in which this line is."""
    tree = _tree(text)
    names = {"<module>"}
    if tree is None:
        return names
    kinds = {
        ast.Lambda: "<lambda>",
        ast.ListComp: "<listcomp>",
        ast.SetComp: "<setcomp>",
        ast.DictComp: "<dictcomp>",
        ast.GeneratorExp: "<genexpr>",
    }
    for node in ast.walk(tree):
        start, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
        if start <= line <= end:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(node.name)
            elif type(node) in kinds:
                names.add(kinds[type(node)])
    return names
