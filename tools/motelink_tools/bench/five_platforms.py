"""The hub's part in a benchmark of one node on all five platforms: it sends commands, and sees
that every platform is told in time."""

import contextlib
import itertools
import logging
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from motelink_tools.bench.lab import Say
from motelink_tools.demo.graph import draw
from motelink_tools.demo.local_hub import LocalHub
from motelink_tools.errors import ToolError
from motelink_tools.hub.manager import Client, Manager

PLATFORMS = ("manager", "losant", "iottalk", "sepl", "commute")
# Losant ends a connection that brings more than 30 messages in 15 s.
LOSANT_MS = 600
_FUNCTION = "def run(count):\n    return count\n"
_NAME = "bench"


class Hub:
    """A context manager: the real hub with a device on each platform; ``settings`` is the file of
    the node, which is told something, and tells, every ``interval_ms``."""

    def __init__(self, folder: Path, interval_ms: int, say: Say) -> None:
        self.settings = folder / "settings.toml"
        self._folder = folder
        self.interval_ms = interval_ms
        self._say = say
        self._stop = threading.Event()
        self._stack = contextlib.ExitStack()
        self._drawn: set[str] = set()
        self._client: Client | None = None

    def __enter__(self) -> "Hub":
        with contextlib.ExitStack() as stack:
            self._hub = stack.enter_context(LocalHub(self._folder / "hub", self._say))
            self.registry = registry = self._hub.registry
            self._events = stack.enter_context(registry.subscribe(100_000))
            manager = Manager(
                [_NAME],
                connection_port=0,
                heartbeat_rate=1.0,
                logging_level=logging.CRITICAL,
                registry=registry,
            )

            @manager.event
            def on_connect(client: Client) -> None:
                self._client = client

            stack.enter_context(manager)
            self.settings.write_text(self._settings(manager.port))
            stack.callback(self._stop.set)
            for name, act in (
                ("manager", self._message),
                ("losant", self._command),
                ("iottalk", self._graph),
                ("sepl", self._request),
                ("commute", self._tick),
            ):
                wait_ms = self._wait_ms(name)
                thread = threading.Thread(target=self._drive, args=(act, wait_ms / 1000))
                thread.start()
                stack.callback(thread.join)
                stack.callback(self._stop.set)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def forget(self) -> None:
        """What has happened until now."""
        self._events.drain()

    def late_ms(self) -> dict[str, float]:
        """How much later than its interval the platform was told at worst, since `forget`."""
        times: dict[str, list[float]] = {name: [] for name in PLATFORMS}
        for event in self._events.drain():
            if event.kind == "message_in":
                times[event.platform].append(event.time)
        late = {}
        for name, told in times.items():
            interval = self._wait_ms(name)
            gaps = [b - a for a, b in itertools.pairwise(told)]
            if not gaps:
                raise ToolError(f"{name} was told nothing", kind="program_failed")
            late[name] = max(0.0, max(gaps) * 1000 - interval)
        return late

    def _settings(self, port: int) -> str:
        hub = self._hub
        losant = hub.call("losant", "add", name=_NAME, attributes={})
        password = hub.call("sepl", "add_user", name=_NAME)
        key = hub.call("commute", "add", device=_NAME)
        broker = urlsplit(hub.address("losant", "mqtt")).port
        sepl = urlsplit(hub.address("sepl", "websocket")).port
        values: dict[str, str | int] = {
            "manager_host": "127.0.0.1",
            "manager_port": port,
            "losant_device": losant["id"],
            "losant_key": losant["key"],
            "losant_secret": losant["secret"],
            "losant_host": "127.0.0.1",
            "losant_port": broker or 0,
            "iottalk_url": hub.address("iottalk", "registration"),
            "sepl_host": "127.0.0.1",
            "sepl_port": sepl or 0,
            "sepl_user": _NAME,
            "sepl_password": password,
            "commute_device": _NAME,
            "commute_key": key,
            "commute_root": hub.address("commute", "websocket root"),
        }
        for name in PLATFORMS:
            values[f"{name}_interval"] = self._wait_ms(name)
        lines = [
            f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}"
            for name, value in values.items()
        ]
        return "\n".join([*lines, "losant_secure = false", ""])

    def _wait_ms(self, name: str) -> int:
        return max(LOSANT_MS, self.interval_ms) if name == "losant" else self.interval_ms

    def _drive(self, act: Callable[[], None], seconds: float) -> None:
        while not self._stop.wait(seconds):
            # The node may not be there yet, or may have left.
            with contextlib.suppress(ToolError, OSError, TimeoutError, Client.ConnectionEnd):
                act()

    def _message(self) -> None:
        if self._client is not None:
            self._client.send_string("manager 1")

    def _command(self) -> None:
        self._hub.call("losant", "command", device=_NAME, name="losant", payload=1)

    def _graph(self) -> None:
        """Data comes and goes by itself, once the graph is drawn."""
        for device in self._hub.registry.devices():
            if device.platform == "iottalk" and device.connected and device.id not in self._drawn:
                broker = self._hub.address("iottalk", "mqtt")
                self._hub.run(draw(broker, device.id, "counter-I", _FUNCTION, "iottalk-O"))
                self._drawn.add(device.id)

    def _request(self) -> None:
        asked = {"device": _NAME, "service": "sepl", "value": 1}
        self._hub.call("sepl", "command", timeout=2.0, **asked)

    def _tick(self) -> None:
        status = {"sensor": "commute", "value": 1}
        self._hub.call("commute", "send", device=_NAME, status=status)


@contextlib.contextmanager
def serving(interval_ms: int, say: Say) -> Iterator[Hub]:
    """A hub whose folder goes when it is left."""
    with (
        tempfile.TemporaryDirectory(prefix="motelink-five-") as folder,
        Hub(Path(folder), interval_ms, say) as hub,
    ):
        yield hub
