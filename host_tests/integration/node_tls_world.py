"""TLS before the servers of the platforms that a node joins, and the settings that lead there."""

import asyncio
import contextlib
import ssl
import threading
import uuid
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from motelink_tools.hub.broker import Broker
from motelink_tools.hub.commute import Commute
from motelink_tools.hub.manager import Manager
from motelink_tools.hub.registry import Registry

from .iottalk_server import IottalkServer
from .sepl_platform import Platform

DEADLINE_S = 60.0
HOST = "127.0.0.1"

Certificate = tuple[Path, Path]  # and its key


class Background:
    """An event loop in a thread. A context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> "Background":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S)


class Front:
    """Takes TLS off what the server at ``backend`` is given. ``opened``: set once both ends
    have finished a handshake. A context manager."""

    def __init__(self, background: Background, certificate: Certificate) -> None:
        self.opened = threading.Event()
        self.backend = 0
        self.show(certificate)
        self._background = background
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.sni_callback = self._choose
        self._tasks: set[asyncio.Task[None]] = set()

    def show(self, certificate: Certificate) -> None:
        """This one from the next connection on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self._shown = context

    def __enter__(self) -> "Front":
        self._server = self._background.run(self._listen())
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._background.run(self._close())

    def _choose(self, sock: ssl.SSLObject, _name: str | None, _first: ssl.SSLContext) -> None:
        sock.context = self._shown

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, HOST, 0, ssl=self._context)

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened.set()
        behind = await asyncio.open_connection(HOST, self.backend)
        for source, sink in ((reader, behind[1]), (behind[0], writer)):
            task = asyncio.create_task(_pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError), contextlib.closing(writer):
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()


@contextmanager
def manager(front: Front, _broker: Front, _folder: Path) -> Iterator[str]:
    """iot-manager's settings."""
    with Manager(["kettle"], connection_port=0) as server:
        front.backend = server.port
        yield (
            f'manager_host = "{HOST}"\nmanager_port = {front.port}\nmanager_tls = true\n'
            f'manager_uuid = "{uuid.uuid4()}"\n'
        )


@contextmanager
def sepl(front: Front, _broker: Front, folder: Path) -> Iterator[str]:
    """SEPL's."""
    with Platform(folder) as platform:
        front.backend = platform.server.port
        yield (
            f'sepl_host = "{HOST}"\nsepl_port = {front.port}\nsepl_protocol = "wss"\n'
            f'sepl_user = "me"\nsepl_password = "{platform.password}"\n'
        )


@contextmanager
def commute(front: Front, _broker: Front, folder: Path) -> Iterator[str]:
    """IoT Commute's."""
    with Background() as background:
        hub = Commute(folder / "commute.db", Registry())
        background.run(hub.__aenter__())
        try:
            front.backend = hub.port
            yield (
                f'commute_root = "wss://{HOST}:{front.port}/ws"\ncommute_device = "kettle"\n'
                f'commute_key = "{hub.records.add("kettle")}"\n'
            )
        finally:
            background.run(hub.__aexit__(None, None, None))


@contextmanager
def iottalk(front: Front, broker: Front, _folder: Path) -> Iterator[str]:
    """IoTtalk's, whose server names a broker with TLS."""
    with ExitStack() as stack:
        mosquitto = stack.enter_context(Broker())
        server = stack.enter_context(IottalkServer(mosquitto.port, {}, broker.port))
        front.backend = server.port
        broker.backend = mosquitto.port
        yield f'iottalk_url = "https://{HOST}:{front.port}"\n'


PLATFORMS = {"manager": manager, "sepl": sepl, "commute": commute, "iottalk": iottalk}
