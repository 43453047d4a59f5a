"""The devices, or the open pages, of the page's load test: in a process of their own.

``python -m motelink_tools.bench.page_peers devices`` connects IoT Commute devices, and
``... pages`` reads the page's stream. Both read one line of JSON on stdin, say ``"ready"``, go
on at the next line, and end with a line of what they did.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import requests
from websockets.asyncio.client import ClientConnection, connect

SENSOR = "sent"
_PACE_S = 0.02
_CONNECTING = 16
_OPEN_S = 60.0

Json = dict[str, Any]


async def devices(wanted: Json) -> Json:
    """``root``, ``keys`` by device, ``rate`` a second in all, ``seconds``. Each puts the time."""
    slots = asyncio.Semaphore(_CONNECTING)

    async def one(name: str, key: str) -> ClientConnection:
        async with slots:
            asked = urlencode({"device": name, "key": key, "side": "device"})
            return await connect(f"{wanted['root']}?{asked}", open_timeout=_OPEN_S)

    sockets = await asyncio.gather(*(one(*item) for item in wanted["keys"].items()))
    names = list(wanted["keys"])
    await asyncio.to_thread(_ready)
    last: dict[str, float] = {}
    sent, began = 0, time.monotonic()
    while (passed := time.monotonic() - began) < wanted["seconds"]:
        while sent < passed * wanted["rate"]:
            name = names[sent % len(names)]
            last[name] = time.time()
            status = {"sensor": SENSOR, "value": last[name]}
            message = json.dumps({"method": "put", "status": status})
            await sockets[sent % len(names)].send(message)
            sent += 1
        await asyncio.sleep(_PACE_S)
    for socket in sockets:
        await socket.close()
    return {"sent": sent, "last": last}


def pages(wanted: Json) -> Json:
    """``url``, ``count``, ``devices`` (page n is that of device n), ``seconds``."""
    viewers = [_Viewer(wanted["url"], name) for name in wanted["devices"]]
    for viewer in viewers:
        viewer.open.wait(_OPEN_S)
    _ready()
    until = time.monotonic() + wanted["seconds"]
    for viewer in viewers:
        viewer.until = until
    for viewer in viewers:
        viewer.join(_OPEN_S)
    return {
        "updates": [viewer.updates for viewer in viewers],
        "delays": [delay for viewer in viewers for delay in viewer.delays],
    }


class _Viewer(threading.Thread):
    """One open page. ``delays``: seconds from the device to here, of each value it shows."""

    def __init__(self, url: str, device: str) -> None:
        super().__init__(daemon=True)
        self.open = threading.Event()
        self.until = float("inf")
        self.updates = 0
        self.delays: list[float] = []
        self._url = f"{url}api/live?device=commute/{device}"
        self.start()

    def run(self) -> None:
        with requests.get(self._url, stream=True, timeout=_OPEN_S) as response:
            for name, data in _events(response):
                now = time.time()
                if time.monotonic() > self.until:
                    return
                if name == "devices":
                    self.updates += 1
                    self.open.set()
                elif name == "device" and not data["all"]:
                    self.delays += [now - value for value in data["series"][SENSOR]["v"]]


def _events(response: requests.Response) -> Iterator[tuple[str, Json]]:
    name = ""
    for line in response.iter_lines(chunk_size=None):
        if line.startswith(b"event: "):
            name = line[7:].decode()
        elif line.startswith(b"data: "):
            yield name, json.loads(line[6:])


def _ready() -> None:
    print(json.dumps("ready"), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    done = asyncio.run(devices(given)) if sys.argv[1] == "devices" else pages(given)
    print(json.dumps(done), flush=True)
