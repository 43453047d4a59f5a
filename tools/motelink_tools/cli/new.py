"""``motelink new``: a project folder to begin with."""

import argparse
from pathlib import Path
from typing import Any

_EXAMPLES = """\
examples:
  motelink new lamp                                   on the virtual board and iot-manager
  motelink new lamp --board rpi_pico_w --platform losant --platform manager
then:
  cd lamp
  pytest                    passes at once
  motelink run              on a virtual board; 'motelink hub' in another terminal serves it
  motelink provision        Wi-Fi and keys, to a real one
  motelink flash
  motelink monitor
"""


def add(subparsers: Any) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "new",
        help="make a project: an app, its settings, its tests",
        description="Make a folder with firmware of your own, its settings and its tests. It runs"
        " on a virtual board at once. Nothing that exists is touched.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", type=Path, help="the folder to make: a-z, 0-9 and -")
    parser.add_argument(
        "--board", default="virtual", help="a folder of boards/ (default: %(default)s)"
    )
    parser.add_argument(
        "--platform",
        action="append",
        dest="platforms",
        metavar="P",
        help="manager, losant, iottalk, sepl, commute; once for each (default: manager)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools.new import command

    return command.run(
        arguments.name, arguments.board, arguments.platforms or ["manager"], arguments.json
    )
