"""What the demo knows: figures for the screen, and which of the expected things have happened."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

# What the board did, in the order in which it happens; the demo has succeeded when all have.
EXPECTED = {
    "flashed": "flashed through mpremote",
    "connected": "booted and connected",
    "described": "answered getinfo",
    "greeted": "sent a message",
    "obeyed": "carried out an order",
    "beat": "answered heartbeats",
    "stated": "Losant: state stored",
    "commanded": "Losant: obeyed a command",
    "registered": "IoTtalk: registered",
    "graphed": "IoTtalk: through a graph",
    "reported": "SEPL: event stored",
    "responded": "SEPL: obeyed, responded",
    "kept": "Commute: state kept",
    "ticked": "Commute: obeyed a tick",
    "cut": "was cut off",
    "returned": "came back by itself",
    "beat again": "heartbeats again",
    "obeyed again": "an order again",
}


@dataclass
class Facts:
    """Everything that is shown. ``events`` are the last lines, oldest first; as many are shown as
    there is room for."""

    say: Callable[[str, str], None] = lambda _who, _text: None
    port: str = "-"
    page: str = "-"
    state: str = "off"
    led: bool = False
    uptime: int = 0
    heap_free: int = 0
    heap_low: int = 0
    heartbeats: int = 0
    rtt_ms: list[float] = field(default_factory=list)
    messages_in: int = 0
    messages_out: int = 0
    states: int = 0
    reconnects: int = 0
    flash_sent: int = 0
    flash_total: int = 0
    events: deque[tuple[float, str, str]] = field(default_factory=lambda: deque(maxlen=40))
    done: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def elapsed(self) -> float:
        """Seconds since the demo began."""
        return time.monotonic() - self.began

    def note(self, who: str, text: str) -> None:
        """Something that a person wants to read."""
        self.events.append((self.elapsed(), who, text))
        self.say(who, text)

    def happened(self, what: str) -> None:
        """One of `EXPECTED` is true now."""
        self.done.setdefault(what, self.elapsed())

    def missing(self) -> list[str]:
        """What has not happened yet, in words."""
        return [text for name, text in EXPECTED.items() if name not in self.done]

    def figures(self) -> dict[str, object]:
        """For JSON: when each of `EXPECTED` happened, in seconds, and what was counted."""
        return {
            "seconds": round(self.elapsed(), 3),
            "done": {name: round(at, 3) for name, at in self.done.items()},
            "heartbeats": self.heartbeats,
            "messages_in": self.messages_in,
            "messages_out": self.messages_out,
            "states": self.states,
            "reconnects": self.reconnects,
            "heap_low": self.heap_low,
        }
