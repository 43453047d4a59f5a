"""Files on MicroPython, for `motelink.storage`, `motelink.outbox` and `motelink.settings`."""

from os import listdir, mkdir, remove, rename  # noqa: F401

try:
    from esp32 import NVS as nvs
except ImportError:  # an ESP32's alone
    nvs = None  # type: ignore[misc,assignment]  # a class otherwise


def sync(file) -> None:
    """What was written to an open file is in flash."""
    file.flush()


def write_from(file, data, n: int) -> None:
    """Write ``data[:n]`` at once, without a copy. Raises OSError where not all of it went."""
    if file.write(data, n) != n:
        raise OSError(28)  # ENOSPC


def read_into(file, data, n: int) -> int:
    """Read at most ``n`` bytes to the start of ``data``; how many there were."""
    return file.readinto(data, n)
