"""``motelink size``: the flash and the heap that each module takes, measured."""

import argparse
from pathlib import Path

_DESCRIPTION = """\
Measure what a project takes on a board: the bytes of each file as it is flashed, and the heap that
each module takes when it is loaded, on a real 32-bit MicroPython. The project is the current
folder, if it has an app.py; otherwise it is motelink itself, all of it.
"""

_EXAMPLES = """\
examples:
  motelink size                         a table, the largest heap first
  motelink size --html size.html        also a treemap, one file that works offline
  motelink size --open                  ... and show it in the browser
  motelink size --json | jq .heap_bytes
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "size",
        help="flash and heap of each module and of the project",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--board", default="virtual", help="whose board.py (default: virtual)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with a treemap")
    parser.add_argument(
        "--open", action="store_true", help="show the page; without --html, motelink-size.html"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools.size import command

    command.run(
        Path.cwd(),
        board=arguments.board,
        page_file=arguments.html,
        show_page=arguments.open,
        as_json=arguments.json,
    )
    return 0
