"""``motelink flash``: put the firmware, or files of your own, on a board."""

import argparse
import sys
from pathlib import Path

_DESCRIPTION = """\
Put your project on a board, or single files. Python is compiled to .mpy, only what differs
is sent, everything is verified on the board, and the cable may be pulled at any moment: each file
is then the old one or the new one. The board restarts at the end.

Without PATH it sends the project in the current folder: app.py and the modules that it imports,
settings.toml, boot.py, main.py, the board's board.py, and what these need of lib/motelink. In a
folder without app.py it sends motelink's own, and all of lib/motelink. With PATHs only these:

  app.py           to app.mpy (boot.py and main.py stay source)
  app.py:lib/      to lib/app.mpy
  app.py:main.py   to main.py
  web              the folder and all in it, beneath web/
  web:static       what is in the folder, beneath static/
  web:             what is in the folder, at the board's root
"""

_EXAMPLES = """\
examples:
  motelink flash                          the project, to the one board that is plugged in
  motelink flash --port /dev/ttyACM0 --dry-run
  motelink flash app.py web               your own files
  motelink flash --source                 as .py, to read and edit there; takes more heap
  motelink flash --firmware ESP32_GENERIC.bin       MicroPython itself, with esptool
  motelink flash --firmware RPI_PICO_W.uf2          ... by the drive of the boot loader

MOTELINK_PORT in the environment stands for --port.
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "flash",
        help="put a project, files of your own, or MicroPython itself on a board",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="SRC or SRC:DEST, see above")
    parser.add_argument("--port", help="serial port; 'auto' (the default) finds the one board")
    parser.add_argument("--board", help="a folder of boards/; the default is what the board says")
    parser.add_argument("--source", action="store_true", help="send .py instead of .mpy")
    parser.add_argument("--force", action="store_true", help="flash even if --board does not fit")
    parser.add_argument("--no-reset", action="store_true", help="leave the board at its prompt")
    parser.add_argument("--dry-run", action="store_true", help="say what it would do, no more")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    firmware = parser.add_argument_group("MicroPython itself")
    firmware.add_argument(
        "--firmware", type=Path, metavar="FILE", help=".bin for an ESP32, .uf2 for a Pico"
    )
    firmware.add_argument("--erase", action="store_true", help="an ESP32's files, too")
    firmware.add_argument(
        "--drive", type=Path, metavar="DIR", help="a Pico's boot loader, if it is not found"
    )
    parser.set_defaults(run=_run)


def _firmware(arguments: argparse.Namespace) -> int:
    from motelink_tools.flash import firmware_report
    from motelink_tools.flash.firmware import Options

    options = Options(
        arguments.firmware,
        port=arguments.port,
        drive=arguments.drive,
        erase=arguments.erase,
        quiet=arguments.json,
    )
    return firmware_report.run(options, as_json=arguments.json)


def _refuse_mixed(arguments: argparse.Namespace) -> None:
    """What would be left out without a word: a --dry-run above all, that writes."""
    from motelink_tools.errors import ToolError

    ours = ("paths", "board", "source", "force", "no_reset", "dry_run")
    wrong = ours if arguments.firmware else ("erase", "drive")
    for name in wrong:
        if getattr(arguments, name):
            option = "PATH" if name == "paths" else f"--{name.replace('_', '-')}"
            with_it = "does not go with" if arguments.firmware else "needs"
            raise ToolError(f"{option} {with_it} --firmware", kind="usage", code=2)


def _run(arguments: argparse.Namespace) -> int:
    _refuse_mixed(arguments)
    if arguments.firmware:
        return _firmware(arguments)
    from rich.console import Console

    from motelink_tools.flash import Options, flash
    from motelink_tools.flash.project import doubts
    from motelink_tools.flash.report import View, as_json

    options = Options(
        port=arguments.port,
        board=arguments.board,
        paths=arguments.paths,
        project=Path.cwd(),
        as_source=arguments.source,
        force=arguments.force,
        reset=not arguments.no_reset,
        dry_run=arguments.dry_run,
    )
    for line in () if options.paths else doubts(options.project):
        print(line, file=sys.stderr)
    if arguments.json:
        print(as_json(flash(options), dry_run=options.dry_run))
        return 0
    with View(Console(), dry_run=options.dry_run).live() as view:
        result = flash(options, planned=view.planned, progress=view.progress)
    view.done(result)
    return 0
