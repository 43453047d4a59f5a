"""motelink.sepl against the hub's platform, on CPython and on real MicroPython."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import interpreters
from motelink.sepl_config import Config
from motelink_tools import paths
from motelink_tools.faults import Cut, Direction, Proxy

from .device_process import CPYTHON, Device, Runtime, documented
from .sepl_platform import Platform

PROGRAM = Path(__file__).with_name("sepl_device.py")


@pytest.fixture(params=[CPYTHON, *interpreters()])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return Runtime(request.param, paths.library())


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.chdir(tmp_path)
    with Platform(tmp_path) as platform:
        platform.configure(tmp_path)
        yield platform


def test_the_documented_program(runtime: Runtime, platform: Platform) -> None:
    with Device(runtime, PROGRAM, "echo", 2) as device:
        assert device.wait_for("early") == "not ready"
        assert device.wait_for("ready") == "True"
        assert device.wait_for("event") == "200"
        assert device.wait_for("unknown") == "404"
        for value in (7, "Tür ✓", {"a": [1, None, True]}, None):
            assert platform.command("lamp-1", value) == value
            assert device.wait_for("responded") == "200 answered already"
        assert platform.command("lamp-0", "stop") == "stop"
        device.wait_for("done")
    assert [event[1:] for event in platform.events] == [("lamp-0", "celsius", 21.5)]
    gid = Config("connector.conf").gid
    assert [row.gid for row in platform.server.records.devices()] == [gid, gid]


def test_the_first_program_of_the_documentation(
    runtime: Runtime, platform: Platform, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(documented("sepl.md"))
    with Device(runtime, program) as device:
        platform.until(lambda: bool(platform.events))
        assert platform.command("lamp-1", 7) == "done"
        assert device.wait_for("echo").startswith("[{")
        assert platform.command("door-1", 8) == "done"
    assert [event[1:] for event in platform.events] == [("lamp-1", "brightness", 40)]
    rows = {row.uri: row.tags for row in platform.server.records.devices()}
    assert rows == {"lamp-1": ["room:hall"], "door-1": []}


def test_devices_that_change(runtime: Runtime, platform: Platform) -> None:
    with Device(runtime, PROGRAM, "change", 1) as device:
        assert device.wait_for("early") == "False"
        for name in ("ready", "updated", "added", "disconnected", "deleted"):
            assert device.wait_for(name) == "True", name
        assert device.wait_for("refused") == "False"
        device.wait_for("done")
    rows = {row.uri: row.connected for row in platform.server.records.devices()}
    assert rows == {"lamp-0": True, "another": False}


def test_handlers(runtime: Runtime, platform: Platform) -> None:
    with Device(runtime, PROGRAM, "handler", 1) as device:
        device.wait_for("ready")
        assert platform.command("lamp-0", 5) == 5
        assert "block=False" in device.wait_for("waiting")
        assert device.wait_for("seen") == "200"
        assert device.wait_for("responded") == "200"
        assert device.wait_for("errors") == "0"


def test_wrong_password_is_final(runtime: Runtime, platform: Platform, tmp_path: Path) -> None:
    platform.configure(tmp_path, password="hunter2 hunter2")
    with Device(runtime, PROGRAM, "handler", 1) as device:
        said = device.wait_for("failed")
        assert said.startswith("AuthError")
        assert "hunter2" not in "".join(device.output)


# Bytes after which the connection is cut, in each direction: in the handshake of the WebSocket, at
# the credentials, and at each step of the synchronisation of 20 devices.
CUTS = [
    *(Cut(after=n, direction=Direction.UP) for n in (1, 100, 250, 400, 700, 1500, 3000, 5000)),
    *(Cut(after=n, direction=Direction.DOWN) for n in (1, 100, 200, 350, 700, 1500, 2500)),
]


def test_cut_anywhere_it_synchronises_all_the_same(
    runtime: Runtime, platform: Platform, tmp_path: Path
) -> None:
    with Proxy(platform.server.port, cuts=CUTS) as network:
        platform.configure(tmp_path, network.port)
        with Device(runtime, PROGRAM, "echo", 20, deadline_s=50) as device:
            assert device.wait_for("ready") == "True"
            assert network.connections > len(CUTS)
            assert device.wait_for("event") == "200"
            assert platform.command("lamp-19", "stop") == "stop"
            device.wait_for("done")
    assert len(platform.server.records.devices()) == 20
