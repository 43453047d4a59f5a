"""The ``motelink`` command. One module a topic; each adds its own sub-command and holds no logic.

A topic module defines ``add(subparsers)``, which registers a parser whose default ``run`` takes
the parsed arguments and returns an exit status.
"""

import argparse
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Sequence

from motelink import __version__
from motelink_tools.errors import ToolError


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, with every topic module of this package in it."""
    parser = argparse.ArgumentParser(
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
    """Run one command. Errors meant for people are one line on stderr and a non-zero status."""
    arguments = build_parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except ToolError as error:
        if getattr(arguments, "json", False):
            print(json.dumps({"ok": False, "kind": error.kind, "error": str(error)}))
        print(f"motelink: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has gone; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return status
