"""What a SEPL client takes of the heap and of the flash."""

import socket
from statistics import median

from motelink_tools.bench import peer, websocket_peer
from motelink_tools.bench.lab import Lab, Place
from motelink_tools.bench.registry import Benchmark, Table, Target

_RUNS, _QUICK_RUNS = 5, 3
# Loaded for the occasion and dropped again, so they are not among the modules afterwards.
_DROPPED = (
    *("sepl_config", "sepl_file", "storage", "sepl_sync"),
    *("link_connect", "websocket_handshake"),
)
_COMMAND = {
    "device_url": "lamp-0",
    "service_url": "switch",
    "protocol_parts": [{"name": "body", "value": True}],
}
TARGET = Target(16 * 1024)


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    runs = []
    for number in range(_QUICK_RUNS if lab.quick else _RUNS):
        lab.say(f"memory of a SEPL client, run {number + 1}")
        runs.append(held(lab))
    sizes = lab.modules()
    loaded = {*runs[0], *(f"motelink.{part}" for part in _DROPPED)}
    table = Table(
        note=(
            f"Median of {len(runs)} processes. Heap in use after a collection, from .mpy, with 5 "
            "devices, beyond the bytes of the two buffers and the modules that all clients share "
            "(base). websocket: that alone, imported; connected: the devices synchronised; "
            "exchanged: an event sent and a command answered. romfs_: connected, with lib/ in a "
            "ROMFS, where code and texts stay in flash."
        )
    )
    for name, target in (
        ("base", None),
        ("websocket", None),
        ("imported", None),
        ("connected", TARGET),
        ("exchanged", None),
    ):
        table.add(f"sepl.{name}.heap_bytes", median(run[name] for run in runs), target)
    lab.say("memory of a SEPL client that runs from a ROMFS")
    in_place = held(lab, Place.ROMFS)
    table.add("sepl.connected.romfs_heap_bytes", in_place["connected"], TARGET)
    table.add("sepl.mpy_bytes", sum(sizes[name] for name in loaded if name in sizes))
    return table


def held(lab: Lab, place: Place = Place.FILES) -> dict[str, int]:
    """What ``on_device/sepl_memory.py`` says."""
    with peer.serving(_platform) as port:
        return lab.run_from(place, "sepl_memory", port)


def _platform(connection: socket.socket) -> None:
    """Take the credentials, a synchronisation, an event; send a command, take its response."""
    websocket_peer.welcome(connection)
    websocket_peer.hear(connection)
    hello = {"gid": "6cc1c6e4-9b04-4a0e-8c0d-0d4d0a1f5a11", "hash": ""}
    _answer(connection, "credentials", hello)
    handler = ""
    while handler != "response":
        request = websocket_peer.hear(connection)
        handler = request["handler"]
        _answer(connection, request["token"], None)
        if handler == "event":
            _answer(connection, "7f0e3a5c-1f4b-4c39-9d51-0a4f3e6b2211", _COMMAND, "command")
    connection.recv(1)


def _answer(connection: socket.socket, token: str, payload: object, handler: str = "") -> None:
    message = {"status": 200, "handler": handler, "token": token, "payload": payload}
    websocket_peer.say(connection, {**message, "content_type": "application/json"})


BENCHMARK = Benchmark("sepl.memory", "memory of a SEPL client", _measure, 4, 3)
