"""`motelink demo`: run, show, and judge."""

import json

from rich.console import Console

from motelink_tools.demo.facts import EXPECTED, Facts
from motelink_tools.demo.scenario import Demo
from motelink_tools.demo.screen import Lines, Objects, Screen


def run(seconds: float | None, *, as_json: bool = False) -> int:
    """Show the demo. Returns 0 when all of `EXPECTED` happened, else 1."""
    console = Console()
    facts = Facts()
    screen: Screen | Lines | Objects
    if as_json:
        screen = Objects(facts)
    else:
        screen = Screen(console, facts) if console.is_terminal else Lines(console, facts)
    with screen:
        try:
            Demo(facts, screen.refresh).run(seconds)
        except KeyboardInterrupt:
            facts.note("demo", "interrupted")
    missing = facts.missing()
    if as_json:
        print(json.dumps({"ok": not missing, "missing": missing, **facts.figures()}))
    elif missing:
        _conclude(console, f"missing after {facts.elapsed():.0f} s: " + "; ".join(missing))
    else:
        _conclude(
            console,
            f"all {len(EXPECTED)} expected things happened; first heartbeat after "
            f"{facts.done['beat']:.1f} s, {facts.heartbeats} heartbeats, "
            f"{facts.messages_in} messages in, {facts.messages_out} out, "
            f"{facts.reconnects} reconnects",
        )
    return 1 if missing else 0


def _conclude(console: Console, text: str) -> None:
    console.print(f"demo: {text}", markup=False, highlight=False, soft_wrap=True)
