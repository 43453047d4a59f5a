"""motelink.websocket against the maintained websockets server, plain, over TLS, and through a
proxy, on CPython and on real MicroPython with a board's heap."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from collector import interpreters
from motelink_tools import paths

from .device_process import CPYTHON, Device, Runtime
from .tls_ends import Files

PROGRAM = Path(__file__).with_name("websocket_device.py")


class Echo:
    """A server that echoes, and a proxy that leads to it, in a thread. ``closed``: the codes and
    reasons it was given; ``left``: there is one; ``asked``: the heads of requests to the proxy;
    ``forged``: what that says before the server can."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.forged = b""
        self.closed: list[tuple[int | None, str | None]] = []
        self.asked: list[bytes] = []
        self.left = threading.Event()
        self._context = context
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        protocols = [Subprotocol("echo")]
        async with (
            serve(
                self._echo,
                "127.0.0.1",
                0,
                ssl=self._context,
                subprotocols=protocols,
                ping_interval=0.2,
            ) as server,
            await asyncio.start_server(self._relay, "127.0.0.1", 0) as proxy,
        ):
            self.port = next(iter(server.sockets)).getsockname()[1]
            self.proxy = proxy.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    async def _echo(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        assert connection.request.headers["Authorization"] == "secret"
        async for message in connection:
            await connection.send(message)
        self.closed.append((connection.close_code, connection.close_reason))
        self.left.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n" + self.forged)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while data := await source.read(4096):
                    sink.write(data)
                    await sink.drain()
            sink.close()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    def __enter__(self) -> "Echo":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()


@contextmanager
def secured(folder: Path) -> Iterator[tuple[Echo, Path]]:
    files = Files(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files.server)
    with Echo(context) as echo:
        yield echo, files.authority.der


@pytest.fixture(params=[CPYTHON, *interpreters()])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return Runtime(request.param, paths.library())


def _talk(runtime: Runtime, echo: Echo, *arguments: object) -> None:
    with Device(runtime, PROGRAM, *arguments, heap="192k") as process:
        process.wait_for("connected echo 1")
        process.wait_for("echoed 21")
        process.wait_for("end None")
        process.result()
    # The library answers a Close before it lets the handler know.
    assert echo.left.wait(10)
    assert echo.closed == [(1000, "done")]


def test_plain(runtime: Runtime) -> None:
    with Echo(None) as echo:
        _talk(runtime, echo, f"ws://127.0.0.1:{echo.port}/")


def test_tls(runtime: Runtime, tmp_path: Path) -> None:
    with secured(tmp_path) as (echo, ca):
        _talk(runtime, echo, f"wss://localhost:{echo.port}/", ca)


def test_proxy(runtime: Runtime) -> None:
    with Echo(None) as echo:
        proxy = f"http://127.0.0.1:{echo.proxy}"
        _talk(runtime, echo, f"ws://localhost:{echo.port}/", "", proxy)
        assert echo.asked[0].startswith(b"CONNECT localhost:%d HTTP/1.1\r\n" % echo.port)


def test_tls_through_a_proxy(runtime: Runtime, tmp_path: Path) -> None:
    with secured(tmp_path) as (echo, ca):
        proxy = f"http://127.0.0.1:{echo.proxy}"
        _talk(runtime, echo, f"wss://localhost:{echo.port}/", ca, proxy)


def test_what_a_proxy_says_is_not_taken_for_what_comes_over_tls(
    runtime: Runtime, tmp_path: Path
) -> None:
    with secured(tmp_path) as (echo, ca):
        echo.forged = b"HTTP/1.1 403 Forbidden\r\n\r\n"
        proxy = f"http://127.0.0.1:{echo.proxy}"
        _talk(runtime, echo, f"wss://localhost:{echo.port}/", ca, proxy)
