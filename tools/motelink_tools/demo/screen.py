"""The demo on a terminal, live; plain lines where there is none."""

import json
import statistics

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from motelink_tools.demo.facts import EXPECTED, Facts

_SPARKS = "▁▂▃▄▅▆▇█"
# Lines that are no events: the upper panels, the frame of the events, the conclusion below.
_OTHER_LINES = 23


class Screen:
    """A live view; ``refresh`` draws the facts again. A context manager.

    Needs 80 columns and 24 lines; more lines show more events.
    """

    def __init__(self, console: Console, facts: Facts) -> None:
        self._console = console
        self._facts = facts
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self.render)

    def __enter__(self) -> "Screen":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.refresh()
        self._live.stop()

    def refresh(self) -> None:
        """The facts have changed."""
        self._live.refresh()

    def render(self) -> RenderableType:
        """The view as it is now."""
        # The terminal echoes Ctrl-C where the cursor is; on a line of its own it moves nothing.
        return Group(self._board(), self._checks(), self._events(), "")

    def _board(self) -> Panel:
        facts = self._facts
        table = Table.grid(padding=(0, 2))
        for style in ("bold", "", "bold", ""):
            table.add_column(style=style)
        led = Text("● on", "yellow") if facts.led else Text("○ off", "dim")
        table.add_row("port", facts.port, "LED", led)
        table.add_row("state", facts.state, "heartbeats", self._heartbeats())
        if "flashed" not in facts.done:
            bar = ProgressBar(total=facts.flash_total or 1, completed=facts.flash_sent, width=24)
            sent = f"{facts.flash_sent:,} of {facts.flash_total:,} B"
            table.add_row("flash", bar, "sent", sent)
        else:
            heap = f"{facts.heap_free:,} B, low {facts.heap_low:,}"
            table.add_row("heap", heap, "uptime", f"{facts.uptime} s")
        messages = f"{facts.messages_in} in, {facts.messages_out} out"
        table.add_row("messages", messages, "states", f"{facts.states} stored")
        return Panel(table, title="virtual board", subtitle=f"{facts.page}  ·  Ctrl-C ends")

    def _heartbeats(self) -> str:
        return f"{self._facts.heartbeats}  {self._round_trips()}"

    def _round_trips(self) -> str:
        values = self._facts.rtt_ms[-8:]
        if not values:
            return ""
        top = max(values)
        bars = "".join(_SPARKS[min(7, int(value / top * 7.99))] for value in values)
        return f"{bars} {statistics.median(values):.1f} ms"

    def _checks(self) -> Panel:
        table = Table.grid(padding=(0, 1), expand=True)
        half = (len(EXPECTED) + 1) // 2
        for _ in range(2):
            table.add_column()
            table.add_column(ratio=1)
            table.add_column()
        cells = [self._check(name, text) for name, text in EXPECTED.items()]
        cells += [("", "", "")] * (2 * half - len(cells))
        for left, right in zip(cells[:half], cells[half:], strict=True):
            table.add_row(*left, *right)
        return Panel(table, title="expected")

    def _check(self, name: str, text: str) -> tuple[RenderableType, ...]:
        at = self._facts.done.get(name)
        mark = Text("✓", "green") if at is not None else Text("·", "dim")
        return mark, text, Text(f"{at:.1f} s  " if at is not None else "", "dim")

    def _events(self) -> Panel:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis")
        room = max(1, self._console.height - _OTHER_LINES)
        for at, who, text in list(self._facts.events)[-room:]:
            table.add_row(Text(f"{at:6.1f} s", "dim"), Text(who, "cyan"), Text(text))
        return Panel(table, title="events")


class Lines:
    """One line for each thing that happens."""

    def __init__(self, console: Console, facts: Facts) -> None:
        self._console = console
        self._facts = facts
        facts.say = self._say

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to take down."""

    def refresh(self) -> None:
        """Lines are printed as things happen."""

    def _say(self, who: str, text: str) -> None:
        line = f"{self._facts.elapsed():6.1f} s  {who:<8}  {text}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class Objects:
    """A JSON object for each thing that happens."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        facts.say = self._say

    def __enter__(self) -> "Objects":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to take down."""

    def refresh(self) -> None:
        """Objects are printed as things happen."""

    def _say(self, who: str, text: str) -> None:
        line = {"at": round(self._facts.elapsed(), 3), "who": who, "text": text}
        print(json.dumps(line), flush=True)
