"""``motelink hub``: every platform, served on this machine by one process."""

import argparse
from pathlib import Path
from typing import Any

_EXAMPLES = """\
examples:
  motelink hub                            every platform, on this machine, data in ~/.motelink
  motelink hub --only losant,manager      these alone
  motelink hub --config hub.toml --folder ./data
  motelink hub --json | jq 'select(.event == "message_in")'
hub.toml, where each section and each key may be left out:
  [hub]
  host = "0.0.0.0"                        from boards in the network, too
  [losant]
  port = 1885
Ctrl-C ends it; nothing that it started stays behind.
"""


def add(subparsers: Any) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "hub",
        help="serve every platform locally: brokers, databases, live lines",
        description="Serve every platform on this machine, with real brokers, until Ctrl-C. Prints"
        " where each is found, then a line for each thing that a device does. One hub a folder.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, in TOML")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="databases and brokers' data (~/.motelink)"
    )
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=[],
        metavar="A,B",
        help="serve these platforms alone",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.app.console import serve
    from motelink_tools.hub.app.settings import load

    configuration = load(arguments.config, folder=arguments.folder, only=arguments.only)
    serve(configuration, as_json=arguments.json)
    return 0
