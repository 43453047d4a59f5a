"""motelink.commute against the hub's server, on CPython and on real MicroPython."""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import interpreters
from motelink.commute import WebSocket
from motelink.commute_errors import AuthException, ClosedException, TimeoutException
from motelink_tools import paths
from motelink_tools.faults import Cut, Direction, Fault, Proxy
from motelink_tools.hub.commute import Commute
from motelink_tools.hub.registry import Registry

from .certificates import Authority
from .device_process import CPYTHON, Device, Runtime, documented

PROGRAM = Path(__file__).with_name("commute_device.py")
DEADLINE_S = 60.0


class Server:
    """The hub's IoT Commute in a thread, with a device lamp."""

    def __init__(self, folder: Path) -> None:
        self.ticks: list[tuple[str, str, Any]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.hub = Commute(
            folder / "commute.db", Registry(), on_tick=lambda *tick: self.ticks.append(tick)
        )
        self.key = self.hub.records.add("lamp")

    def __enter__(self) -> "Server":
        self._thread.start()
        self._run(self.hub.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self.hub.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S)

    def tell(self, value: Any) -> None:
        async def send() -> int:
            return self.hub.send("lamp", {"sensor": "LED", "value": value})

        until(lambda: self._run(send()) == 1)

    def told(self, side: str) -> list[Any]:
        return [status for _, where, status in self.ticks if where == side]


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture(params=[CPYTHON, *interpreters()])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return Runtime(request.param, paths.library())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as server:
        yield server


def test_a_device(runtime: Runtime, server: Server) -> None:
    with Device(runtime, PROGRAM, "device", server.hub.address, server.key) as device:
        assert device.wait_for("connect") == "True"
        assert device.wait_for("state") == "None"  # a callback cannot wait: it comes as a tick
        assert device.wait_for("tick") == "LED 0"
        for value in (7, -40, 5):
            server.tell(value)
            assert device.wait_for("tick") == f"LED {value}"
        server.tell(99)
        device.wait_for("close")
        device.wait_for("done")
    echoes = [status["value"] for status in server.told("device") if status["sensor"] == "echo"]
    assert echoes == [7, -40, 5]
    assert server.hub.ignored == 0


def test_a_client(runtime: Runtime, server: Server) -> None:
    with Device(runtime, PROGRAM, "client", server.hub.address, server.key) as device:
        assert device.wait_for("put") == "True True"
        assert device.wait_for("state") == "1"
        assert device.wait_for("none") == "None"
        assert device.wait_for("payload") == "400"
        device.wait_for("done")
    assert server.told("client")[:2] == [{"sensor": "LED", "value": {"deep": [1, None]}}, "any"]


def test_the_first_program_of_the_documentation(
    runtime: Runtime, server: Server, tmp_path: Path
) -> None:
    text = documented("commute.md").replace("ws://192.0.2.7:8094/ws", server.hub.address)
    text = text.replace("lamp-1", "lamp").replace("its key", server.key)
    program = tmp_path / "program.py"
    program.write_text(text)
    with Device(runtime, program) as device:
        assert device.wait_for("LED") == "None"  # the state that it has asked for
        server.tell(7)
        assert device.wait_for("LED") == "7"
    assert server.told("device") == [{"sensor": "brightness", "value": 40}]


def test_steady_state_allocates_nothing(runtime: Runtime, server: Server) -> None:
    with Device(runtime, PROGRAM, "locked", server.hub.address, server.key) as device:
        assert device.wait_for("sent") == "0"
        assert device.wait_for("received") == "True"
        device.wait_for("done")


def test_a_wrong_key_is_final_and_never_shown(runtime: Runtime, server: Server) -> None:
    with Device(runtime, PROGRAM, "device", server.hub.address, "hunter2&x=y") as device:
        assert device.wait_for("error") == "AuthException"
        assert device.wait_for("failed").startswith("AuthException")
        assert "hunter2" not in "".join(device.output)
        assert server.key not in "".join(device.output)


CUTS = [
    *(Cut(Direction.UP, after) for after in (0, 1, 50, 150, 260, 300)),
    *(Cut(Direction.DOWN, after) for after in (1, 60, 128, 129, 135)),
    Cut(Direction.DOWN, 129, Fault.CLOSE),
]


def test_cut_anywhere_it_comes_back(runtime: Runtime, server: Server) -> None:
    with Proxy(server.hub.port, cuts=CUTS) as network:
        root = f"ws://127.0.0.1:{network.port}/ws"
        with Device(runtime, PROGRAM, "device", root, server.key) as device:
            device.wait_for("error")
            device.wait_for("reconnect")
            while network.connections <= len(CUTS):
                server.tell(5)  # for those cuts that an idle connection would never come to
                time.sleep(0.01)
            server.tell(5)
            device.wait_for("tick")
            server.tell(99)
            device.wait_for("done")
    assert server.key not in "".join(device.output)


def test_a_thread_does_it(server: Server) -> None:
    ticks: list[Any] = []
    device = WebSocket("lamp", server.key, "device", root=server.hub.address)
    client = WebSocket("lamp", server.key, "client", root=server.hub.address)
    device.on_tick = lambda tick, ws: (ticks.append(tick), ws.send_message("echo", tick["value"]))
    for ws in (device, client):
        ws.connect(threaded=True)
    until(lambda: device.is_connected() and client.is_connected())
    for i in range(50):
        assert client.send_message("LED", i)
    until(lambda: len(ticks) == 50)
    assert [tick["value"] for tick in ticks] == list(range(50))
    until(lambda: client.get_state("echo")["value"] == 49)
    client.connect(threaded=True)  # anew
    until(client.is_connected)
    threads = [thread for thread in threading.enumerate() if thread.name == "motelink"]
    until(lambda: sum(thread.is_alive() for thread in threads) == 2)
    for ws in (device, client):
        ws.close()
        assert not ws.is_connected()
    with pytest.raises(ClosedException):
        client.get_state("echo")
    until(lambda: not any(thread.is_alive() for thread in threads))


def test_the_main_thread_asks_while_callbacks_run(server: Server) -> None:
    """A callback that runs in the other thread is no callback of ours."""
    device = WebSocket("lamp", server.key, "device", root=server.hub.address)
    client = WebSocket("lamp", server.key, "client", root=server.hub.address)
    client.on_tick = lambda _tick, _ws: time.sleep(0.002)
    for ws in (device, client):
        ws.connect(threaded=True)
    until(lambda: device.is_connected() and client.is_connected())
    for i in range(20):
        for _ in range(5):
            device.send_message("busy", i)
        assert client.get_state("busy") is not None
    for ws in (device, client):
        ws.close()


def test_threads_that_ask_at_the_same_time_are_each_told_what_they_asked_for(
    server: Server,
) -> None:
    client = WebSocket("lamp", server.key, "client", root=server.hub.address)
    client.connect(threaded=True)
    until(client.is_connected)
    told: list[tuple[str, Any]] = []

    def ask(sensor: str) -> None:
        for _ in range(20):
            told.append((sensor, client.get_state(sensor)))

    threads = [threading.Thread(target=ask, args=(f"s{i}",)) for i in (0, 0, 1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    client.close()
    assert len(told) == 80
    assert [pair for pair in told if pair[1] != {"sensor": pair[0], "value": None}] == []


@pytest.mark.parametrize("unverified", [False, True])
def test_tls_is_verified_unless_told_otherwise(tmp_path: Path, unverified: bool) -> None:
    from websockets.sync.server import serve

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*Authority(tmp_path, "stranger").issue("server", "127.0.0.1"))

    def tick(connection: Any) -> None:
        connection.send('{"sensor": "LED", "value": 1}')
        connection.recv()

    with serve(tick, "127.0.0.1", 0, ssl=context) as websockets:
        threading.Thread(target=websockets.serve_forever, daemon=True).start()
        port = websockets.socket.getsockname()[1]
        ws = WebSocket("lamp", "key", "device", root=f"wss://127.0.0.1:{port}/ws")
        heard: list[Any] = []
        ws.on_tick = lambda tick, ws: (heard.append(tick), ws.close())
        ws.on_error = lambda error, ws: (heard.append(error), ws.close())
        ws.connect(disable_ssl_verification=unverified)
        websockets.shutdown()
    if unverified:
        assert heard == [{"sensor": "LED", "value": 1}]
    else:
        assert "certificate refused" in heard[0].message


def test_nobody_there() -> None:
    class Impatient(WebSocket):
        RECONNECT_INTERVAL = 0.001
        RECONNECT_TRIES = 3

    errors: list[Any] = []
    with Proxy(1) as nobody:
        ws = Impatient("lamp", "key", "device", root=f"ws://127.0.0.1:{nobody.port}/ws")
        ws.on_error = lambda error, ws: errors.append(error)
        with pytest.raises(ClosedException, match="3 tries"):
            ws.connect()
    assert len(errors) == 3
    assert errors[-1].code == 503


def test_a_state_that_does_not_come(server: Server) -> None:
    class Impatient(WebSocket):
        READ_TIMEOUT = 0.05

    with Proxy(server.hub.port) as network:
        root = f"ws://127.0.0.1:{network.port}/ws"
        ws = Impatient("lamp", server.key, "client", root=root)
        ws.open()
        while not ws.is_connected():
            ws.client.step(50)
        network.inflict(Fault.BLACK_HOLE)
        with pytest.raises(TimeoutException) as late:
            ws.get_state("LED")
        assert late.value.code == 408
        ws.close()


def test_closed_with_policy_violation_is_a_wrong_key() -> None:
    from websockets.sync.server import serve

    def refuse(connection: Any) -> None:
        connection.close(1008, "no such key")

    with serve(refuse, "127.0.0.1", 0) as websockets:
        threading.Thread(target=websockets.serve_forever, daemon=True).start()
        port = websockets.socket.getsockname()[1]
        ws = WebSocket("lamp", "key", "device", root=f"ws://127.0.0.1:{port}/ws")
        with pytest.raises(AuthException):
            ws.connect()
        websockets.shutdown()
