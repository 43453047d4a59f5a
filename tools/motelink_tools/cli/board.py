"""``motelink board``: virtual boards to develop on, behind pseudo-terminals."""

import argparse
from typing import Any

_EXAMPLES = """\
examples:
  motelink board                        one board; its files are in ./board
  motelink board --link ./ttyBoard      reachable as ./ttyBoard at every start
  motelink board --count 3 --heap 64k   three small ones, in ./board/1 to ./board/3
  motelink board --fault clock-unset    begins without the time
then, in another terminal, with the path that was printed:
  mpremote connect PATH repl
  mpremote connect PATH cp main.py : + reset
  motelink flash --port PATH
  motelink board fault --help           what may happen to it
"""
_FAULT_EXAMPLES = """\
examples:
  motelink board fault                        what there is, and what is set
  motelink board fault wifi-loss              until it is cleared, over resets of the board
  motelink board fault wifi-loss --clear
  motelink board fault dns-hang 15            seconds
  motelink board fault slow-link 200          bytes a second
  motelink board fault brown-out 100          dies after 100 bytes more are written
  motelink board fault power-cut --board board/2
"""


def add(subparsers: Any) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "board",
        help="run virtual boards: real MicroPython behind a serial port",
        description="Run real MicroPython with a board's heap and flash behind a "
        "pseudo-terminal, for mpremote and every other tool that talks to a board. "
        "Ctrl-C stops it; the files stay.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--dir", default="board", help="folder with the board's files (default: ./%(default)s)"
    )
    parser.add_argument(
        "--heap", default="128k", help="what firmware finds free (default: %(default)s)"
    )
    parser.add_argument("--flash", default="1M", help="file system size (default: %(default)s)")
    parser.add_argument(
        "--chip",
        default="esp32",
        choices=("esp32", "rp2"),
        help="whose modules it has (default: %(default)s)",
    )
    parser.add_argument(
        "--link", help="also make this symbolic link to the port (of board N: LINK-N)"
    )
    parser.add_argument(
        "--count", type=int, default=1, metavar="N", help="boards side by side, in DIR/1 to DIR/N"
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="begin with this fault, see 'motelink board fault --help'; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a board")
    parser.set_defaults(run=_run)
    _add_fault(parser.add_subparsers(title="for a board that runs", metavar="COMMAND"))


def _add_fault(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "fault",
        help="set or clear a fault of a running board, or list them",
        description="Have something happen to a board that runs in another terminal.",
        epilog=_FAULT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="which; none: list them")
    parser.add_argument("value", nargs="?", metavar="VALUE", help="how much, where it has that")
    parser.add_argument("--clear", action="store_true", help="end it")
    parser.add_argument(
        "--board",
        default="board",
        metavar="DIR",
        help="the folder of the board (default: ./%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_fault)


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools.board import command

    return command.serve(
        folder=arguments.dir,
        count=arguments.count,
        link=arguments.link,
        heap=arguments.heap,
        flash=arguments.flash,
        chip=arguments.chip,
        as_json=arguments.json,
        faults=arguments.fault,
    )


def _fault(arguments: argparse.Namespace) -> int:
    from motelink_tools.board import command

    return command.fault(
        folder=arguments.board,
        name=arguments.name,
        value=arguments.value,
        clear=arguments.clear,
        as_json=arguments.json,
    )
