"""The pytest side of the shared bodies (see kit.py): one item a runtime, one MicroPython process
a body module, one result a test.
"""

import contextlib
import functools
import linecache
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from motelink import log
from motelink_tools import micropython, paths
from motelink_tools.errors import ToolError

HEAP = "128k"
DEADLINE = 60
SUITES = (micropython.SUITE, "forky")  # 1.25 and, where it can be had, 1.26

_CPYTHON = "cpython"
_RUNNER = Path(__file__).with_name("runner.py")
_MARK = "\n\x1e"
_FRAME = re.compile(r'^  File "(.+)", line (\d+), in .*$', re.MULTILINE)

_runs = pytest.StashKey[dict[tuple[Path, str], dict[str, "Result"]]]()


@dataclass(frozen=True)
class Result:
    """What MicroPython said of one test: ``failure`` is "" when it passed."""

    failure: str
    output: str


@functools.cache
def interpreters() -> dict[str, "micropython.Interpreter | ToolError"]:
    """Every MicroPython to test on, by item id; where there is none, why, and its items fail."""
    found: dict[str, micropython.Interpreter | ToolError] = {}
    reason = ToolError("no MicroPython")
    for suite in SUITES:
        try:
            interpreter = micropython.find(suite=suite)
        except ToolError as exc:
            reason = exc
        else:
            major, minor, _ = interpreter.version
            found.setdefault(f"micropython-{major}.{minor}", interpreter)
    return found or {"micropython": reason}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    path = metafunc.definition.path
    if path.parent.name != "upy" or metafunc.fixturenames:
        return
    metafunc.fixturenames.append("runtime")
    metafunc.parametrize("runtime", [_CPYTHON, *interpreters()])


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    runtime = _runtime(pyfuncitem)
    if runtime is None:
        return None
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        if runtime == _CPYTHON:
            log.set_level("info")  # whatever another module's import has set: one process has all
            pyfuncitem.obj()
            return True
        result = _results(pyfuncitem, runtime)[pyfuncitem.originalname]
    if result.output:
        pyfuncitem.add_report_section("call", "MicroPython output", result.output)
    if result.failure:
        # Pytest's summary shows the first line.
        error = result.failure.rpartition("\n")[2]
        pytest.fail(f"{error}\n{result.failure}", pytrace=False)
    return True


def _runtime(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("runtime") if callspec and item.path.parent.name == "upy" else None


def _results(item: pytest.Function, runtime: str) -> dict[str, Result]:
    """The results of the item's module; runs all its selected tests when the first one asks, and
    again where pytest runs one again."""
    runs = item.session.stash.setdefault(_runs, {})
    key = (item.path, runtime)
    if key not in runs or getattr(item, "execution_count", 1) > 1:
        wanted = [
            other.originalname
            for other in item.session.items
            if isinstance(other, pytest.Function) and (other.path, _runtime(other)) == key
        ]
        runs[key] = _run(item.module, item.path, interpreters()[runtime], wanted)
    return runs[key]


def _run(
    module: ModuleType,
    path: Path,
    interpreter: "micropython.Interpreter | ToolError",
    names: list[str],
) -> dict[str, Result]:
    if isinstance(interpreter, ToolError):
        return dict.fromkeys(names, Result(str(interpreter), ""))
    deadline = getattr(module, "DEADLINE", DEADLINE)
    command = interpreter.command(
        str(_RUNNER), path.stem, *names, heap=getattr(module, "HEAP", HEAP)
    )
    search = f".frozen:{paths.library()}:{path.parent}:{_RUNNER.parent}"
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "MICROPYPATH": search},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=deadline,
            check=False,
        )
        output, end = done.stdout, f"MicroPython ended with status {done.returncode}"
    except subprocess.TimeoutExpired as exc:
        output, end = exc.stdout or b"", f"MicroPython was stopped after {deadline} s"
    return _read(output.decode(errors="replace"), names, end)


def _read(output: str, names: list[str], end: str) -> dict[str, Result]:
    """Sort the runner's output by test; a test without a result failed."""
    before, *sections = output.split(_MARK)
    results = {}
    last, printed = "", before.strip()
    for section in sections:
        head, _, text = section.partition("\n")
        word, name = head.split(" ")
        if word == "start":
            last, printed = name, text.strip()
        else:
            failure = _with_source(text.strip()) if word == "fail" else ""
            results[name] = Result(failure, printed)
            last, printed = "", ""
    for name in names:
        if name == last:
            results[name] = Result(f"{end} in the middle of this test", printed)
        elif name not in results:
            where = f"in the middle of {last}" if last else "before this test"
            results[name] = Result(_with_source(f"{end} {where}\n{'' if last else printed}"), "")
    return results


def _with_source(traceback: str) -> str:
    """MicroPython's tracebacks name lines; show them, as CPython's do."""

    def add(frame: re.Match[str]) -> str:
        line = linecache.getline(frame[1], int(frame[2])).strip()
        return f"{frame[0]}\n    {line}" if line else frame[0]

    return _FRAME.sub(add, traceback).rstrip()
