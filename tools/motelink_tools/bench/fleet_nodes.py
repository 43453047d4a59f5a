"""The nodes of the outage test: many of the library's own clients, in a process of their own.

``python -m motelink_tools.bench.fleet_nodes PORT COUNT`` keeps ``COUNT`` clients at the Manager on
that port, each with the backoff that the library gives it. Every line on stdin is answered with
one line of JSON: ``connected``, how many are, and the times (seconds since 1970) of all that
``opened`` and ``failed`` since the last line. The end of stdin ends it.
"""

import json
import sys
import threading
import time
import uuid
from typing import ClassVar

from motelink import log
from motelink.loop import Loop
from motelink.manager import Client
from motelink_tools.limits import allow_open_files

DEVICE_TYPE = "load"
_TURN_MS = 20


class Node(Client):
    """A client that writes down when it connected and failed."""

    opened: ClassVar[list[float]] = []
    refused: ClassVar[list[float]] = []

    def failed(self, error: Exception) -> None:
        self.refused.append(time.time())
        super().failed(error)

    def on_connect(self) -> None:
        self.opened.append(time.time())


def main(port: int, count: int) -> None:
    """Until stdin ends."""
    log.set_level("off")
    loop = Loop()
    for _ in range(count):
        node = Node("127.0.0.1", str(uuid.uuid4()), DEVICE_TYPE, {}, port)
        loop.add(node)
    asked = threading.Semaphore(0)
    ended = threading.Event()

    def listen() -> None:
        for _ in sys.stdin:
            asked.release()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    while not ended.is_set():
        loop.step(_TURN_MS)
        if asked.acquire(blocking=False):
            connected = sum(node.connected for node in loop.clients)
            print(
                json.dumps(
                    {"connected": connected, "opened": Node.opened, "failed": Node.refused}
                ),
                flush=True,
            )
            Node.opened.clear()
            Node.refused.clear()


if __name__ == "__main__":
    allow_open_files(int(sys.argv[2]))
    main(int(sys.argv[1]), int(sys.argv[2]))
