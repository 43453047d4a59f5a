"""What an IoTtalk device application takes of the heap and of the flash."""

import contextlib
import json
import socket
from collections.abc import Iterator
from statistics import median

from motelink_tools.bench import peer
from motelink_tools.bench.lab import Lab, Place
from motelink_tools.bench.registry import Benchmark, Table, Target

_RUNS = 5
_QUICK_RUNS = 3
_UP, _DOWN = "bench/ctrl/i", "bench/ctrl/o"
_DATA = "iottalk/esm/2f6d0e5a-6a0c-4a53-9c51-1f6f7b0f3a10"
# Loaded for the occasion and dropped again, so they are not among the modules afterwards.
_DROPPED = (
    "iottalk_csm",
    "iottalk_control",
    "iottalk_id",
    "http_request",
    "http_client",
    "mqtt_build",
)
TARGET = Target(20 * 1024)


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    runs = []
    for number in range(_QUICK_RUNS if lab.quick else _RUNS):
        lab.say(f"memory of an IoTtalk device, run {number + 1}")
        runs.append(held(lab))
    sizes = lab.modules()
    loaded = {*runs[0], *(f"motelink.{part}" for part in _DROPPED)}
    table = Table(
        note=(
            f"Median of {len(runs)} processes. Heap in use after a collection, MQTT included, "
            "beyond the bytes of its buffers (receive, send, the window's slots, packet ids); "
            "connected: registered over HTTP and online; exchanged: two features linked, data "
            "sent and received. romfs_: connected, with lib/ in a ROMFS, where code and texts "
            "stay in flash."
        )
    )
    for name, target in (
        ("mqtt", None),
        ("imported", None),
        ("connected", TARGET),
        ("exchanged", TARGET),
    ):
        table.add(f"iottalk.{name}.heap_bytes", median(run[name] for run in runs), target)
    lab.say("memory of an IoTtalk device that runs from a ROMFS")
    in_place = held(lab, Place.ROMFS)
    table.add("iottalk.connected.romfs_heap_bytes", in_place["connected"], TARGET)
    table.add("iottalk.mpy_bytes", sum(sizes[name] for name in loaded if name in sizes))
    return table


def held(lab: Lab, place: Place = Place.FILES) -> dict[str, int]:
    """What ``on_device/iottalk_memory.py`` says."""
    with peer.serving(_broker) as broker, peer.serving(_csm(broker)) as port:
        return lab.run_from(place, "iottalk_memory", port)


def _csm(broker: int) -> peer.Dialogue:
    def register(connection: socket.socket) -> None:
        with connection.makefile("rb") as request:
            size = 0
            while (line := request.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    size = int(value)
            request.read(size)
        reply = json.dumps(
            {
                "state": "ok",
                "rev": "8f0f6a1a-6a0c-4a53-9c51-1f6f7b0f3a10",
                "name": "00.Bench",
                "url": {"scheme": "mqtt", "host": "127.0.0.1", "port": broker},
                "ctrl_chans": [_UP, _DOWN],
            }
        ).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(reply)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + reply)

    return register


def _broker(connection: socket.socket) -> None:
    """Accept the device, acknowledge what it says, link both features, answer data with data."""
    linked = False
    for kind, body in _packets(connection):
        if kind == 0x10:
            connection.sendall(b"\x20\x02\x00\x00")
        elif kind == 0x82:
            connection.sendall(b"\x90\x03" + body[:2] + body[-1:])
        elif kind & 0xF6 == 0x34:
            at = 2 + int.from_bytes(body[:2], "big")
            connection.sendall(b"\x50\x02" + body[at : at + 2])
        elif kind == 0x62:
            connection.sendall(b"\x70\x02" + body)
            if not linked:
                linked = True
                connection.sendall(_command("idf", "Celsius-I") + _command("odf", "Heater-O"))
        elif kind == 0x30:
            connection.sendall(_publish(_DATA, b"[42]"))


def _command(key: str, feature: str) -> bytes:
    command = {"msg_id": "m", "command": "CONNECT", key: feature, "topic": _DATA}
    return _publish(_DOWN, json.dumps(command).encode())


def _publish(topic: str, payload: bytes) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic.encode() + payload
    size = len(body)
    head = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return b"\x30" + head + body


def _packets(connection: socket.socket) -> Iterator[tuple[int, bytes]]:
    # A device that ends with something unread resets the connection.
    with contextlib.suppress(ConnectionResetError), connection.makefile("rb") as stream:
        while head := stream.read(2):
            size = head[1]
            if size > 127:
                size = size & 127 | stream.read(1)[0] << 7
            yield head[0], stream.read(size)


BENCHMARK = Benchmark("iottalk.memory", "memory of an IoTtalk device", _measure, 4, 3)
