"""One flash from beginning to end: connect, compare, send, restart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from motelink_tools.flash.applying import Progress, Summary, apply
from motelink_tools.flash.boards import choose
from motelink_tools.flash.planning import Plan, build, plan
from motelink_tools.flash.project import own_files, standard
from motelink_tools.flash.remote import Remote
from motelink_tools.flash.sources import from_arguments
from motelink_tools.serial_ports import find_port
from motelink_tools.transport import connect


@dataclass(frozen=True)
class Options:
    """What the user asked for. ``port``, ``board`` None: find out. No ``paths``: the firmware."""

    port: str | None = None
    board: str | None = None
    paths: Sequence[str] = ()
    project: Path = Path()
    as_source: bool = False
    force: bool = False
    reset: bool = True
    dry_run: bool = False


@dataclass(frozen=True)
class Result:
    """What happened. ``summary`` says what a dry run would have done, its ``seconds`` being 0."""

    port: str
    machine: str
    board: str | None
    plan: Plan
    summary: Summary


def flash(
    options: Options,
    *,
    planned: Callable[[Plan], None] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Bring the board to the state of the sources. Raises ToolError.

    ``planned`` is told what will be sent, ``progress`` each chunk. The board restarts at the end,
    after an error and a dry run, too, since connecting interrupted its program.
    """
    sources = from_arguments(options.paths) if options.paths else None
    if sources is None:
        own_files(options.project)  # a wrong line is told before the board is interrupted
    port = find_port(options.port)
    with connect(port, reset=options.reset) as link:
        remote = Remote(link)
        board = None
        if sources is None or options.board:
            board = choose(remote.about.machine, options.board, force=options.force)
        if sources is None:
            assert board is not None
            sources = standard(board, options.project)
        files = build(sources, remote.about, as_source=options.as_source)
        todo = plan(files, remote)
        if planned:
            planned(todo)
        summary = foresee(todo) if options.dry_run else apply(todo, remote, progress)
    return Result(port, remote.about.machine, board, todo, summary)


def foresee(todo: Plan) -> Summary:
    """The summary that carrying out the plan would give, in no time."""
    return Summary(
        sent=tuple(change.file.dest for change in todo.changes),
        unchanged=todo.unchanged,
        removed=todo.removed,
        bytes=todo.total,
        seconds=0.0,
    )
