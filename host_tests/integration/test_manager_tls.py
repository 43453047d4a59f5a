"""motelink.manager.Client over TLS, on CPython and on every MicroPython, against Python's ssl."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import interpreters
from motelink_tools.errors import ToolError

from .tls_ends import END, Device, Files, Server

_CIRCUITPYTHON = Path(__file__).parents[1] / "circuitpython" / "interpreter.py"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=["cpython", "circuitpython", *interpreters()])
def runtime(request: pytest.FixtureRequest) -> list[str]:
    """The command that runs a program on that runtime (CircuitPython's port: among fakes)."""
    if request.param == "cpython":
        return [sys.executable, "-u"]
    if request.param == "circuitpython":
        return [sys.executable, "-u", str(_CIRCUITPYTHON), "espressif"]
    interpreter = interpreters()[request.param]
    if isinstance(interpreter, ToolError):
        raise interpreter
    return interpreter.command(heap="256k")


@pytest.fixture
def server(files: Files) -> Iterator[Server]:
    with Server(files.server) as made:
        yield made


def _converse(server: Server) -> None:
    with server.accept() as connection:
        connection.introduce()
        connection.beat()
        connection.say(b"hello")
        assert connection.hear() == b"hello"
        connection.beat()
        connection.socket.sendall(END)


@pytest.mark.parametrize("kind", ["pem", "der", "bytes"])
def test_verified(runtime: list[str], server: Server, files: Files, kind: str) -> None:
    ca = {
        "pem": files.authority.pem,
        "der": files.authority.der,
        "bytes": f"{files.authority.der}#bytes",
    }[kind]
    with Device(runtime, port=server.port, ca=ca) as device:
        _converse(server)
        end = device.says()
    assert (end["connects"], end["beats"], end["messages"]) == (1, 2, 1)
    assert "ended by the server" in end["text"]


def test_file_of_several_authorities(runtime: list[str], server: Server, files: Files) -> None:
    with Device(runtime, port=server.port, ca=files.bundle) as device:
        if str(_CIRCUITPYTHON) in runtime:
            assert "takes one certificate, got 2" in device.says()["refused"]
        else:
            _converse(server)
            assert device.says()["connects"] == 1


def test_host_by_name(runtime: list[str], server: Server, files: Files) -> None:
    with Device(runtime, port=server.port, host="localhost", ca=files.authority.pem) as device:
        _converse(server)
        assert device.says()["connects"] == 1


# As OpenSSL and mbedTLS say it.
UNKNOWN = "unable to get local issuer|self-signed|not correctly signed by the trusted CA"
NO_REASON = "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED"  # all that CircuitPython says


def _assert_refused(device: Device, why: str) -> None:
    end = device.says()
    assert end["error"] == "ProtocolError", end
    refused = rf"certificate refused: .*({why}|{NO_REASON}).*; check ca=, host and clock"
    assert re.fullmatch(refused, end["text"]), end["text"]
    assert end["connects"] == 0


def test_unknown_authority(runtime: list[str], server: Server, files: Files) -> None:
    with Device(runtime, port=server.port, ca=files.stranger.pem) as device:
        server.refuse()
        _assert_refused(device, UNKNOWN)


def test_no_authority(runtime: list[str], server: Server) -> None:
    with Device(runtime, port=server.port) as device:
        if runtime[0] == sys.executable:  # the system's store does not know it
            server.refuse()
            _assert_refused(device, UNKNOWN)
        else:
            assert "give ca=" in device.says()["refused"]


@pytest.mark.parametrize(
    ("which", "why"),
    [("elsewhere", "IP address mismatch|does not match"), ("expired", "has expired")],
    ids=["elsewhere", "expired"],
)
def test_certificate_of_another_host_or_time(
    runtime: list[str], files: Files, which: str, why: str
) -> None:
    with (
        Server(getattr(files, which)) as server,
        Device(runtime, port=server.port, ca=files.authority.pem) as device,
    ):
        server.refuse()
        _assert_refused(device, why)


def test_verification_can_be_turned_off(runtime: list[str], files: Files) -> None:
    with (
        Server(files.elsewhere) as server,
        Device(runtime, port=server.port, verify=False) as device,
    ):
        _converse(server)
        assert device.says()["connects"] == 1


def test_device_with_a_certificate(runtime: list[str], files: Files) -> None:
    cert, key = files.device
    with (
        Server(files.server, ca=files.authority.pem) as server,
        Device(runtime, port=server.port, ca=files.authority.pem, cert=cert, key=key) as device,
    ):
        _converse(server)
        assert device.says()["connects"] == 1


def test_reconnects(runtime: list[str], server: Server, files: Files) -> None:
    with Device(runtime, port=server.port, ca=files.authority.pem, errors=3) as device:
        _converse(server)
        with server.accept() as connection:
            connection.introduce()  # and closes without a word
        _converse(server)
        assert device.says()["connects"] == 3


def test_server_that_never_answers(runtime: list[str], server: Server, files: Files) -> None:
    with (
        Device(runtime, port=server.port, ca=files.authority.pem, connect_ms=1500) as device,
        server.accept_plain(),
    ):
        end = device.says()
    assert end["error"] == "TimedOut"
    assert "not connected in 1500 ms" in end["text"]
    assert end["steps"] > 5  # it went on with other things meanwhile


def test_server_that_falls_silent_in_the_handshake(
    runtime: list[str], server: Server, files: Files
) -> None:
    with (
        Device(runtime, port=server.port, ca=files.authority.pem, connect_ms=600) as device,
        server.accept_plain() as connection,
    ):
        connection.sendall(b"\x16\x03\x03")  # a record begins
        assert device.says()["error"] == "TimedOut"


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["closes", "answers"]
)
def test_server_without_tls(
    runtime: list[str], server: Server, files: Files, answer: bytes
) -> None:
    with Device(runtime, port=server.port, ca=files.authority.pem, errors=2) as device:
        for _ in range(2):
            with server.accept_plain() as connection:
                connection.recv(1000)
                connection.sendall(answer)
        end = device.says()
    assert end["error"] == "ConnectionLost", end
    assert end["connects"] == 0


def test_clock_that_is_not_set(runtime: list[str], server: Server, files: Files) -> None:
    with Device(runtime, port=server.port, ca=files.authority.pem, clock=946684800) as device:
        server.accept_plain().close()
        end = device.says()
    assert end["error"] == "ConfigError"
    assert "clock is not set" in end["text"]
    assert end["ended"]  # only a person can mend it


def test_many_messages_in_one_record(runtime: list[str], server: Server, files: Files) -> None:
    """More than the receive buffer waits inside the TLS layer, where poll cannot see it."""
    with Device(runtime, port=server.port, ca=files.authority.pem) as device:
        with server.accept() as connection:
            connection.introduce()
            messages = [b"%d" % i * 10 for i in range(150)]
            connection.socket.sendall(
                b"".join(len(text).to_bytes(2, "big") + text for text in messages)
            )
            assert [connection.hear() for _ in messages] == messages
        assert device.says()["messages"] == 150


def test_server_that_stops_reading(runtime: list[str], server: Server, files: Files) -> None:
    with Device(runtime, port=server.port, ca=files.authority.pem, tx_size=600) as device:
        with server.accept() as connection:
            connection.introduce()
            connection.say(b"flood")
            sent = device.says()["flooded"]
            assert 100 < sent < 500000
            for number in range(sent):
                assert connection.hear() == b"%08d" % number + b"x" * 92
            connection.beat()
            connection.say(b"and on")
            assert connection.hear() == b"and on"
        assert device.says()["connects"] == 1


def test_heartbeats_allocate_nothing(runtime: list[str], server: Server, files: Files) -> None:
    with Device(runtime, port=server.port, ca=files.authority.pem) as device:
        with server.accept() as connection:
            connection.introduce()
            connection.say(b"lock")
            for _ in range(25):
                connection.beat()
            connection.socket.sendall(END)
        end = device.says()
    assert end["beats"] == 25
    assert "ended by the server" in end["text"], end
