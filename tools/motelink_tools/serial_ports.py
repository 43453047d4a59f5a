"""Serial ports: which one a board is at, and why one cannot be opened."""

import os
from pathlib import Path

from serial.tools import list_ports

from motelink_tools.errors import ToolError

# USB vendors that boards and their serial chips carry.
_VENDORS = {
    0x0403: "FTDI",
    0x067B: "Prolific",
    0x10C4: "Silicon Labs",
    0x1A86: "WCH",
    0x239A: "Adafruit",
    0x2E8A: "Raspberry Pi",
    0x303A: "Espressif",
    0xF055: "MicroPython",
}


def find_port(wanted: str | None = None) -> str:
    """``wanted``, or MOTELINK_PORT, or for "auto" the one board that is plugged in.

    Raises ToolError: ``no_board``, ``several_boards``.
    """
    wanted = wanted or os.environ.get("MOTELINK_PORT") or "auto"
    if wanted != "auto":
        return wanted
    if not (found := serial_ports()):
        raise ToolError(
            "no board found; plug one in, or name its port with --port "
            "('motelink board' starts a virtual one and prints its port)",
            kind="no_board",
        )
    if len(found) > 1:
        names = ", ".join(f"{device} ({product})" for device, product in found)
        raise ToolError(
            f"several boards found: {names}; choose with --port", kind="several_boards"
        )
    return found[0][0]


def check_port(port: str) -> None:
    """Before a user is asked for what goes there. Raises ToolError ``no_port`` where it cannot be
    opened, as far as can be told without opening it, which resets some boards."""
    if trouble := _out_of_reach(port):
        raise ToolError(trouble, kind="no_port")


def serial_ports() -> list[tuple[str, str]]:
    """Where boards seem to be: (device, its name or maker) of each port of a known vendor."""
    ports = sorted(list_ports.comports(), key=lambda port: str(port.device))
    return [
        (str(port.device), str(port.product or _VENDORS[port.vid]))
        for port in ports
        if port.vid in _VENDORS
    ]


def cannot_open(port: str) -> ToolError:
    """Why, as well as can be told: mpremote keeps the operating system's answer to itself."""
    if trouble := _out_of_reach(port):
        return ToolError(trouble, kind="no_port")
    if _is_path(port) and not _is_serial(port):
        return ToolError(f"{port} is no serial port", kind="no_port")
    return ToolError(
        f"cannot open {port}; another program has it open (a terminal, an editor?): close it",
        kind="port_busy",
    )


def _is_path(port: str) -> bool:
    return os.name == "posix" and "://" not in port


def _out_of_reach(port: str) -> str:
    """What is wrong with the port's file; "" where nothing is, or there is no file."""
    if not _is_path(port):
        return ""
    if not Path(port).exists():
        return f"there is no port {port}"
    if not os.access(port, os.R_OK | os.W_OK):
        return f"no permission to open {port}; on most systems the group dialout or uucp has it"
    return ""


def _is_serial(port: str) -> bool:
    """Whether it is; also when it cannot be opened, and so cannot be told."""
    try:
        fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        return not isinstance(error, IsADirectoryError)
    try:
        return os.isatty(fd)
    finally:
        os.close(fd)
