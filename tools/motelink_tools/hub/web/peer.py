"""Which user of this machine is at the other end of a connection. On Linux; elsewhere unknown."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path

Address = tuple[str, int]

NOBODY = -1  # who asked has closed the connection: that was any user

_TABLES = {4: Path("/proc/net/tcp"), 6: Path("/proc/net/tcp6")}


def owner(client: Address, server: Address) -> int | None:
    """The user id of the process that connected from ``client``, or `NOBODY`; None where the
    system does not tell.
    """
    try:
        versions = {ipaddress.ip_address(address[0]).version for address in (client, server)}
        table = _TABLES[versions.pop()].read_text()
        ends = [_as_listed(client), _as_listed(server)]
    except (OSError, ValueError):
        return None
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[1:3] == ends:
            has_process = fields[9] != "0"  # without one the kernel says that it is root's
            return int(fields[7]) if has_process else NOBODY
    return NOBODY


def _as_listed(address: Address) -> str:
    """As the kernel prints it: words of 32 bits in the machine's order."""
    packed = ipaddress.ip_address(address[0]).packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{address[1]:04X}"
