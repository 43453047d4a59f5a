"""A process of its own for the peers of a load test, so that what is measured is not theirs.

It is told what to do by lines on its stdin, and answers each with one line of JSON.
"""

import asyncio
import contextlib
import json
import sys
from types import TracebackType
from typing import Any, Self

from motelink_tools.errors import ToolError

_LINE_BYTES = 64 * 1024 * 1024
_END_S = 15.0


class Swarm:
    """``python -m MODULE ARGUMENTS``, from ``async with`` to its end."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._command = (sys.executable, "-m", module, *arguments)

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _END_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def tell(self, line: str) -> None:
        """One line, without its end."""
        assert self._process.stdin
        self._process.stdin.write(line.encode() + b"\n")

    async def answer(self, timeout_s: float) -> dict[str, Any]:
        """The next line. Raises ToolError ``swarm_failed`` where none comes in time."""
        assert self._process.stdout
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), timeout_s)
        except TimeoutError:
            line = b""
        if not line:
            raise ToolError(
                f"the peers of the benchmark did not answer within {timeout_s:g} s",
                kind="swarm_failed",
            )
        answer: dict[str, Any] = json.loads(line)
        return answer
