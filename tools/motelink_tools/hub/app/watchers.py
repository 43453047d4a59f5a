"""Those who follow what a platform says, each with a bounded queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

_WAITING = 1000


class Watchers:
    """`tell` never waits: whoever does not keep up loses the oldest."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Any]] = set()

    def tell(self, item: Any) -> None:
        """Something to watch."""
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(item)

    async def follow(self) -> AsyncIterator[Any]:
        """All of it, from now on."""
        queue: asyncio.Queue[Any] = asyncio.Queue(_WAITING)
        self._queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)
