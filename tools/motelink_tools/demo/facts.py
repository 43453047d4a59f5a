"""What the demo knows: figures for the screen, and which of the expected things have happened."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

# In the order in which they happen; the demo has succeeded when all have.
EXPECTED = {
    "flashed": "the board was flashed through mpremote",
    "connected": "it booted and connected to the Manager",
    "described": "it answered getinfo",
    "greeted": "a message came from the board",
    "obeyed": "a message went to the board, and its answer came back",
    "beat": "it answered heartbeats",
    "cut": "its connection was cut",
    "returned": "it came back by itself",
    "beat again": "it answered heartbeats again",
    "obeyed again": "messages went both ways again",
}


@dataclass
class Facts:
    """Everything that is shown. ``events`` are the last lines, oldest first."""

    say: Callable[[str, str], None] = lambda _who, _text: None
    port: str = "-"
    state: str = "off"
    led: bool = False
    uptime: int = 0
    heap_free: int = 0
    heap_low: int = 0
    heartbeats: int = 0
    rtt_ms: list[float] = field(default_factory=list)
    messages_in: int = 0
    messages_out: int = 0
    reconnects: int = 0
    flash_sent: int = 0
    flash_total: int = 0
    events: deque[tuple[float, str, str]] = field(default_factory=lambda: deque(maxlen=12))
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
