"""In which order modules are loaded, so that each comes behind what it imports at its top."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_ROOM_OF_PORT = "motelink._port_micropython"


def in_order(modules: Mapping[str, Path]) -> list[str]:
    """The names of ``modules``, each (where imports make no circle) behind those it needs when it
    is loaded. What is imported inside functions does not count."""
    ordered: dict[str, None] = {}
    begun: set[str] = set()

    def visit(name: str) -> None:
        if name not in begun:
            begun.add(name)
            for other in sorted(_needed(name, modules)):
                visit(other)
            ordered[name] = None

    for name in sorted(modules):
        visit(name)
    return list(ordered)


def _needed(name: str, modules: Mapping[str, Path]) -> set[str]:
    """Those of ``modules`` that one loads at its top, and the packages that it is in."""
    parts = name.split(".")
    found = {".".join(parts[:n]) for n in range(1, len(parts))}
    try:
        tree = ast.parse(modules[name].read_bytes())
    except (SyntaxError, ValueError):
        return set()  # compiling it tells of it
    for wanted in _loaded(tree.body, name):
        words = wanted.split(".")
        found.update(".".join(words[:n]) for n in range(1, len(words) + 1))
    return (found & modules.keys()) - {name}


def _loaded(body: Iterable[ast.stmt], name: str) -> Iterator[str]:
    """What statements import, those within functions left out."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            base = _absolute(statement, name)
            yield base
            yield from (f"{base}.{alias.name}" for alias in statement.names)
        elif isinstance(statement, (ast.If, ast.Try, ast.With, ast.ClassDef, ast.For, ast.While)):
            yield from _loaded(_blocks(statement), name)
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _rooms(statement)


def _absolute(statement: ast.ImportFrom, name: str) -> str:
    if not statement.level:
        return statement.module or ""
    package = name.split(".")[: -statement.level]
    return ".".join([*package, *([statement.module] if statement.module else [])])


def _blocks(statement: ast.stmt) -> Iterator[ast.stmt]:
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.stmt):
            yield node
        elif isinstance(node, ast.ExceptHandler):
            yield from node.body


def _rooms(statement: ast.stmt) -> Iterator[str]:
    """``load("_json")`` and ``port.load("_json")``: this runtime's room of `motelink.port`."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("load", "port.load"):
            room = node.args[0] if node.args else None
            if isinstance(room, ast.Constant) and isinstance(room.value, str):
                yield _ROOM_OF_PORT + room.value
