"""Something that a program of ``on_device/`` repeats, and what can be counted about it."""

import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from motelink_tools.bench import peer
from motelink_tools.bench.lab import HEAP, Lab
from motelink_tools.errors import ToolError

# The collector is off while allocations are counted; the greediest floor fits.
_HEAP_TO_COUNT_IN = "8m"
# Spans several collections of the floor that allocates: garbage slows the allocator down.
_COUNT = 4000
WARM_UP = 20  # as in on_device/meter.py


@dataclass(frozen=True)
class Repeated(ABC):
    """``program`` is started with ``name MODE PORT COUNT`` and does it so many times."""

    key: str
    program: str

    @property
    def name(self) -> str:
        """What its program calls it."""
        return self.key.rpartition(".")[2]

    @abstractmethod
    def converse(self, connection: socket.socket, count: int) -> None:
        """The server's part in ``count`` operations, and in what comes before."""

    def heap(self, lab: Lab, count: int) -> dict[str, int]:
        """Bytes ``allocated`` by all of them, and ``total`` with what was freed again at once."""
        return self._run(lab, "heap", count, _HEAP_TO_COUNT_IN)

    def passes_locked(self, lab: Lab, count: int) -> bool:
        """Whether it works while the heap is locked."""
        try:
            self._run(lab, "locked", count)
        except ToolError as error:
            if "MemoryError" in str(error):
                return False
            raise
        return True

    def rate(self, lab: Lab, count: int) -> float:
        """Operations a second, the server's part and the loopback included."""
        return count / self._run(lab, "speed", count)["us"] * 1e6

    def instructions(self, lab: Lab, count: int = _COUNT) -> int:
        """Instructions an operation: the slope between so many and twice as many of them."""

        def total(times: int) -> int:
            with self._server(times) as port:
                return lab.instructions(self.program, self.name, "speed", port, times)

        with ThreadPoolExecutor(2) as pool:
            few, many = pool.map(total, (count, 2 * count))
        return round((many - few) / count)

    def _run(self, lab: Lab, mode: str, count: int, heap: str = HEAP) -> dict[str, int]:
        with self._server(count) as port:
            return lab.run(self.program, self.name, mode, port, count, heap=heap)

    @contextmanager
    def _server(self, count: int) -> Iterator[int]:
        with peer.serving(lambda connection: self.converse(connection, count)) as port:
            yield port
