"""The ``motelink`` command. One module a topic; each adds its own sub-command and holds no logic.

A topic module defines ``add(subparsers)``, which registers a parser whose default ``run`` takes
the parsed arguments and returns an exit status.
"""

import argparse
import errno
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from motelink import __version__
from motelink_tools.errors import ToolError


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, where argparse would print the whole usage first."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; '{self.prog} --help' shows how\n")


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, with every topic module of this package in it."""
    parser = Parser(
        prog="motelink",
        description="Develop, flash and run motelink devices; no hardware needed.",
        epilog="'motelink COMMAND --help' shows examples of each command.",
    )
    parser.add_argument("--version", action="version", version=f"motelink {__version__}")
    topics = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
        importlib.import_module(f"{__name__}.{module.name}").add(topics)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The console script; its exit status."""
    try:
        return execute(build_parser(), argv)
    except KeyboardInterrupt:  # while the commands' modules are imported
        return 130


def execute(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    """Run one command. Errors meant for people are one line on stderr and a non-zero status."""
    arguments = parser.parse_args(argv)
    try:
        with _signals_unwind():
            status: int = arguments.run(arguments)
            sys.stdout.flush()  # here, where it is known what to say when that fails
    except ToolError as error:
        return _fail(parser.prog, error, as_json=getattr(arguments, "json", False))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _abandon_stdout()  # the reader (head, less) has gone
        return 141
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # rich's answer to that
            return 141
        raise
    except OSError as error:
        if error.errno == errno.ENOSPC and error.filename is None:
            _abandon_stdout()
            failure = ToolError("the disk is full: no space is left to write", kind="file")
            return _fail(parser.prog, failure, as_json=False)
        if error.filename is None:
            raise  # no file or folder of the user's: a fault of ours, and the traceback tells
        failure = ToolError(f"cannot use {error.filename}: {error.strerror}", kind="file")
        return _fail(parser.prog, failure, as_json=getattr(arguments, "json", False))
    return status


def _abandon_stdout() -> None:
    """What could not be written is not tried again, with a complaint, as the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(prog: str, error: ToolError, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"ok": False, "kind": error.kind, "error": str(error)}))
    print(f"{prog}: {error}", file=sys.stderr)
    return error.code


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """SIGTERM and a closed terminal end a command as Ctrl-C does, with all that it started.

    A signal that is ignored (nohup) stays so.
    """

    def end(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    before = {}
    if threading.current_thread() is threading.main_thread():  # signals are only set there
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
