"""What firmware has opened: a board that resets has no open files, sockets or tasks left."""

import weakref
from typing import Protocol, TypeVar


class Closable(Protocol):
    def close(self) -> object: ...


C = TypeVar("C", bound=Closable)


class Opened:
    """Remembers without keeping alive."""

    def __init__(self) -> None:
        self._things: weakref.WeakSet[Closable] = weakref.WeakSet()

    def add(self, thing: C) -> C:
        self._things.add(thing)
        return thing

    def close_all(self) -> None:
        for thing in list(self._things):
            thing.close()
        self._things.clear()
