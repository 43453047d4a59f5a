"""The part that is the same in every command that asks a running hub."""

from __future__ import annotations

import argparse
import importlib
import inspect
import math
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.strict_json import parse_json

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def verb(
    verbs: Any, module: str, examples: str, name: str, text: str, *, function: str = ""
) -> argparse.ArgumentParser:
    """Add ``name`` with ``--folder`` and ``--json``, and those of its topic's ``examples`` that
    are its. It runs ``function``, by default the one of that name (with _ for -), of the module
    ``motelink_tools.hub.app.<module>``, which is given the folder, ``as_json``, and of the other
    arguments those that it names."""
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=text,
        description=text,
        epilog=examples_of(name, examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="the hub's folder (~/.motelink)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")

    def run(arguments: argparse.Namespace) -> int:
        from motelink_tools.hub.app.settings import load

        place = importlib.import_module(f"motelink_tools.hub.app.{module}")
        work = getattr(place, function or name.replace("-", "_"))
        wanted = inspect.signature(work).parameters.keys() - {"folder", "as_json"}
        values = {key: getattr(arguments, key) for key in wanted}
        work(load(None, folder=arguments.folder).hub.folder, as_json=arguments.json, **values)
        return 0

    parser.set_defaults(run=run)
    return parser


def examples_of(name: str, examples: str) -> str:
    """Those of a topic's examples that call the sub-command ``name``, what is said of them below
    included."""
    chosen: list[str] = []
    wanted = False
    for line in examples.splitlines():
        if not line.startswith("   "):  # not what continues the line before
            wanted = line.startswith("  ") and f" {name} " in f"{line} "
        if wanted:
            chosen.append(line)
    return "\n".join(["examples:", *chosen])


def parsed(text: str) -> Any:
    """JSON of a command line. Raises ToolError."""
    try:
        return parse_json(text)
    except ValueError as error:
        raise ToolError(
            f"{text!r} is no JSON: {error}; a text needs quotes in quotes: '\"text\"'",
            kind="usage",
            code=2,
        ) from None


def moment(text: str | None) -> float:
    """Seconds since 1970, of ISO 8601 or an age; 0 for None. Raises ToolError."""
    if text is None:
        return 0.0
    if age := re.fullmatch(r"(\d+)([smhd])", text):
        return time.time() - int(age[1]) * _UNITS_S[age[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise ToolError(
            f"{text!r} is no time: expected ISO 8601, or an age, as 90s, 15m, 24h or 7d",
            kind="usage",
            code=2,
        ) from None


def count(text: str) -> int:
    """How many, for `argparse`: 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of 1 or more, got {text!r}")
    return int(text)


def seconds(text: str) -> float:
    """How long, for `argparse`: more than 0, and no infinity."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < math.inf:
        raise argparse.ArgumentTypeError(f"expected seconds, more than 0, got {text!r}")
    return found


def clock(seconds: float) -> str:
    """A moment for people, in their zone."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(sep=" ", timespec="milliseconds")


def printable(text: str) -> str:
    """For a terminal, which what a device has chosen must not steer; one line."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
