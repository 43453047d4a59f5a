"""One examination from beginning to end: a board and what it depends on, or this machine alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

from motelink_tools.doctor import board, machine, network
from motelink_tools.doctor.agent import Agent
from motelink_tools.doctor.board import Known
from motelink_tools.doctor.findings import Finding, wrong
from motelink_tools.errors import ToolError
from motelink_tools.transport import Board, RemoteError, connect

Say = Callable[[str], None]


def of_board(port: str, project: Path, say: Say = lambda _: None) -> Iterator[Finding]:
    """Connect, check, and start the board anew. ``project``: whose programs may ask for settings
    of their own. ``say``: what is being waited for. Raises ToolError where there is no board.
    """
    say(f"interrupting the board on {port}")
    with connect(port) as link:
        agent = Agent(link)
        known = Known()
        say("the board looks at itself")
        yield from board.about(agent, known)
        stages = {
            "sdk": lambda: board.files(agent, known),
            "settings": lambda: board.settings(agent, known, project),
            "wifi": lambda: network.wifi(agent, known, say),
            "clock": lambda: network.clock(agent, known, say),
            "servers": lambda: network.servers(agent, known, say),
        }
        try:
            for check, look in stages.items():
                yield from _stage(link, check, look)
                if known.library is None or (check == "settings" and not known.readable):
                    break  # what follows is done with these
        except ToolError as error:
            do = "a name server that hangs does this: press the reset button, give addresses"
            yield wrong("examination", f"the board stopped answering: {error}", do)
    yield machine.hub()


def _stage(link: Board, check: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What a stage finds, also that it fails: with a full heap, above all. Then the board gets a
    fresh one, for what follows, its reset among that."""
    try:
        yield from look()
    except RemoteError as error:
        full = "MemoryError" in str(error)
        do = "too little heap to look: see the line of the heap" if full else "motelink flash"
        yield wrong(check, f"the board could not: {error}", do)
        link.soft_reset()


def of_host() -> Iterator[Finding]:
    """This machine."""
    yield from machine.host()
