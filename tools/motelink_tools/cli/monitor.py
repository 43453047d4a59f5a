"""``motelink monitor``: what a board prints."""

import argparse
from pathlib import Path
from typing import Any

_EXAMPLES = """\
examples:
  motelink monitor                        the one board that is plugged in
  motelink monitor --level warning        trouble only, and what is not the log's
  motelink monitor --timestamps
  motelink monitor --json | jq 'select(.level == "error")'
  motelink monitor --input                each line typed goes to the board; a line ^C is Ctrl-C

Tracebacks show the source line, of the project in this folder or of motelink, for .mpy files,
too. When the board resets or the cable is pulled, the monitor waits and goes on. Ctrl-C ends it.
MOTELINK_PORT in the environment stands for --port.
"""


def add(subparsers: Any) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "monitor",
        help="show a board's log, and the source lines of its tracebacks",
        description="Show what a board prints, with colours for levels.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", help="serial port; 'auto' (the default) finds the one board")
    parser.add_argument(
        "--level",
        default="debug",
        choices=("debug", "info", "warning", "error"),
        help="of the log's lines, these and above (default: %(default)s)",
    )
    parser.add_argument("--timestamps", action="store_true", help="this machine's time, too")
    parser.add_argument("--input", action="store_true", help="send lines that are typed here")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools.monitor.command import Options, monitor
    from motelink_tools.monitor.view import make, until_interrupted

    options = Options(port=arguments.port, project=Path.cwd(), typing=arguments.input)
    view = make(arguments.level, arguments.timestamps, arguments.json)
    return until_interrupted(lambda: monitor(options, view))
