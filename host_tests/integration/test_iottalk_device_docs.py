"""The programs of docs/iottalk.md run as printed, but for the server's address."""

import re
from pathlib import Path

import pytest

from collector import interpreters
from motelink_tools import paths
from motelink_tools.hub.broker import Broker

from .device_process import CPYTHON, Device, Runtime
from .iottalk_server import IottalkServer

TEXT = (paths.board_root() / "docs" / "iottalk.md").read_text()
FIRST, _, DAN, SA = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(params=[CPYTHON, *interpreters()])
def runtime(request: pytest.FixtureRequest, library: Path) -> Runtime:
    return Runtime(request.param, library)


@pytest.mark.parametrize(
    ("code", "features", "says"),
    [
        (FIRST, {"idf": "Celsius-I", "odf": "Heater-O"}, "heater 21"),
        (DAN, {"odf": "meow"}, ""),
        (SA, {"idf": "DummySensor-I", "odf": "DummyControl-O"}, "register successfully"),
    ],
    ids=["first", "dan", "sa"],
)
def test_a_program(
    runtime: Runtime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    features: dict[str, str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)  # where the id is kept
    with Broker() as broker, IottalkServer(broker.port, features) as server:
        program = tmp_path / "program.py"
        program.write_text(code.replace("http://192.0.2.5:9992", server.url))
        with Device(runtime, program, heap="96k") as running:
            if says:
                running.wait_for(says)
            server.wait(
                lambda: [said["state"] for said in server.said].count("ok") == len(features)
            )
