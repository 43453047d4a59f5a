"""motelink.losant against real mosquitto, on CPython and on real MicroPython with a board's heap;
and beside losant-mqtt, the platform's own client, which must read and write the same."""

import json
import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from collector import interpreters
from motelink.backoff import Backoff
from motelink.loop import Loop
from motelink.mqtt import Client
from motelink_tools import paths
from motelink_tools.hub.broker import Broker

from .certificates import Authority
from .device_process import CPYTHON, Device, Runtime

PROGRAM = Path(__file__).with_name("losant_device.py")
PEER = Path(sys.prefix) / "peers" / "losant"
ID = "575ecf887ae143cd83dc4aa2"
SECRET = "my-access-secret"
USERS = {"my-access-key": SECRET, "platform": "of the test"}
DEADLINE_S = 60.0


class Platform:
    """What is on the other side of the broker. ``states``: (device id, state), as they come."""

    def __init__(self, broker: Broker) -> None:
        self.states: list[tuple[str, dict[str, Any]]] = []
        self.loop = Loop()
        self.client = Client(
            "127.0.0.1",
            "platform",
            "platform",
            USERS["platform"],
            broker.port,
            rx_size=8192,
            tx_size=8192,
            backoff=Backoff(20, 100),
        )
        self.granted = 0
        self.client.on_suback = lambda _filter, _qos: self._grant()
        self.client.on_message = self._heard
        self.client.subscribe("losant/+/state")
        self.loop.add(self.client)
        self.until(lambda: self.granted > 0)

    def _grant(self) -> None:
        self.granted += 1

    def _heard(self, message: Any) -> None:
        _, device, _ = message.topic.text().split("/")
        self.states.append((device, json.loads(message.bytes())))

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < end, (self.states, self.client.last_error)
            self.loop.step(50)

    def state(self) -> dict[str, Any]:
        """The next state of whichever device."""
        self.until(lambda: bool(self.states))
        return self.states.pop(0)[1]

    def tell(self, text: str, device: str = ID) -> None:
        """Send a command."""
        self.until(lambda: self.client.publish(f"losant/{device}/command", text))

    def ask(self, number: int, device: str = ID) -> None:
        """Send a command until it is answered: a device that is connected may not have subscribed
        yet. Later answers are dropped."""
        self.states.clear()
        while not self.states:
            self.tell(json.dumps({"name": "ask", "payload": number}), device)
            end = time.monotonic() + 0.2
            while not self.states and time.monotonic() < end:
                self.loop.step(20)
        assert self.state()["data"] == {"echo": number}


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker(users=USERS) as running:
        yield running


@contextmanager
def platform_of(broker: Broker) -> Iterator[Platform]:
    made = Platform(broker)
    try:
        yield made
    finally:
        made.client.end()


@pytest.fixture
def platform(broker: Broker) -> Iterator[Platform]:
    with platform_of(broker) as made:
        yield made


@pytest.fixture(params=[CPYTHON, *interpreters()])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return Runtime(request.param, paths.library())


def device(
    runtime: Runtime, port: int, mode: str = "echo", secret: str = SECRET, *more: object
) -> Device:
    arguments = "motelink", mode, ID, secret, port, *more
    return Device(runtime, PROGRAM, *arguments, heap="96k")


def test_states_out_and_commands_in(runtime: Runtime, broker: Broker, platform: Platform) -> None:
    with device(runtime, broker.port) as process:
        process.wait_for("connect")
        platform.ask(1)
        platform.tell("")
        platform.tell("no command")
        when = {"$date": "2016-11-04T19:42:06.710Z"}
        payload = ["茶", {"$undefined": True}, {"at": when}]
        platform.tell(json.dumps({"name": "tea", "payload": payload, "time": when}))
        platform.until(lambda: any("time" in state for _, state in platform.states))
        milliseconds = 1478288526710
        expected = {"data": {"echo": ["茶", None, {"at": milliseconds}]}, "time": milliseconds}
        assert expected in [state for _, state in platform.states]
        platform.tell('{"name": "stop"}')
        process.wait_for("close")
        process.result()


def test_wrong_credentials_are_final(runtime: Runtime, broker: Broker) -> None:
    with device(runtime, broker.port, secret="my-wrong-secret") as process:
        assert process.wait_for("raised").startswith("AuthError")
        process.result()
    output = "".join(process.output)
    assert "connect\n" not in output
    assert "wrong-secret" not in output


def test_it_comes_back_with_the_broker(runtime: Runtime) -> None:
    with (
        Broker(users=USERS) as broker,
        platform_of(broker) as platform,
        device(runtime, broker.port) as process,
    ):
        process.wait_for("connect")
        platform.ask(1)
        for number in (2, 3):
            broker.stop()
            broker.start()
            process.wait_for("reconnect")
            platform.ask(number)
        platform.tell('{"name": "stop"}')
        process.wait_for("close")


def test_tls_is_verified(runtime: Runtime, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    stranger = Authority(tmp_path, "stranger")
    certificate, key = authority.issue("broker", "localhost")
    options = [f"certfile {certificate}", f"keyfile {key}"]
    with Broker(users=USERS, options=options) as broker:
        with device(runtime, broker.port, "echo", SECRET, authority.der) as process:
            process.wait_for("connect")
        with device(runtime, broker.port, "echo", SECRET, stranger.der) as process:
            seen = process.wait_for("")
            while "certificate refused" not in seen:
                assert seen != "connect"
                seen = process.wait_for("")


def test_without_an_authority_a_stranger_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.issue("broker", "localhost")
    options = [f"certfile {certificate}", f"keyfile {key}"]
    with (
        Broker(users=USERS, options=options) as broker,
        device(
            Runtime(CPYTHON, paths.library()), broker.port, "echo", SECRET, "nothing"
        ) as process,
    ):
        assert "certificate refused" in process.wait_for("")


def test_steady_state_on_a_locked_heap(
    runtime: Runtime, broker: Broker, platform: Platform
) -> None:
    with device(runtime, broker.port, "locked") as process:
        process.wait_for("connect")
        for _ in range(1000):
            platform.tell('{"name": "set", "payload": [1, 2, 3]}')
            platform.loop.step(1)
        assert process.wait_for("locked") == "500 1 0"
        platform.until(lambda: len(platform.states) >= 500)
    last = platform.states[-1][1]
    assert last == {"data": {"sent": 499, "door": False, "volts": 3.499}}


PROLOGUE = """
import sys
from motelink import losant
from motelink.backoff import Backoff

def Device(device_id, key, secret, **options):
    return losant.Device(
        device_id, key, secret, False, host="127.0.0.1", port={port}, backoff=Backoff(20, 100)
    )

def call_out_to_your_sensor_here():
    return 21.5
"""


def example(text: str, broker: Broker, folder: Path) -> Path:
    """A program of somebody's documentation, less its imports of Device, on this broker."""
    lines = [line for line in text.splitlines() if " import Device" not in line]
    program = folder / "example.py"
    lines = [PROLOGUE.format(port=broker.port), *lines]
    program.write_text("\n".join(lines).replace("time.sleep(1)", "time.sleep(0)"))
    return program


def test_the_example_of_the_platforms_own_client(runtime: Runtime, tmp_path: Path) -> None:
    (readme,) = PEER.glob("losant_mqtt-*.dist-info/METADATA")
    text = readme.read_text().split("sensor to the Losant platform.\n\n::\n")[1]
    text = textwrap.dedent(text.split("\n\n\nAPI")[0])
    with (
        Broker(users={**USERS, "my-app-access-key": "my-app-access-secret"}) as broker,
        platform_of(broker) as platform,
        Device(runtime, example(text, broker, tmp_path)) as process,
    ):
        assert platform.state()["data"] == {"temperature": 21.5}
        platform.tell('{"name": "go", "payload": [1]}', "my-device-id")
        assert process.wait_for("Command received.") == ""
        assert process.wait_for("go") == ""
        assert process.wait_for("[1]") == ""


def test_the_first_program_of_our_documentation(runtime: Runtime, tmp_path: Path) -> None:
    text = (paths.board_root() / "docs" / "losant.md").read_text()
    text = text.split("```python\n")[1].split("```")[0]
    with (
        Broker(users={**USERS, "my-app-access-key": "my-app-access-secret"}) as broker,
        platform_of(broker) as platform,
        Device(runtime, example(text, broker, tmp_path)) as process,
    ):
        assert platform.state()["data"] == {"started": True}
        while not platform.states:
            platform.tell('{"name": "boil", "payload": [1]}', "my-device-id")
            platform.loop.run_for(100)
        assert platform.state()["data"] == {"mode": "boil"}
        assert process.wait_for("boil") == "[1]"


@pytest.fixture
def both(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], tuple[Device, Device]]:
    """Ours and the platform's own, running the same program with another import."""
    monkeypatch.setenv("PYTHONPATH", str(PEER), prepend=os.pathsep)

    def start(mode: str) -> tuple[Device, Device]:
        runtime = Runtime(CPYTHON, paths.library())
        arguments = SECRET, broker.port
        ours = Device(runtime, PROGRAM, "motelink", mode, "ours", *arguments)
        return ours, Device(runtime, PROGRAM, "losantmqtt", mode, "theirs", *arguments)

    return start


COMMANDS = [
    '{"name": "go", "payload": [1, "x"], "time": {"$date": "2016-11-04T19:42:06.710Z"}}',
    '{"name": "go", "payload": {"$undefined": true}}',
    '{"name": "go", "payload": [{"$undefined": true}, {"b": {"$undefined": false}}]}',
    '{"name": "go", "payload": {"$date": "2016-11-04T19:42:06.710+02:00"}}',
    '{"name": "go", "payload": {"$date": "2016-02-29T23:59:59.999999-0730"}}',
    '{"name": "go", "payload": [{"$date": "1969-12-31T23:59:59.5+14"}]}',
    '{"name": "go", "payload": {"$date": "0001-01-01T00:00:00.0Z", "more": 1}}',
    '{"name": "go", "payload": "\\u8336 茶 \\n \\""}',
    '{"name": "go", "payload": {}, "other": {"deep": {"er": []}}}',
]


def test_commands_mean_what_they_mean_to_the_platforms_own_client(
    both: Callable[[str], tuple[Device, Device]], platform: Platform
) -> None:
    ours, theirs = both("echo")
    with ours, theirs:
        for process, name in ((ours, "ours"), (theirs, "theirs")):
            process.wait_for("connect")
            platform.ask(1, name)
            platform.tell("", name)
        for text in [*COMMANDS, '{"name": "stop", "payload": 0}']:
            for name in ("ours", "theirs"):
                platform.tell(text, name)
        heard = []
        for process in (ours, theirs):
            found = []
            while not found or found[-1]["name"] != "stop":
                found.append(json.loads(process.wait_for("command")))
            heard.append([one for one in found if one["name"] == "go"])
            process.wait_for("close")
        assert len(heard[0]) == len(COMMANDS)
        assert heard[0] == heard[1]
        assert heard[0][0]["time"] == 1478288526710


def test_states_say_what_those_of_the_platforms_own_client_say(
    both: Callable[[str], tuple[Device, Device]], platform: Platform
) -> None:
    ours, theirs = both("states")
    with ours, theirs:
        platform.until(lambda: len(platform.states) == 16)
    found = {
        name: [state for device, state in platform.states if device == name]
        for name in ("ours", "theirs")
    }
    now = [states.pop()["time"] for states in found.values()]
    assert abs(now[0] - now[1]) < 30_000
    assert found["ours"] == found["theirs"]
    assert found["ours"][0]["time"] == 1478288526710
