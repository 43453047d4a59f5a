"""Which modules of the library a program needs, read from the source without running it.

An import counts wherever it stands, in a function too; and so does what is loaded by name:
``port.load("_json")`` is this runtime's room of `motelink.port`, and
``__import__("motelink.node_" + name)`` is each module whose name the source can make of that
beginning and one of its own strings.
"""

import ast
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

from motelink_tools import paths
from motelink_tools.errors import ToolError

# Who loads a module for each platform that there is, and how those are called.
_PLATFORM_PARTS = {
    "motelink.node_board": "motelink.node_",
    "motelink.node_outbox": "motelink.node_outbox_",
}


def needs(
    roots: Iterable[str | Path],
    runtime: str = "micropython",
    *,
    platforms: Collection[str] | None = None,
) -> list[Path]:
    """The library's files that ``roots`` need to run on ``runtime``, sorted.

    A root is a module's name ("motelink.losant") or a program's file. ``platforms`` ("losant",
    "manager", ...) are those that a `motelink.node` may join; None stands for all.
    Raises ToolError ``unknown_module`` for a module that there is not, ``bad_source`` for a file
    that does not compile.
    """
    found = {"motelink"}
    waiting = ["motelink.port"]
    for root in roots:
        waiting += imports(root, runtime) if isinstance(root, Path) else [root]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for other in imports(_file(name), runtime):
            if not (name in _PLATFORM_PARTS and _is_unwanted(name, other, platforms)):
                waiting.append(other)
    return sorted(_file(name) for name in found)


def imports(program: Path, runtime: str = "micropython") -> list[str]:
    """The library's modules that one file names, sorted: what it imports and what it loads."""
    return sorted(set(_named(_tree(program), runtime)))


def _is_unwanted(loader: str, name: str, platforms: Collection[str] | None) -> bool:
    """Whether the node loads this for a platform that it will not join."""
    part = name.removeprefix(_PLATFORM_PARTS[loader])
    return platforms is not None and name in _parts(loader) and part not in platforms


@cache
def _parts(loader: str) -> frozenset[str]:
    """What it loads by the name of a platform, and does not import besides, as node_board does
    node_outbox, whose setting is called "outbox"."""
    tree = _tree(_file(loader))
    return frozenset(_loaded_by_name(tree)) - frozenset(_imported(tree))


def _named(tree: ast.Module, runtime: str) -> Iterator[str]:
    yield from _imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (room := _room(node)) is not None:
            yield f"motelink._port_{runtime}{room}"
    yield from _loaded_by_name(tree)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            yield node.module
            if node.module == "motelink":
                yield from (f"motelink.{alias.name}" for alias in node.names if _is_module(alias))


def _loaded_by_name(tree: ast.Module) -> Iterator[str]:
    """``__import__(beginning + name)``, for each string of the file that makes it a module."""
    words = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _callee(node) == "__import__" and node.args:
            name = node.args[0]
            if isinstance(name, ast.BinOp) and isinstance(name.left, ast.Constant):
                made = (str(name.left.value) + word for word in words)
                yield from (module for module in made if module in _modules())


def _room(call: ast.Call) -> str | None:
    """The room that ``port.load("_json")`` names, or within port ``load("")``."""
    if _callee(call) not in ("port.load", "load") or not call.args:
        return None
    room = call.args[0]
    if isinstance(room, ast.Constant) and isinstance(room.value, str):
        return room.value
    return None


def _callee(call: ast.Call) -> str:
    return ast.unparse(call.func)


def _is_ours(name: str) -> bool:
    return name == "motelink" or name.startswith("motelink.")


def _is_module(alias: ast.alias) -> bool:
    """Whether ``from motelink import x`` means a module, and not what the package itself has."""
    return not alias.name.startswith("__") and alias.name != "*"


@cache
def _modules() -> dict[str, Path]:
    package = paths.library() / "motelink"
    found = {f"motelink.{file.stem}": file for file in package.glob("*.py")}
    found["motelink"] = found.pop("motelink.__init__")
    return found


def _file(name: str) -> Path:
    try:
        return _modules()[name]
    except KeyError:
        raise ToolError(f"motelink has no module {name}", kind="unknown_module") from None


@cache
def _tree(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError) as error:
        raise ToolError(f"{file} does not compile: {error}", kind="bad_source") from None
