"""``motelink doctor``: what is wrong with a board or this machine, and what to do."""

import argparse
from functools import partial
from pathlib import Path

_DESCRIPTION = """\
Examine a connected board and what it depends on: firmware, flash, heap, the library, settings
(only their names are shown), safe mode and crashes, Wi-Fi, the time, each platform's server from
this machine and from the board, its certificate, the hub. A line each: ok, a note, or what is
wrong and what to do. The board's program is interrupted; at the end the board restarts.

Exit status 1 where something is wrong.
"""

_EXAMPLES = """\
examples:
  motelink doctor                       the one board that is plugged in
  motelink doctor --port /dev/ttyACM0
  motelink doctor --host                this machine: tools, ports, permissions; needs no board
  motelink doctor --json | jq '.findings[] | select(.state == "wrong")'
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="find what is wrong with a board or this machine",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", help="serial port; 'auto' (the default) finds the one board")
    parser.add_argument("--host", action="store_true", help="check this machine, and no board")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from motelink_tools import doctor
    from motelink_tools.doctor import report
    from motelink_tools.serial_ports import find_port

    port = None if arguments.host else find_port(arguments.port)
    if arguments.json:
        found = doctor.of_host() if port is None else doctor.of_board(port, Path.cwd())
        text, fine = report.as_json(found, port)
        print(text)
    elif port is None:
        fine = report.show(Console(), lambda _: doctor.of_host())
    else:
        fine = report.show(Console(), partial(doctor.of_board, port, Path.cwd()))
    return 0 if fine else 1
