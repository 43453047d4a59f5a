"""The house rules of lib/motelink, read from its source: floors, and who knows the runtime."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from motelink import manager_length, manager_raw, manager_terminated, manager_wire
from motelink.manager import Client
from motelink_tools import paths

PACKAGE = paths.library() / "motelink"

# A family is a module and those named after it: manager, manager_raw. It imports from families
# of lower floors, and on floor 1 from others there too, but never in a circle.
FLOORS = [
    {"port"},
    {
        *("backoff", "buffer", "clock", "errors", "identity", "jsonw", "link", "log", "loop"),
        *("outbox", "settings", "storage", "stream", "utf8"),
    },
    {"http", "mqtt", "websocket"},
    {"commute", "iottalk", "losant", "manager", "sepl"},
    {"aio", "node"},
]

# What all three runtimes have and mean the same by.
EVERYWHERE = {"array", "binascii", "gc", "hashlib", "io", "json", "struct", "sys"}
ONLY_THERE = {"aio": {"asyncio"}}
RUNTIME = {("sys", "implementation"), ("sys", "platform"), ("sys", "version"), ("os", "uname")}


def _family(module: str) -> str:
    return "port" if module.startswith("_port_") else module.partition("_")[0]


def _floor(family: str) -> int:
    for number, families in enumerate(FLOORS):
        if family in families:
            return number
    raise AssertionError(f"{family}: no floor; give it one in FLOORS, as design has it")


MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
GUESTS = [module for module in MODULES if _family(module) != "port"]


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))


def _imports(module: str) -> Iterator[str]:
    """Dotted names of what a module imports, wherever in it; from motelink: of its modules."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: name the package in imports"
            if node.module == "motelink":
                yield from (f"motelink.{alias.name}" for alias in node.names)
            else:
                yield node.module or ""


def _families_beneath(module: str) -> set[str]:
    names = {name for name in _imports(module) if name.startswith("motelink.")}
    return {_family(name.removeprefix("motelink.")) for name in names}


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module: str) -> None:
    own = _family(module)
    for family in _families_beneath(module) - {own}:
        above, below = _floor(own), _floor(family)
        assert below < above or below == above == 1, f"{module} must not import {family}"


def test_no_circle_on_floor_1() -> None:
    done: set[str] = set()

    def visit(family: str, path: tuple[str, ...]) -> None:
        assert family not in path, " -> ".join((*path, family))
        if family in done:
            return
        for module in MODULES:
            if _family(module) == family:
                for other in _families_beneath(module) - {family}:
                    visit(other, (*path, family))
        done.add(family)

    for family in sorted(FLOORS[1]):
        visit(family, ())


@pytest.mark.parametrize("module", GUESTS)
def test_only_port_knows_the_runtime(module: str) -> None:
    allowed = EVERYWHERE | ONLY_THERE.get(module, set())
    for name in _imports(module):
        top = name.partition(".")[0]
        assert top == "motelink" or top in allowed, f"{module} imports {name}; ask port for it"
        assert not name.startswith("motelink._port_"), f"{module} imports {name}; import port"
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            known = (node.value.id, node.attr)
            assert known not in RUNTIME, f"{module} asks {'.'.join(known)}"


@pytest.mark.parametrize("module", GUESTS)
def test_modules_loaded_by_name_are_of_the_family(module: str) -> None:
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Constant) and str(node.value).startswith("motelink."):
            named = str(node.value).removeprefix("motelink.")
            assert _family(named) == _family(module), f"{module} loads {node.value}"


def test_each_runtimes_port_knows_only_its_own() -> None:
    for module in MODULES:
        if module.startswith("_port_"):
            runtime = "_".join(module.split("_")[:3])
            for name in _imports(module):
                inside = name.startswith("motelink.")
                assert not inside or name.startswith(f"motelink.{runtime}"), f"{module}: {name}"


def test_every_runtime_has_the_same_rooms() -> None:
    def rooms(runtime: str) -> set[str]:
        prefix = f"_port_{runtime}"
        return {module.removeprefix(prefix) for module in MODULES if module.startswith(prefix)}

    assert rooms("micropython") == rooms("cpython") == rooms("circuitpython") >= {"", "_more"}


def _loaded_by(code: str) -> set[str]:
    program = (
        "import sys; before = set(sys.modules)\n"
        f"{code}\n"
        "print(*sorted(name for name in set(sys.modules) - before if 'motelink' in name))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(PACKAGE).parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(done.stdout.split())


def test_the_package_imports_nothing() -> None:
    assert _loaded_by("import motelink") == {"motelink"}


def test_a_client_loads_only_what_it_uses() -> None:
    uuid = "1862cfe1-5dab-4d8e-a946-50d6728f830f"
    loaded = _loaded_by(
        "from motelink.manager import Client\n"
        f"Client('127.0.0.1', {uuid!r}, 'kettle', {{}}, framing='length').step()"
    )
    assert "motelink.manager_length" in loaded
    for module in ("manager_raw", "manager_terminated", "manager_live", "jsonw"):
        assert f"motelink.{module}" not in loaded, module


def test_the_dialects_have_the_wires_constants() -> None:
    commands = {
        "_GETINFO": manager_wire.GETINFO,
        "_HEART": manager_wire.HEART,
        "_END": manager_wire.END,
    }
    heart = bytes([manager_wire.HEART])
    expected = {
        manager_raw: {"_BEAT": manager_wire.RAW_BEAT, "_BYE": manager_wire.RAW_END},
        manager_terminated: {"_BEAT": heart, "_TERMINATOR": bytes([manager_wire.TERMINATOR])},
        manager_length: {"_BEAT": len(heart).to_bytes(manager_wire.LENGTH_BYTES, "big") + heart},
    }
    for module, others in expected.items():
        for name, value in {**commands, **others}.items():
            assert getattr(module, name) == value, (module.__name__, name)


def test_the_client_has_the_wires_constants() -> None:
    client = Client("127.0.0.1", "1862cfe1-5dab-4d8e-a946-50d6728f830f", "kettle", {})
    assert client.port == manager_wire.DEFAULT_PORT
    from motelink import manager

    assert manager._END == manager_wire.END
    assert manager._ANSWER_MS == manager_wire.ANSWER_MS
