"""A worker for each graph that has something to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from motelink_tools.hub.csm.esm.stages import Json
from motelink_tools.hub.csm.esm.supervisor import Limits, Supervisor
from motelink_tools.hub.csm.model import GraphKey


class Engine:
    """``answered`` gets each worker's answers as `stages.Evaluator.evaluate` makes them."""

    def __init__(self, limits: Limits, answered: Callable[[GraphKey, Json], None]) -> None:
        self._limits = limits
        self._answered = answered
        self._workers: dict[GraphKey, tuple[Supervisor, asyncio.Task[None]]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def configure(self, key: GraphKey, configuration: Json | None, *, watched: bool) -> None:
        """Start a graph's worker, or start it anew; None ends it."""
        self._end(key)
        if configuration is None:
            return
        supervisor = Supervisor(
            configuration, self._limits, lambda answer: self._answered(key, answer)
        )
        supervisor.watched = watched
        self._workers[key] = supervisor, asyncio.create_task(supervisor.run())

    def watch(self, key: GraphKey, *, watched: bool) -> None:
        """Whether the values at each stage are wanted from now on."""
        if key in self._workers:
            self._workers[key][0].watched = watched

    def feed(self, key: GraphKey, slot: int, elements: list[Any]) -> None:
        """A message for the idf number ``slot`` of a graph."""
        if key in self._workers:
            self._workers[key][0].feed(slot, elements)

    async def close(self) -> None:
        """End them all."""
        for key in list(self._workers):
            self._end(key)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _end(self, key: GraphKey) -> None:
        if key in self._workers:
            _, task = self._workers.pop(key)
            task.cancel()
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
