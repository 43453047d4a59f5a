"""One examination from beginning to end: a board and what it depends on, or this machine alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

from motelink_tools.doctor import board, machine, network
from motelink_tools.doctor.agent import Agent
from motelink_tools.doctor.board import Known
from motelink_tools.doctor.findings import Finding, wrong
from motelink_tools.errors import ToolError
from motelink_tools.transport import RemoteError, connect

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
        try:
            yield from board.files(agent, known)
            yield from board.settings(agent, known, project)
            if known.library is not None:
                yield from network.wifi(agent, known, say)
                yield from network.clock(agent, known, say)
                yield from network.servers(agent, known, say)
        except RemoteError as error:
            yield wrong("examination", f"the board failed: {error}", "motelink flash, and again")
        except ToolError as error:
            do = "a name server that hangs does this: press the reset button, give addresses"
            yield wrong("examination", f"the board stopped answering: {error}", do)
    yield machine.hub()


def of_host() -> Iterator[Finding]:
    """This machine."""
    yield from machine.host()
