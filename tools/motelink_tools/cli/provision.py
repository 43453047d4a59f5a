"""``motelink provision``: settings and secrets for a board, never shown."""

import argparse
from pathlib import Path
from typing import Any

_DESCRIPTION = """\
Write secrets to a board: Wi-Fi, keys, passwords. They are asked for, or read from a file or from
standard input; they are in no argument, and nothing shows them. What the board has already stays.
They lie apart from settings.toml, which 'motelink flash' sends, so that a flash leaves them alone.
The board restarts with them at the end.
"""

_EXAMPLES = """\
examples:
  motelink provision                          what the project's secrets.toml has; asks for what
                                              is empty there, or for Wi-Fi where there is no file
  motelink provision wifi_ssid wifi_password  asks for these
  motelink provision --from garden.toml
  pass show garden | motelink provision --from -
  motelink provision --nvs                    ... into the NVS of an ESP32, and all that was there
  motelink provision --remove wifi_password_2
  motelink provision --list                   which there are
  motelink provision --wipe                   before you give the board away
"""


def add(subparsers: Any) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "provision",
        help="write Wi-Fi, keys and passwords to a board, without showing them",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="settings to ask for")
    parser.add_argument(
        "--from", dest="source", metavar="FILE", help="lines name = value; - is standard input"
    )
    parser.add_argument("--remove", nargs="+", default=[], metavar="NAME", help="take these away")
    parser.add_argument("--nvs", action="store_true", help="keep them in an ESP32's NVS")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--list", action="store_true", help="show the names of what is there")
    other.add_argument(
        "--wipe", action="store_true", help="remove secrets, settings and crash reports"
    )
    parser.add_argument("--yes", action="store_true", help="--wipe without asking")
    parser.add_argument("--port", help="serial port; 'auto' (the default) finds the one board")
    parser.add_argument("--no-reset", action="store_true", help="leave the board at its prompt")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools.provision import Options
    from motelink_tools.provision.report import run

    options = Options(
        port=arguments.port,
        source=arguments.source,
        names=arguments.names,
        removed=arguments.remove,
        project=Path.cwd(),
        nvs=arguments.nvs,
        listing=arguments.list,
        wipe=arguments.wipe,
        reset=not arguments.no_reset,
    )
    return run(options, yes=arguments.yes, as_json=arguments.json)
