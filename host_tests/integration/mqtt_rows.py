"""Rows of a table of faults. Most of their time they wait for a deadline, so they run together.

A row is a function of a runtime that raises when something is wrong. A test module has one
test, parametrized by `rows`, that takes `outcome`, a fixture, and calls it. The first item starts
all rows of the module that are selected, in threads; each item then waits for its own.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from collector import interpreters

from .device_process import CPYTHON, Device, Runtime, compile_library

DEVICE = Path(__file__).with_name("mqtt_faults_device.py")
HELD = 640
"""Bytes that a device may have in use after all faults and not before, however many there were:
the names in what it loads with its first connection, and when something first goes wrong (192 to
480 were seen)."""
AT_ONCE = 8
DEADLINE_S = 120.0

Row = Callable[[Runtime], None]
Outcome = Callable[[], None]


def rows(*functions: Row, cpython: bool = True) -> pytest.MarkDecorator:
    """Every row on every MicroPython, and on CPython."""
    cases = [
        pytest.param((function, runtime), id=f"{function.__name__}-{runtime}")
        for function in functions
        for runtime in ([CPYTHON] if cpython else []) + list(interpreters())
    ]
    return pytest.mark.parametrize("row", cases)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library as a board has it."""
    return compile_library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest, library: Path
) -> Iterator[dict[tuple[Row, str], Future[None]]]:
    """The outcome of each selected row of the module, to come."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        params = [
            item.callspec.params
            for item in request.session.items
            if item.path == request.path and hasattr(item, "callspec")
        ]
        wanted = [param["row"] for param in params if "row" in param]
        yield {row: pool.submit(row[0], Runtime(row[1], library)) for row in wanted}
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def outcome(row: tuple[Row, str], running: dict[tuple[Row, str], Future[None]]) -> Outcome:
    """Waits for the row's end; raises what it raised."""
    return lambda: running[row].result(DEADLINE_S)


def device(runtime: Runtime, *arguments: object, heap: str = "128k") -> Device:
    """`DEVICE`, running."""
    return Device(runtime, DEVICE, *arguments, heap=heap, deadline_s=DEADLINE_S)


def settled(device: Device) -> dict[str, int]:
    """What the device counted in the end; it holds no more memory than at the start."""
    found = device.result()
    assert found.pop("grown") <= HELD, device.output
    assert found.pop("handler_errors") == 0
    return found


def downs(device: Device) -> list[str]:
    """Why each connection ended: the error's name; "NoneType" for our own goodbye."""
    return [line.split()[1] for line in device.output if line.startswith("down ")]
