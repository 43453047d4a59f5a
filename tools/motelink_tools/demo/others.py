"""What the demo does on the platforms of the hub: Losant and IoTtalk."""

from motelink_tools.demo.facts import Facts
from motelink_tools.demo.graph import draw
from motelink_tools.demo.local_hub import LocalHub
from motelink_tools.errors import ToolError
from motelink_tools.hub.registry import Event

_COMMAND_EVERY_S = 10.0
_HELLO = "hello from Losant"
_FUNCTION = """\
def run(free):
    return "%d KiB free" % (free // 1024)
"""


class LosantPart:
    """A device whose state is stored, and that is sent a command now and then."""

    platform = "losant"

    def __init__(self, hub: LocalHub, facts: Facts) -> None:
        self._hub = hub
        self._facts = facts
        self._made = hub.call(self.platform, "add", name="demo", attributes={})
        self._connected = False
        self._next_command = 0.0

    def settings(self, port: int) -> str:
        """Lines of settings.toml, for a broker at this port."""
        return (
            f'losant_device = "{self._made["id"]}"\nlosant_key = "{self._made["key"]}"\n'
            f'losant_secret = "{self._made["secret"]}"\nlosant_secure = false\n'
            f'losant_host = "127.0.0.1"\nlosant_port = {port}\n'
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
        return f'iottalk_url = "{url}"\niottalk_interval = 2000\n'

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
