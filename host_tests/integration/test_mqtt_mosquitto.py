"""motelink.mqtt against real mosquitto, on CPython and on real MicroPython with a board's heap."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector import interpreters
from motelink.backoff import Backoff
from motelink.errors import AuthError
from motelink.loop import Loop
from motelink.mqtt import Client
from motelink_tools import paths
from motelink_tools.hub.broker import Broker

from .certificates import Authority

DEVICE = Path(__file__).with_name("mqtt_device.py")
LARGE = Path(__file__).with_name("mqtt_large_device.py")
DEADLINE_S = 60.0
LOOP = Loop()
QUEUES = ("max_queued_messages 0",)


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker(options=QUEUES) as running:
        yield running


@pytest.fixture(params=["cpython", *interpreters()])
def runtime(request: pytest.FixtureRequest) -> list[str]:
    """The command that runs a device's program."""
    if request.param == "cpython":
        return [sys.executable, "-u"]
    interpreter = interpreters()[request.param]
    if isinstance(interpreter, Exception):
        pytest.fail(str(interpreter))
    return interpreter.command(heap="128k")


@pytest.fixture
def small_runtime(runtime: list[str]) -> list[str]:
    """The same, with half the heap."""
    return [word.replace("heapsize=128k", "heapsize=64k") for word in runtime]


@contextlib.contextmanager
def device(
    runtime: list[str], *arguments: object, program: Path = DEVICE
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [*runtime, str(program), *map(str, arguments)],
        env={**os.environ, "MICROPYPATH": f".frozen:{paths.library()}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def result(process: "subprocess.Popen[str]") -> dict[str, int]:
    """What the device printed, less its log."""
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, output
    pairs = [line.split() for line in output.splitlines()]
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}


def until(condition: Callable[[], bool]) -> None:
    """Run the clients until the condition holds."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, [client.last_error for client in LOOP.clients]
        LOOP.step(100)


@contextlib.contextmanager
def client(broker: Broker, name: str, **options: object) -> Iterator[Client]:
    made = Client("127.0.0.1", name, port=broker.port, backoff=Backoff(10, 50), **options)
    LOOP.add(made)
    try:
        yield made
    finally:
        made.end()


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_messages_go_both_ways_on_a_locked_heap(
    broker: Broker, runtime: list[str], qos: int
) -> None:
    with device(runtime, broker.port, qos, 1000, "locked") as process:
        assert result(process) == {
            "granted": qos,
            "lost": 0,
            "twice": 0,
            "connects": 1,
            "errors": 0,
        }


def test_messages_go_both_ways_over_tls(runtime: list[str], tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.issue("broker", "localhost")
    options = [*QUEUES, f"certfile {certificate}", f"keyfile {key}"]
    with (
        Broker(options=options) as broker,
        device(runtime, broker.port, 2, 1000, "tls", authority.der) as process,
    ):
        found = result(process)
    assert (found["lost"], found["twice"], found["connects"]) == (0, 0, 1)


@pytest.mark.parametrize("qos", [1, 2])
def test_nothing_is_lost_over_restarts_of_the_broker(runtime: list[str], qos: int) -> None:
    with (
        Broker(options=QUEUES) as broker,
        device(runtime, broker.port, qos, 5000, "restarts") as process,
    ):
        end = time.monotonic() + DEADLINE_S
        while process.poll() is None:
            assert time.monotonic() < end
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.06)  # let it talk for a while
            broker.stop()
            broker.start()
        found = result(process)
    assert found["connects"] > 2
    assert found["lost"] == 0
    if qos == 2:
        assert found["twice"] == 0


def test_a_broker_that_hangs_is_left_and_found_again(broker: Broker) -> None:
    with client(broker, "hangs", answer_ms=200, clean=False) as device:
        got: list[bytes] = []
        device.on_message = lambda message: got.append(message.bytes())
        device.subscribe("hangs", 2)
        until(lambda: device.connected)
        broker.pause()
        try:
            for qos in (1, 2):
                assert device.publish("hangs", b"%d" % qos, qos)
            until(lambda: not device.connected)
        finally:
            broker.resume()
        until(lambda: set(got) == {b"1", b"2"} and not device.in_flight)
        assert got.count(b"2") == 1


def test_a_broker_that_stops_reading_is_left(broker: Broker) -> None:
    with client(broker, "floods", answer_ms=200, keepalive=0, tx_size=4096) as device:
        until(lambda: device.connected)
        broker.pause()
        try:
            end = time.monotonic() + DEADLINE_S
            while device.connected:
                assert time.monotonic() < end
                if not device.publish("flood", b"x" * 4000):
                    device.step(5)
        finally:
            broker.resume()
        until(lambda: device.connected)


def test_an_idle_connection_is_kept_alive(broker: Broker) -> None:
    with client(broker, "idle", keepalive=1) as device:
        until(lambda: device.connected)
        device.loop.run_for(4000)  # the broker would close it after 1.5 s
        assert device.connected
        assert device.connects == 1


def test_the_will_is_published_unless_goodbye_was_said(broker: Broker) -> None:
    got: list[tuple[str, bytes]] = []
    with client(broker, "watcher") as watcher:
        watcher.on_message = lambda message: got.append((message.topic.text(), message.bytes()))
        granted: list[int] = []
        watcher.on_suback = lambda item, qos: granted.append(qos)
        watcher.subscribe("will/+", 1)
        until(lambda: bool(granted))
        with client(broker, "leaves", will=("will/leaves", b"gone", 1, False)) as leaver:
            until(lambda: leaver.connected)
        with client(broker, "dies", will=("will/dies", b"gone", 1, False)) as dying:
            until(lambda: dying.connected)
            dying.reconnect()
            until(lambda: bool(got))
    assert got == [("will/dies", b"gone")]


def test_retained_messages_and_unsubscribing(broker: Broker) -> None:
    got: list[tuple[bytes, int]] = []
    with client(broker, "retains") as device:
        granted: list[str] = []
        device.on_suback = lambda item, qos: granted.append(item)
        device.on_message = lambda message: got.append((message.bytes(), message.retain))
        until(lambda: device.connected)
        assert device.publish("kept", b"old", 1, True)
        until(lambda: not device.in_flight)
        device.subscribe("kept")
        until(lambda: got == [(b"old", 1)])
        device.unsubscribe("kept")
        device.subscribe("other")
        until(lambda: "other" in granted)
        assert device.publish("kept", b"unheard", 1)
        assert device.publish("other", b"heard", 1)
        until(lambda: len(got) > 1)
    assert got[1:] == [(b"heard", 0)]


def test_wrong_credentials_are_final() -> None:
    with Broker(users={"kettle": "right"}) as broker:
        with client(broker, "k", user="kettle", password="wrong") as device:
            with pytest.raises(AuthError) as raised:
                device.run()
            assert "wrong" not in str(raised.value)
        with client(broker, "k", user="kettle", password="right") as device:
            until(lambda: device.connected)
        assert "right" not in (broker.folder / "users").read_text()


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_megabyte_reaches_a_small_heap_in_chunks(
    broker: Broker, small_runtime: list[str], qos: int
) -> None:
    got: list[int] = []
    size = 1 << 20
    with (
        device(small_runtime, broker.port, qos, program=LARGE) as process,
        client(broker, "big", tx_size=size + 64, slot_size=size + 64, window=1) as big,
    ):
        big.on_message = lambda message: got.append(message.int())
        big.subscribe("received", 1)
        assert process.stdout is not None
        assert process.stdout.readline() == f"ready {qos}\n"
        until(lambda: big.connected)
        assert big.publish("large", b"x" * size, qos)
        until(lambda: got == [size] and not big.in_flight)
        found = result(process)
    assert found.pop("grown") < 100  # bytes: a number or two
    assert found == {"came": size, "astray": 0, "size": size, "connects": 1}


def test_the_first_program_of_the_documentation(broker: Broker) -> None:
    text = (paths.board_root() / "docs" / "mqtt.md").read_text()
    program = text.split("```python\n")[1].split("```")[0]
    address = '"192.0.2.7", "kettle"'
    assert address in program
    assert "client.run()" in program
    program = program.replace(address, f'"127.0.0.1", "kettle", port={broker.port}')
    program = program.replace("client.run()", "")
    names: dict[str, object] = {}
    exec(compile(program, "mqtt.md", "exec"), names)
    kettle = names["client"]
    assert isinstance(kettle, Client)
    LOOP.add(kettle)
    got: list[int] = []
    granted: list[int] = []
    kettle.on_suback = lambda item, qos: granted.append(qos)
    try:
        with client(broker, "user") as user:
            user.on_message = lambda message: got.append(message.int())
            user.on_suback = lambda item, qos: granted.append(qos)
            user.subscribe("home/kettle/is", 1)
            until(lambda: granted == [1, 1])
            assert user.publish("home/kettle/set", "90", 1)
            until(lambda: got == [90])
    finally:
        kettle.end()
