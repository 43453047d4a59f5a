"""The server's own MQTT connection: subscribes, hands messages over, sends, comes back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Callable

import aiomqtt

from motelink_tools.errors import ToolError
from motelink_tools.hub.csm.wire import API_FILTERS, DATA_FILTER, STATE_FILTER, Publish

_CONNECT_S = 10.0
# One connection that is not answered: another is tried. A mosquitto that reads its users anew just
# then may end it, and the library, told before it was connected, would wait on.
_TRY_S = 2.5
_AGAIN_S = 0.25
_AGAIN_LIMIT_S = 15.0
# Messages that wait here, each way, and that wait for the broker's acknowledgement.
_INCOMING = 10_000
_OUTGOING = 10_000
_WINDOW = 20

_LOG = logging.getLogger("motelink.csm")
# The library warns of each disconnection, which we say ourselves, and of windows in use.
_LIBRARY_LOG = logging.getLogger("motelink.csm.mqtt")
_LIBRARY_LOG.setLevel(logging.CRITICAL)

Handler = Callable[[str, bytes, bool], None]  # topic, payload, retained


class Uplink:
    """``handle`` gets each message, ``connected`` is called after each (re)connection.

    Messages sent while the broker is away are lost, and counted in ``dropped``.
    """

    def __init__(
        self,
        host: str,
        port: int,
        account: tuple[str, str] | None,
        handle: Handler,
        connected: Callable[[], None],
    ) -> None:
        self.dropped = 0
        self._host = host
        self._port = port
        self._user = account[0] if account else None
        self._password = account[1] if account else None
        self._handle = handle
        self._connected = connected
        self._queue: asyncio.Queue[Publish] = asyncio.Queue(_OUTGOING)
        self._up = False
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    def send(self, message: Publish) -> None:
        """In order, as soon as possible."""
        if not self._up or self._queue.full():
            self.dropped += 1
            return
        self._queue.put_nowait(message)

    async def start(self) -> None:
        """Returns when it is subscribed. Raises ToolError if that cannot be."""
        self._task = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(_CONNECT_S):
                await self._ready
        except TimeoutError:
            raise ToolError(
                f"IoTtalk cannot reach the broker at {self._host}:{self._port}: no answer in"
                f" {_CONNECT_S:.0f} s",
                kind="no_broker",
            ) from None

    async def close(self) -> None:
        """Disconnect; may be called without a start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        again = _AGAIN_S
        while True:
            try:
                await self._serve()
            except (aiomqtt.MqttError, OSError) as error:
                if not (self._ready.done() or isinstance(error, TimeoutError)):
                    self._ready.set_exception(
                        ToolError(
                            f"IoTtalk cannot reach the broker at {self._host}:{self._port}: "
                            f"{error}",
                            kind="no_broker",
                        )
                    )
                    return
                if self._up:
                    again = _AGAIN_S
                    _LOG.warning("the broker is away: %s", error)
            finally:
                self._up = False
            await asyncio.sleep(again)
            again = min(2 * again, _AGAIN_LIMIT_S)

    async def _serve(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(_TRY_S):
                client = await stack.enter_async_context(self._client())
                for topic in (STATE_FILTER, DATA_FILTER, *API_FILTERS):
                    await client.subscribe(topic, qos=2)
            while not self._queue.empty():
                self._queue.get_nowait()
            self._up = True
            self._connected()
            if not self._ready.done():
                self._ready.set_result(None)
            sender = asyncio.create_task(self._send_all(client))
            try:
                async for message in client.messages:
                    self._take(message)
            finally:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)

    def _client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._host,
            self._port,
            username=self._user,
            password=self._password,
            identifier=f"csm-{secrets.token_hex(8)}",
            logger=_LIBRARY_LOG,
            timeout=_CONNECT_S,
            max_queued_incoming_messages=_INCOMING,
            # Else each acknowledgement waits 40 ms for the one before (Nagle).
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    def _take(self, message: aiomqtt.Message) -> None:
        if not isinstance(message.payload, bytes):
            return
        try:
            self._handle(str(message.topic), message.payload, message.retain)
        except Exception:  # a full disk, or a fault of ours: the next message may do
            _LOG.exception("a message on %s failed", message.topic)

    async def _send_all(self, client: aiomqtt.Client) -> None:
        window = asyncio.Semaphore(_WINDOW)
        tasks: set[asyncio.Task[None]] = set()

        async def send(message: Publish) -> None:
            try:
                await client.publish(message.topic, message.payload, 2, message.retain)
            except aiomqtt.MqttError:
                self.dropped += 1  # the reader sees the disconnection, too
            finally:
                window.release()

        try:
            while True:
                message = await self._queue.get()
                await window.acquire()
                # Tasks start in the order of their making: so the order of messages holds.
                task = asyncio.create_task(send(message))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
