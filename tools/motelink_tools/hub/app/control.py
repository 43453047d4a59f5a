"""How a command line talks to a running hub: JSON, a line each way, on this machine.

A request is ``{"token", "platform", "call", "arguments"}``. Each line of the answer is
``{"item": ...}`` for a stream, and at last ``{"result": ...}`` or ``{"error", "kind"}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.app.folder import Folder, Running
from motelink_tools.hub.app.platform import Platform

_LINE_BYTES = 4 * 1024 * 1024
_CONNECT_S = 5.0
_LOG = logging.getLogger("motelink.hub")


class ControlServer:
    """Listens on 127.0.0.1, at a port of its own, for those who know the token."""

    def __init__(self, token: str, platforms: Mapping[str, Platform]) -> None:
        self._token = token
        self._platforms = platforms
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Returns the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_LINE_BYTES)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """End what is being followed, too."""
        if self._server is not None:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                await self._answer(reader, writer)
            writer.close()
        except BaseException:
            writer.transport.abort()  # who does not read must not keep us
            raise

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._follow(await reader.readline(), reader, writer)
        except ToolError as error:
            answer = {"error": str(error), "kind": error.kind}
        except (TypeError, ValueError, KeyError) as error:
            answer = {"error": f"the hub does not understand: {error}", "kind": "usage"}
        except ConnectionError:
            raise
        except Exception as error:
            _LOG.exception("a fault in what was asked")
            answer = {"error": f"the hub failed: {error!r}; its log says more", "kind": "fault"}
        writer.write(_encode(answer))
        await writer.drain()

    async def _follow(
        self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> dict[str, Any]:
        request = json.loads(line)
        if not hmac.compare_digest(str(request["token"]).encode(), self._token.encode()):
            raise ToolError("the hub does not know you", kind="token")
        platform = self._platforms.get(request["platform"])
        if platform is None:
            raise ToolError(
                f"this hub does not serve {request['platform']}; it serves:"
                f" {', '.join(self._platforms)}",
                kind="no_platform",
            )
        name, arguments = request["call"], request["arguments"]
        if name not in platform.streams():
            return {"result": await platform.calls()[name](**arguments)}
        gone = asyncio.ensure_future(reader.read())  # the other end says nothing more, but ends
        work = asyncio.ensure_future(self._stream(platform.streams()[name](**arguments), writer))
        try:
            await asyncio.wait({gone, work}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()  # raises what the stream has raised
        finally:
            gone.cancel()
            work.cancel()
            await asyncio.gather(gone, work, return_exceptions=True)
        return {"result": None}

    async def _stream(self, items: AsyncIterator[Any], writer: asyncio.StreamWriter) -> None:
        try:
            async for item in items:
                writer.write(_encode({"item": item}))
                await writer.drain()
        finally:
            if isinstance(items, AsyncGenerator):
                await items.aclose()


class HubClient:
    """For command lines: blocking calls to the hub on a folder."""

    def __init__(self, running: Running) -> None:
        self._running = running

    @classmethod
    def find(cls, folder: Folder) -> HubClient | None:
        """The hub that serves a folder, if one does."""
        running = folder.running()
        return cls(running) if running else None

    @classmethod
    def get(cls, folder: Folder) -> HubClient:
        """The hub that serves a folder. Raises ToolError if none does."""
        found = cls.find(folder)
        if found is None:
            raise ToolError(
                f"no hub serves {folder.path}; start one with 'motelink hub'", kind="no_hub"
            )
        return found

    def call(self, platform: str, name: str, /, **arguments: Any) -> Any:
        """The result. Raises ToolError with what the hub says."""
        for answer in self._ask(platform, name, arguments):
            if "result" in answer:
                return answer["result"]
        raise ToolError("the hub ended", kind="no_hub")

    def follow(self, platform: str, name: str, /, **arguments: Any) -> Generator[Any, None, None]:
        """One item after another, until the hub ends. Raises ToolError with what the hub says."""
        for answer in self._ask(platform, name, arguments):
            if "item" in answer:
                yield answer["item"]

    def _ask(
        self, platform: str, name: str, arguments: Mapping[str, Any]
    ) -> Generator[dict[str, Any], None, None]:
        request = {
            "token": self._running.token,
            "platform": platform,
            "call": name,
            "arguments": arguments,
        }
        address = self._running.host, self._running.port
        try:
            with socket.create_connection(address, timeout=_CONNECT_S) as connection:
                connection.settimeout(None)  # a stream may say nothing for days
                connection.sendall(_encode(request))
                for line in connection.makefile("rb"):
                    if not line.endswith(b"\n"):
                        return  # the hub ended in the middle of it
                    answer = json.loads(line)
                    if "error" in answer:
                        raise ToolError(answer["error"], kind=answer["kind"])
                    yield answer
        except OSError as error:
            raise ToolError(f"the hub does not answer: {error}", kind="no_hub") from error


def _encode(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"
