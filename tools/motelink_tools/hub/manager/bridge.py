"""The way from any thread to the asyncio loop on which a Manager lives."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")

Caller = int | asyncio.Task[Any]


class LoopClosed(RuntimeError):
    """The Manager is closed: its loop runs nothing any more."""


def caller() -> Caller:
    """Who is calling: the asyncio task, or outside asyncio the thread."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return task or threading.get_ident()


def in_asyncio() -> bool:
    """Whether blocking here would stop an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Bridge:
    """Runs functions on the loop in which it was made, in the order of the calls."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._lock = threading.Lock()
        self._closed = False

    def on_loop(self) -> bool:
        """Whether the calling thread is the loop's."""
        return threading.get_ident() == self._thread

    def call(self, function: Callable[..., Result], *args: Any) -> Result:
        """Run ``function`` and wait for its result. Raises LoopClosed, and what it raises."""
        if self.on_loop():
            return function(*args)
        future: Future[Result] = Future()

        def run() -> None:
            try:
                future.set_result(function(*args))
            except BaseException as error:
                future.set_exception(error)

        self._schedule(run)
        return future.result()

    def post(self, function: Callable[[], object]) -> None:
        """Run ``function`` soon, or at once if this is the loop. Raises LoopClosed."""
        if self.on_loop():
            function()
        else:
            self._schedule(function)

    def close(self) -> None:
        """Refuse what comes from now on; what was accepted before still runs.

        The loop runs it before anything that this call's task may cause, its own end included.
        """
        with self._lock:
            self._closed = True

    def _schedule(self, function: Callable[[], object]) -> None:
        # Under the lock, so that nothing is accepted that close() would not wait for.
        with self._lock:
            if self._closed:
                raise LoopClosed("the Manager is closed")
            self._loop.call_soon_threadsafe(function)
