"""Finding the port, and what is said about one that does not serve. Pseudo-terminals stand in."""

import os
import pty
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial

from motelink_tools import serial_ports, transport
from motelink_tools.errors import ToolError

PICO = SimpleNamespace(device="/dev/ttyACM0", vid=0x2E8A, product="Board in FS mode")
ESP32 = SimpleNamespace(device="/dev/ttyUSB0", vid=0x10C4, product=None)
PHONE = SimpleNamespace(device="/dev/ttyACM9", vid=0x04E8, product="Phone")
ON_BOARD = SimpleNamespace(device="/dev/ttyS0", vid=None, product=None)


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def plug(*ports: SimpleNamespace) -> None:
        monkeypatch.setattr(serial_ports.list_ports, "comports", lambda: list(ports))

    monkeypatch.delenv("MOTELINK_PORT", raising=False)
    return plug


def test_the_one_board_is_found_among_other_ports(plugged: Callable[..., None]) -> None:
    plugged(PHONE, PICO, ON_BOARD)
    assert serial_ports.find_port() == "/dev/ttyACM0"
    assert serial_ports.find_port("auto") == "/dev/ttyACM0"


def test_no_board_is_one_line_with_the_way_out(plugged: Callable[..., None]) -> None:
    plugged(PHONE, ON_BOARD)
    with pytest.raises(ToolError, match=r"no board found; .*--port") as info:
        serial_ports.find_port()
    assert info.value.kind == "no_board"


def test_several_boards_are_listed(plugged: Callable[..., None]) -> None:
    plugged(ESP32, PHONE, PICO)
    with pytest.raises(ToolError) as info:
        serial_ports.find_port()
    assert info.value.kind == "several_boards"
    assert str(info.value) == (
        "several boards found: /dev/ttyACM0 (Board in FS mode), /dev/ttyUSB0 (Silicon Labs); "
        "choose with --port"
    )


def test_a_port_that_was_named_is_taken(
    plugged: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugged(ESP32, PICO)
    monkeypatch.setenv("MOTELINK_PORT", "/dev/from-environment")
    assert serial_ports.find_port() == "/dev/from-environment"
    assert serial_ports.find_port("/dev/from-option") == "/dev/from-option"


@contextmanager
def line(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """A pseudo-terminal whose other end answers what it reads."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)

    def serve() -> None:
        while heard := _read(ours):
            if said := answer(heard):
                os.write(ours, said)

    server = threading.Thread(target=serve)
    server.start()
    try:
        yield os.ttyname(theirs)
    finally:
        os.close(theirs)  # the last one out: reading on the other end ends
        server.join()
        os.close(ours)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1024)
    except OSError:
        return b""


def failure(port: str, answer_s: float = 0.2) -> ToolError:
    with pytest.raises(ToolError) as info, transport.connect(port, answer_s=answer_s):
        pass
    return info.value


def test_a_silent_port_is_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    with line(lambda heard: b"") as port:
        error = failure(port)
    assert error.kind == "no_answer"
    assert f"{port} does not answer within 0.2 s" in str(error)
    assert capsys.readouterr().out == ""


def test_other_firmware_is_recognised_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    with line(lambda heard: b"login: password\r\n") as port:
        error = failure(port)
    assert error.kind == "not_micropython"
    assert "password" not in str(error)
    assert capsys.readouterr().out == ""


def test_a_port_that_another_program_has_open_is_busy() -> None:
    with line(lambda heard: b"") as port, serial.Serial(port, exclusive=True):
        error = failure(port)
    assert error.kind == "port_busy"
    assert f"cannot open {port}; another program has it open" in str(error)


def test_a_port_that_does_not_exist(tmp_path: Path) -> None:
    error = failure(str(tmp_path / "ttyACM7"))
    assert (error.kind, str(error)) == ("no_port", f"there is no port {tmp_path / 'ttyACM7'}")


@pytest.mark.parametrize("path", ["/dev/null", "."])
def test_what_is_no_serial_port_is_not_called_busy(path: str) -> None:
    error = failure(path)
    assert (error.kind, str(error)) == ("no_port", f"{path} is no serial port")


@pytest.mark.parametrize("trace", ["OSError: 28", "OSError: [Errno 28] ENOSPC"])
def test_the_board_s_error_number_is_understood(trace: str) -> None:
    error = transport.RemoteError(f"Traceback (most recent call last):\r\n  ...\r\n{trace}\r\n")
    assert (error.errno, str(error)) == (28, trace)


def test_another_error_of_the_board_has_no_number() -> None:
    assert transport.RemoteError("MemoryError: memory allocation failed").errno is None


def test_a_board_that_never_stops_printing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """mpremote's own deadlines hold in silence alone."""
    now = iter(range(1000))
    link = object.__new__(transport._Serial)
    link.is_pty = True
    link.serial = SimpleNamespace(read=lambda _count: b"n")
    monkeypatch.setattr(transport.time, "monotonic", lambda: next(now))
    assert len(link.read_until(1, b"\x04", timeout_overall=5)) == 5
    assert len(link.read_until(1, b"\x04")) == transport._TALK_S
    assert link.read_until(1, b"nn") == b"nn"
