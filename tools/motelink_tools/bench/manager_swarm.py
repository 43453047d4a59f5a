"""The devices of the Manager's load test: thousands of them, in one process of their own.

``python -m motelink_tools.bench.manager_swarm PORT CLIENTS FRAMING`` connects them and answers
every heartbeat. It is told what to do by lines on stdin, and answers each with one line of JSON:
``send RATE SECONDS`` (application messages a second in all, then how many were sent), ``count``
(what came), and the end of stdin, which ends it.
"""

import asyncio
import itertools
import json
import sys
import uuid

from motelink.manager_wire import (
    GETINFO,
    HEART,
    LENGTH,
    LENGTH_BYTES,
    RAW,
    RAW_BEAT,
    TERMINATED,
)
from motelink_tools.hub.manager.framing import DIALECTS
from motelink_tools.limits import allow_open_files

DEVICE_TYPE = "load"

# No byte of it can be taken for a command, or for the beginning of ``beat``.
MESSAGE = b"temperature 21.5 C, 1013 hPa\n"
BROADCAST = b"x" * 100

# Connections being made at once; more only wait in the server's backlog.
_CONNECTING = 64

_PACE_S = 0.02


class Device(asyncio.Protocol):
    """One device. Counts the bytes of broadcasts, which no command contains."""

    transport: asyncio.Transport
    received = 0
    beats = 0
    lost = 0

    def __init__(self, framing: str) -> None:
        self.identified: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._framing = framing
        self._buffer = b""
        data = {"firmware": "1.0.0", "room": "laboratory"}
        self._info = f"{uuid.uuid4()}##{DEVICE_TYPE}##{json.dumps(data)}".encode()
        self._beat = {RAW: RAW_BEAT, TERMINATED: bytes([HEART])}.get(
            framing, DIALECTS[LENGTH].encode(bytes([HEART]))
        )
        self._encode = DIALECTS[framing].encode

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._framing == LENGTH:
            data = self._bodies(data)
        if data.count(GETINFO):
            self.send(self._info)
            self.identified.set_result(None)
        for _ in range(data.count(HEART)):
            self.transport.write(self._beat)
            Device.beats += 1
        Device.received += data.count(BROADCAST[:1])

    def connection_lost(self, _exc: Exception | None) -> None:
        Device.lost += 1

    def send(self, message: bytes) -> None:
        """One message, in this device's dialect."""
        self.transport.write(self._encode(message))

    def _bodies(self, data: bytes) -> bytes:
        self._buffer += data
        bodies = b""
        while len(self._buffer) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
            if len(self._buffer) < end:
                break
            bodies += self._buffer[LENGTH_BYTES:end]
            self._buffer = self._buffer[end:]
        return bodies


async def _connect(port: int, count: int, framing: str) -> list[Device]:
    loop = asyncio.get_running_loop()
    slots = asyncio.Semaphore(_CONNECTING)

    async def one() -> Device:
        async with slots:
            _, device = await loop.create_connection(lambda: Device(framing), "127.0.0.1", port)
            await device.identified
            return device

    return await asyncio.gather(*(one() for _ in range(count)))


async def _send(devices: list[Device], rate: float, seconds: float) -> int:
    """``rate`` messages a second, one device after another. Returns how many."""
    loop = asyncio.get_running_loop()
    turn = itertools.cycle(devices)
    began = loop.time()
    sent, total = 0, int(rate * seconds)
    while sent < total:
        await asyncio.sleep(_PACE_S)
        due = min(total, int((loop.time() - began) * rate))
        for device in itertools.islice(turn, due - sent):
            device.send(MESSAGE)
        sent = due
    return sent


def _say(**report: int) -> None:
    print(json.dumps(report), flush=True)


async def _main(port: int, count: int, framing: str) -> None:
    devices = await _connect(port, count, framing)
    _say(connected=len(devices))
    loop = asyncio.get_running_loop()
    while words := (await loop.run_in_executor(None, sys.stdin.readline)).split():
        if words[0] == "send":
            _say(sent=await _send(devices, float(words[1]), float(words[2])))
        else:
            _say(received=Device.received, beats=Device.beats, lost=Device.lost)


if __name__ == "__main__":
    allow_open_files(int(sys.argv[2]))
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
