"""What a Losant device takes of the heap and of the flash."""

import socket
from statistics import median

from motelink_tools.bench import peer
from motelink_tools.bench.lab import Lab, Place
from motelink_tools.bench.registry import Benchmark, Table, Target
from motelink_tools.errors import ToolError

_RUNS = 5
_QUICK_RUNS = 3
_CONNACK = b"\x20\x02\x00\x00"
_SUBACK = 0x90
_TOPIC = b"losant/575ecf887ae143cd83dc4aa2/command"  # as the program of on_device/ says
_COMMAND = b'{"name": "bench", "time": {"$date": "2016-11-04T19:42:06.710Z"}}'
# Loaded, and dropped again once connected: not among the modules afterwards.
_DROPPED = ("motelink.link_connect", "motelink.mqtt_build")
TARGET = Target(16 * 1024)


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    runs = []
    for number in range(_QUICK_RUNS if lab.quick else _RUNS):
        lab.say(f"memory of a Losant device, run {number + 1}")
        runs.append(held(lab))
    sizes = lab.modules()
    loaded = {*_DROPPED, *(name for name in runs[0] if name in sizes)}
    table = Table(
        note=(
            f"Median of {len(runs)} processes. Heap in use after a collection, beyond the bytes "
            "of the two buffers; connected: over plain TCP; exchanged: after a state was sent as "
            "a dict and a command was decoded, with the modules for that. romfs_: connected, with "
            "lib/ in a ROMFS, where code and texts stay in flash."
        )
    )
    table.add("losant.import.heap_bytes", median(run["imported"] for run in runs))
    connected = median(run["connected"] for run in runs)
    table.add("losant.connected.heap_bytes", connected, TARGET)
    lab.say("memory of a Losant device that runs from a ROMFS")
    in_place = held(lab, Place.ROMFS)
    table.add("losant.connected.romfs_heap_bytes", in_place["connected"], TARGET)
    table.add("losant.exchanged.heap_bytes", median(run["exchanged"] for run in runs))
    table.add("losant.mpy_bytes", sum(sizes[name] for name in loaded))
    return table


def held(lab: Lab, place: Place = Place.FILES) -> dict[str, int]:
    """What ``on_device/losant_memory.py`` says."""
    with peer.serving(_broker) as port:
        return lab.run_from(place, "losant_memory", port)


def _broker(connection: socket.socket) -> None:
    """Accept the device and its subscription, take a state, send a command."""
    _packet(connection)  # CONNECT
    connection.sendall(_CONNACK)
    _, asked = _packet(connection)
    connection.sendall(bytes([_SUBACK, 3, *asked[:2], 0]))
    _packet(connection)  # the state
    body = len(_TOPIC).to_bytes(2, "big") + _TOPIC + _COMMAND
    connection.sendall(bytes([0x30, len(body)]) + body)
    connection.recv(1)


def _packet(connection: socket.socket) -> tuple[int, bytes]:
    """The next packet, of less than 128 bytes: its first byte, and the rest."""
    head = connection.recv(2, socket.MSG_WAITALL)
    if len(head) < 2 or head[1] > 127:
        raise ToolError(f"expected a small packet, got {head!r}", kind="program_failed")
    return head[0], connection.recv(head[1], socket.MSG_WAITALL)


BENCHMARK = Benchmark("losant.memory", "memory of a Losant device", _measure, 4, 3)
