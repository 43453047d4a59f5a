"""``motelink run``: a project on a virtual board."""

import argparse
from pathlib import Path
from typing import Any

_EXAMPLES = """\
examples:
  motelink run                  the project in this folder; 'motelink hub' in another terminal
                                plays its platforms, and lets it in by itself
  motelink run --no-hub         with settings.toml and secrets.toml as they are
  motelink run --chip rp2 --heap 160k
"""


def add(subparsers: Any) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "run",
        help="run a project on a virtual board, and show its log",
        description="Start a virtual board, put the project in this folder on it as 'motelink"
        " flash' would, and show its console as 'motelink monitor' does, until Ctrl-C.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--hub", type=Path, metavar="DIR", help="the folder of the hub to join (~/.motelink)"
    )
    parser.add_argument("--no-hub", action="store_true", help="join none")
    parser.add_argument(
        "--chip", default="esp32", choices=("esp32", "rp2"), help="(default: %(default)s)"
    )
    parser.add_argument(
        "--heap", default="128k", help="what firmware finds free (default: %(default)s)"
    )
    parser.add_argument(
        "--level",
        default="debug",
        choices=("debug", "info", "warning", "error"),
        help="of the log's lines, these and above (default: %(default)s)",
    )
    parser.add_argument("--timestamps", action="store_true", help="this machine's time, too")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools.monitor.view import make, until_interrupted
    from motelink_tools.run import Options, run

    options = Options(
        project=Path.cwd(),
        hub_folder=arguments.hub,
        alone=arguments.no_hub,
        chip=arguments.chip,
        heap=arguments.heap,
    )
    view = make(arguments.level, arguments.timestamps, arguments.json)
    return until_interrupted(lambda: run(options, view))
