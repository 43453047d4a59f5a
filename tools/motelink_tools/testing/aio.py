"""``asyncio`` as firmware knows it: a loop on the board's clock, and MicroPython's names."""

import asyncio
import math
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from types import ModuleType
from typing import Any, TypeVar

from motelink_tools.testing.clock import Clock
from motelink_tools.testing.opened import Opened
from motelink_tools.testing.outcome import BoardReset, FirmwareStopped

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Waits on the board's clock. A task cannot swallow the end of a run: ``check`` raises it."""

    def __init__(self, clock: Clock, check: Callable[[], None]) -> None:
        super().__init__()
        self._clock = clock
        self._check = check

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._check()
        us = None if timeout is None else math.ceil(max(0, timeout) * 1e6)
        found = self._clock.wait(super().select, us)
        self._check()
        return found


class BoardLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: Clock, check: Callable[[], None]) -> None:
        super().__init__(_Selector(clock, check))
        self._clock = clock

    def time(self) -> float:
        return self._clock.now_us / 1e6

    def close(self) -> None:
        """Drop every task where it stands, as MicroPython does and as a reset does."""
        if self.is_closed():
            return
        self.set_exception_handler(lambda *_: None)
        for task in asyncio.all_tasks(self):
            dropped: Any = task
            dropped._log_destroy_pending = False
            with suppress(Exception, BoardReset, FirmwareStopped):
                dropped.get_coro().close()
        super().close()


class ThreadSafeFlag:
    """Set from an interrupt handler, waited for by one task, cleared by the wait."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def set(self) -> None:
        self._event.set()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(lambda: None)

    def clear(self) -> None:
        self._event.clear()

    async def wait(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._event.wait()
        self._event.clear()


def asyncio_module(clock: Clock, check: Callable[[], None], opened: Opened) -> ModuleType:
    """``check()`` raises when the board has been reset or stopped."""
    waiting: list[BoardLoop] = []  # at most one: what get_event_loop() made outside run()

    def run(program: Coroutine[Any, Any, T]) -> T:
        loop = get_event_loop()
        waiting.clear()
        try:
            return loop.run_until_complete(program)
        finally:
            loop.close()

    def get_event_loop() -> BoardLoop:
        running = asyncio._get_running_loop()
        if isinstance(running, BoardLoop):
            return running
        if not waiting or waiting[0].is_closed():
            waiting[:] = [opened.add(BoardLoop(clock, check))]
        return waiting[0]

    def new_event_loop() -> BoardLoop:
        waiting.clear()
        return get_event_loop()

    def create_task(program: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        return get_event_loop().create_task(program)

    def sleep_ms(ms: float) -> Coroutine[Any, Any, None]:
        return asyncio.sleep(ms / 1000)

    def wait_for_ms(awaitable: Awaitable[T], ms: float) -> Coroutine[Any, Any, T]:
        return asyncio.wait_for(awaitable, ms / 1000)

    module = ModuleType("asyncio")
    vars(module).update(
        vars(asyncio),
        run=run,
        get_event_loop=get_event_loop,
        new_event_loop=new_event_loop,
        create_task=create_task,
        sleep_ms=sleep_ms,
        wait_for_ms=wait_for_ms,
        ThreadSafeFlag=ThreadSafeFlag,
    )
    return module
