"""What the demo does on the platforms of the hub: Losant, IoTtalk, SEPL and IoT Commute."""

from typing import Protocol
from urllib.parse import urlsplit

from motelink_tools.demo.facts import Facts
from motelink_tools.demo.graph import draw
from motelink_tools.demo.local_hub import LocalHub
from motelink_tools.errors import ToolError
from motelink_tools.hub.registry import Event

_COMMAND_EVERY_S = 10.0
_HELLO = "hello from Losant"
_TICK = "hello from a client"
_FUNCTION = """\
def run(free):
    return "%d KiB free" % (free // 1024)
"""


class Part(Protocol):
    """One platform's part in the demo."""

    platform: str

    def settings(self) -> str:
        """Lines of settings.toml."""

    def take(self, event: Event) -> None:
        """Something happened on this platform."""

    def turn(self) -> None:
        """Time has passed."""

    def heard(self, line: str) -> None:
        """The board has printed a line."""


class LosantPart:
    """A device whose state is stored, and that is sent a command now and then."""

    platform = "losant"

    def __init__(self, hub: LocalHub, facts: Facts, port: int) -> None:
        self._hub = hub
        self._facts = facts
        self._port = port  # of the network to its broker
        self._made = hub.call(self.platform, "add", name="demo", attributes={})
        self._connected = False
        self._next_command = 0.0

    def settings(self) -> str:
        """Lines of settings.toml."""
        return (
            f'losant_device = "{self._made["id"]}"\nlosant_key = "{self._made["key"]}"\n'
            f'losant_secret = "{self._made["secret"]}"\nlosant_secure = false\n'
            f'losant_host = "127.0.0.1"\nlosant_port = {self._port}\n'
        )

    def take(self, event: Event) -> None:
        """Something happened on this platform."""
        facts = self._facts
        if event.kind == "connected":
            self._connected = True
            self._next_command = facts.elapsed() + 0.5
            facts.note("losant", "the device is connected")
        elif event.kind == "disconnected":
            self._connected = False
            facts.note("losant", f"the device is gone: {event.reason}")
        elif event.kind == "message_in":
            if "stated" not in facts.done:
                facts.note("losant", "stored: " + event.beginning.decode(errors="replace"))
            facts.happened("stated")
            facts.states += 1

    def turn(self) -> None:
        """Time has passed."""
        if self._connected and self._facts.elapsed() >= self._next_command:
            self._next_command = self._facts.elapsed() + _COMMAND_EVERY_S
            try:
                self._hub.call(self.platform, "command", device="demo", name="say", payload=_HELLO)
            except ToolError as error:
                self._facts.note("losant", str(error))
            else:
                self._facts.note("losant", f"command: say {_HELLO!r}")

    def heard(self, line: str) -> None:
        """The board has printed a line."""
        if line.endswith(_HELLO):
            self._facts.happened("commanded")


class IottalkPart:
    """A device application whose free heap goes through a function and comes back as a text."""

    platform = "iottalk"

    def __init__(self, hub: LocalHub, facts: Facts) -> None:
        self._hub = hub
        self._facts = facts
        self._drawn = False

    def settings(self) -> str:
        """Lines of settings.toml."""
        url = self._hub.address(self.platform, "registration")
        return f'iottalk_url = "{url}"\niottalk_name = "demo"\niottalk_interval = 2000\n'

    def take(self, event: Event) -> None:
        """Something happened on this platform."""
        facts = self._facts
        if event.kind == "connected":
            facts.note("iottalk", "the device application is online")
            facts.happened("registered")
            if not self._drawn:
                self._drawn = True
                self._draw(event.device_id)
        elif event.kind == "disconnected":
            facts.note("iottalk", f"the device application is gone: {event.reason}")

    def turn(self) -> None:
        """Data comes and goes by itself."""

    def heard(self, line: str) -> None:
        """The board has printed a line."""
        if line.endswith("KiB free"):
            self._facts.happened("graphed")

    def _draw(self, device: str) -> None:
        broker = self._hub.address(self.platform, "mqtt")
        self._hub.run(draw(broker, device, "heap_free-I", _FUNCTION, "say-O"))
        self._facts.note("iottalk", "graph: heap_free-I → '%d KiB free' → say-O")


class SeplPart:
    """A device whose changes are events, and that responds to commands."""

    platform = "sepl"

    def __init__(self, hub: LocalHub, facts: Facts) -> None:
        self._hub = hub
        self._facts = facts
        self._password = hub.call(self.platform, "add_user", name="demo")
        self._next_command = 0.0
        self._connected = False

    def settings(self) -> str:
        """Lines of settings.toml."""
        port = urlsplit(self._hub.address(self.platform, "websocket")).port
        return (
            f'sepl_host = "127.0.0.1"\nsepl_port = {port}\nsepl_user = "demo"\n'
            f'sepl_password = "{self._password}"\n'
        )

    def take(self, event: Event) -> None:
        """Something happened on this platform."""
        facts = self._facts
        if event.kind in ("connected", "disconnected"):
            self._connected = event.kind == "connected"
            self._next_command = facts.elapsed() + 1
            how = "is connected" if self._connected else f"is gone: {event.reason}"
            facts.note("sepl", f"the gateway {how}")
        elif event.kind == "message_in" and event.beginning:
            if "reported" not in facts.done:
                facts.note("sepl", "event: " + event.beginning.decode(errors="replace"))
            facts.happened("reported")

    def turn(self) -> None:
        """Time has passed."""
        if self._connected and self._facts.elapsed() >= self._next_command:
            self._next_command = self._facts.elapsed() + _COMMAND_EVERY_S
            asked = {"device": "virtual", "service": "say", "value": "hello from SEPL"}
            try:
                response = self._hub.call(self.platform, "command", timeout=5.0, **asked)
            except ToolError as error:
                self._facts.note("sepl", str(error))
            else:
                self._facts.note("sepl", f"command: say, response: {response}")
                self._facts.happened("responded")

    def heard(self, line: str) -> None:
        """The response says it."""


class CommutePart:
    """A device whose last states are kept, and that obeys its clients."""

    platform = "commute"

    def __init__(self, hub: LocalHub, facts: Facts) -> None:
        self._hub = hub
        self._facts = facts
        self._key = hub.call(self.platform, "add", device="demo")
        self._next_tick = 0.0
        self._connected = False

    def settings(self) -> str:
        """Lines of settings.toml."""
        root = self._hub.address(self.platform, "websocket root")
        return f'commute_device = "demo"\ncommute_key = "{self._key}"\ncommute_root = "{root}"\n'

    def take(self, event: Event) -> None:
        """Something happened on this platform."""
        facts = self._facts
        if event.kind in ("connected", "disconnected"):
            self._connected = event.kind == "connected"
            self._next_tick = facts.elapsed() + 1
            how = "is connected" if self._connected else f"is gone: {event.reason}"
            facts.note("commute", f"the device {how}")
        elif event.kind == "message_in":
            facts.happened("kept")

    def turn(self) -> None:
        """Time has passed."""
        if self._connected and self._facts.elapsed() >= self._next_tick:
            self._next_tick = self._facts.elapsed() + _COMMAND_EVERY_S
            status = {"sensor": "say", "value": _TICK}
            self._hub.call(self.platform, "send", device="demo", status=status)
            self._facts.note("commute", f"tick: say {_TICK!r}")

    def heard(self, line: str) -> None:
        """The board has printed a line."""
        if line.endswith(_TICK):
            self._facts.happened("ticked")
