"""Rows of a table of faults. Most of their time they wait for a deadline, so they run together.

A row is a function of a runtime's name that raises when something is wrong. A test module has one
test, parametrized by `rows`, that takes `outcome`, a fixture, and calls it. The first item starts
all rows of the module that are selected, in threads; each item then waits for its own.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from collector import interpreters

from .device_process import CPYTHON, Device, command

DEVICE = Path(__file__).with_name("mqtt_faults_device.py")
HELD = 512
"""Bytes that a device may have in use after faults and not before: the last error with its
traceback, and the broker's address, a few hundred together, however many faults there were."""
AT_ONCE = 8
DEADLINE_S = 40.0

Row = Callable[[str], None]
Outcome = Callable[[], None]


def rows(*functions: Row, runtimes: tuple[str, ...] = ()) -> pytest.MarkDecorator:
    """Every row on every one of ``runtimes``; all there are when none is named."""
    cases = [
        pytest.param((function, runtime), id=f"{function.__name__}-{runtime}")
        for function in functions
        for runtime in runtimes or (CPYTHON, *interpreters())
    ]
    return pytest.mark.parametrize("row", cases)


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest) -> Iterator[dict[tuple[Row, str], Future[None]]]:
    """The outcome of each selected row of the module, to come."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        params = [
            item.callspec.params
            for item in request.session.items
            if item.path == request.path and hasattr(item, "callspec")
        ]
        wanted = [param["row"] for param in params if "row" in param]
        yield {row: pool.submit(row[0], row[1]) for row in wanted}
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def outcome(row: tuple[Row, str], running: dict[tuple[Row, str], Future[None]]) -> Outcome:
    """Waits for the row's end; raises what it raised."""
    return lambda: running[row].result(DEADLINE_S)


def device(runtime: str, *arguments: object, heap: str = "128k") -> Device:
    """`DEVICE`, running."""
    return Device(command(runtime, heap), DEVICE, *arguments, deadline_s=DEADLINE_S)


def settled(device: Device) -> dict[str, int]:
    """What the device counted in the end; it holds no more memory than at the start."""
    found = device.result()
    assert found.pop("grown") <= HELD, device.output
    assert found.pop("handler_errors") == 0
    return found


def downs(device: Device) -> list[str]:
    """Why each connection ended: the error's name; "NoneType" for our own goodbye."""
    return [line.split()[1] for line in device.output if line.startswith("down ")]
