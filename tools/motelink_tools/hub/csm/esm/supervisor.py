"""The other end of a worker: starts it, feeds it one message at a time, kills it when it hangs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motelink_tools.hub.csm.esm.stages import Json

# Python starts within 0.1 s; a loaded Pi may take seconds.
_START_S = 20.0
# The worker ends an evaluation by itself at its limit. So much later it is taken to hang.
_GRACE_S = 1.0
# A graph is edited in several steps; the worker starts after the last.
_SETTLE_S = 0.02
# Between starts of a worker that dies; doubled until an evaluation succeeds.
_AGAIN_S = 0.25
_AGAIN_LIMIT_S = 15.0
_WAITING = 256
_LINE_BYTES = 16 * 1024 * 1024
_MODULE = "motelink_tools.hub.csm.esm.worker"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one worker: seconds an evaluation, bytes of memory (of address space)."""

    seconds: float = 2.0
    memory: int = 512 * 1024 * 1024


class _Gone(Exception):
    """The worker has died or hangs; the text says which."""


class Supervisor:
    """``answered`` gets what the worker answers, and what befalls it as one of the errors."""

    def __init__(
        self, configuration: Json, limits: Limits, answered: Callable[[Json], None]
    ) -> None:
        self.watched = False
        self.dropped = 0  # messages that came faster than they were evaluated
        self._configuration = configuration
        self._limits = limits
        self._answered = answered
        self._waiting: deque[tuple[int, list[Any]]] = deque(maxlen=_WAITING)
        self._wake = asyncio.Event()
        self._again = _AGAIN_S

    def feed(self, slot: int, elements: list[Any]) -> None:
        """One message of the idf number ``slot``. Of too many the oldest is dropped."""
        if len(self._waiting) == _WAITING:
            if not self.dropped:
                self._fail(f"messages are dropped: more than {_WAITING} wait for this graph")
            self.dropped += 1
        self._waiting.append((slot, elements))
        self._wake.set()

    async def run(self) -> None:
        """Until it is cancelled; the worker ends with it."""
        await asyncio.sleep(_SETTLE_S)
        while True:
            try:
                await self._run_once()
            except _Gone as gone:
                self._fail(f"{gone}; it is started again")
            await asyncio.sleep(self._again)
            self._again = min(2 * self._again, _AGAIN_LIMIT_S)

    async def _run_once(self) -> None:
        process = await self._start()
        try:
            self._answered(await self._ask(process, self._configuration, _START_S))
            while True:
                while not self._waiting:
                    self._wake.clear()
                    await self._wake.wait()
                slot, elements = self._waiting.popleft()
                request = {"slot": slot, "elements": elements, "watched": self.watched}
                self._answered(await self._ask(process, request, _GRACE_S))
                self._again = _AGAIN_S
        finally:
            await _end(process)

    async def _start(self) -> asyncio.subprocess.Process:
        kept = ("SYSTEMROOT", "LD_LIBRARY_PATH")  # without which Python itself may not start
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-X", "utf8", "-m", _MODULE),
            str(self._limits.seconds),
            str(self._limits.memory),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in kept if name in os.environ},
            cwd=Path.home().anchor,
            start_new_session=True,  # Ctrl-C is for us: we end it in its turn
            limit=_LINE_BYTES,
        )

    async def _ask(self, process: asyncio.subprocess.Process, request: Json, grace: float) -> Json:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            async with asyncio.timeout(self._limits.seconds + grace):
                process.stdin.write(json.dumps(request).encode() + b"\n")
                await process.stdin.drain()
                line = await process.stdout.readline()
        except TimeoutError:
            raise _Gone("the functions took too long and were killed") from None
        except OSError:
            line = b""
        except ValueError:
            raise _Gone("the functions answered too much and were killed") from None
        if not line.endswith(b"\n"):
            code = await _end(process)
            raise _Gone(f"the functions' process ended by itself (status {code})")
        try:
            return _checked(json.loads(line))
        except (ValueError, TypeError, AttributeError):
            raise _Gone("the functions wrote into their process's answers") from None

    def _fail(self, message: str) -> None:
        error = {"msg": message, "src": None, "line": None, "stage": None, "id": None}
        self._answered({"out": [], "errors": [error]})


def _checked(answer: Json) -> Json:
    """Functions share their process with what sends this. Raises ValueError or TypeError."""
    out = [[int(number), str(text)] for number, text in answer.get("out", ())]
    errors = [dict(error) for error in answer.get("errors", ())]
    checked: Json = {"out": out, "errors": errors}
    if "seen" in answer:
        checked["seen"] = str(answer["seen"])
    return checked


async def _end(process: asyncio.subprocess.Process) -> int:
    """Kill it, whatever it does, and everything it started; its exit status."""
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, 9)
        else:
            process.kill()
    if process.stdin is not None:
        process.stdin.close()
    return await asyncio.shield(asyncio.ensure_future(process.wait()))
