"""``motelink manager`` as a person or a script meets it."""

import json
import re
import resource
import signal
import socket
import types

import pytest

from .hub_command import start, stop
from .manager_device import DEADLINE_S, Device, wait_for

__all__ = ["start"]


@pytest.fixture
def manager(start):
    """Start the command; all are stopped at the end."""
    return lambda *arguments: start("-m", "motelink_tools", "manager", *arguments)


@pytest.mark.parametrize("framing", ["raw", "terminated", "length"])
def test_it_prints_what_happens_as_json(manager, framing):
    process = manager("--port", "0", "--json", "--framing", framing, "--heartbeat-rate", "0.3")
    listening = json.loads(process.stdout.readline())
    assert listening["event"] == "listening"
    assert listening["dialect"] == framing
    with Device(types.SimpleNamespace(port=listening["port"]), framing).identify() as device:
        connected = json.loads(process.stdout.readline())
        assert (connected["event"], connected["uuid"]) == ("connected", device.uuid)
        assert connected["type"] == "test"
        assert connected["address"] == "{}:{}".format(*device.socket.getsockname())
        device.send("21.5 °C".encode())
        message = json.loads(process.stdout.readline())
        assert (message["event"], message["text"], message["size"]) == ("message", "21.5 °C", 8)
        device.beat()
        heartbeat = json.loads(process.stdout.readline())
        assert heartbeat["event"] == "heartbeat"
        assert 0 < heartbeat["rtt_ms"] < 15_000
        output, errors = stop(process, signal.SIGTERM)
        device.expect_end()
    ended, closed = map(json.loads, output.splitlines())
    assert (ended["event"], ended["uuid"], ended["reason"]) == (
        "ended",
        device.uuid,
        "the Manager closes",
    )
    assert (closed["event"], closed["missed"]) == ("closed", 0)
    assert errors == ""


def port_of(process):
    return types.SimpleNamespace(port=int(re.search(r"port (\d+)", process.stdout.readline())[1]))


def test_it_prints_lines_for_people(manager):
    process = manager("--port", "0", "--types", "light,lock")
    manager = port_of(process)
    with Device(manager, kind="lock").identify() as lock, Device(manager) as refused:
        assert f"connected  uuid {lock.uuid}  type lock" in process.stdout.readline()
        lock.send(b"bell\x07 " + b"x" * 100)
        line = process.stdout.readline()
        assert re.search(
            rf"message    uuid {lock.uuid}  size 106  text 'bell\\x07 x+\.\.\.'", line
        )
        refused.identify().expect_end()
    assert "closed the connection" in process.stdout.readline()
    _, errors = stop(process)
    assert f"type 'test' of {refused.uuid} is not one of: light, lock" in errors
    assert "Traceback" not in errors


def test_one_clear_line_for_what_cannot_be(manager, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for arguments, code, complaint in (
            (["--port", str(taken.getsockname()[1])], 1, "Address already in use; choose another"),
            (["--tls-cert", str(tmp_path / "none.pem")], 1, "No such file"),
            (["--tls-key", "key.pem"], 2, "--tls-cert"),
            (["--heartbeat-rate", "0"], 2, "heartbeat_rate"),
            (["--types", "a,"], 2, "cannot be a device type"),
        ):
            process = manager(*arguments)
            output, errors = process.communicate(timeout=DEADLINE_S)
            assert (process.returncode, output) == (code, "")
            assert complaint in errors
            assert errors.count("\n") == 1


def test_it_ends_when_its_reader_has_gone(manager):
    process = manager("--port", "0")
    manager = port_of(process)
    process.stdout.close()
    with Device(manager).identify() as device:
        device.expect_end()
    assert process.wait(timeout=DEADLINE_S) == 141
    assert process.stderr.read() == ""
    process.stdout = None  # for communicate: it was closed above


def test_a_shell_that_allows_few_open_files(manager):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    try:
        process = manager("--port", "0")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    port_of(process)
    assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[0] == min(hard, 16384)


def test_without_files_left_it_waits_and_goes_on(manager):
    process = manager("--port", "0", "--json")
    manager = types.SimpleNamespace(port=json.loads(process.stdout.readline())["port"])
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (20, 20))
    devices = [Device(manager) for _ in range(20)]
    events = []
    try:
        for device in devices[:3]:
            device.identify()
            events.append(json.loads(process.stdout.readline())["event"])
    finally:
        for device in devices:
            device.socket.close()
    assert events == ["connected"] * 3
    with Device(manager).identify() as last:
        wait_for(lambda: last.uuid in process.stdout.readline())
        _, errors = stop(process)
    assert "cannot accept connections for a moment: [Errno 24]" in errors
