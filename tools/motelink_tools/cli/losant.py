"""``motelink losant``: the devices of the hub's Losant, their states, and commands to them."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

_EXAMPLES = """\
examples:
  motelink losant add lamp                                    prints id, key and secret, once
  motelink losant add meter --attributes power on:boolean
  motelink losant command lamp set '{"brightness": 40}'
  motelink losant states lamp --since 1h --csv > lamp.csv
  motelink losant watch
'command' and 'watch' need a running hub ('motelink hub'); the others work without.
"""


def add(subparsers: Any) -> None:
    """Register the sub-commands."""
    parser = subparsers.add_parser(
        "losant",
        help="devices, states and commands of the hub's Losant",
        description="Manage the devices of the local Losant, read what they reported, and send"
        " them commands.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    new = _verb(verbs, "add", _add, "add a device; its secret is shown this once")
    new.add_argument("device", metavar="NAME")
    new.add_argument(
        "--attributes",
        nargs="+",
        default=[],
        metavar="NAME[:TYPE]",
        help="keep these alone; TYPE is number, string or boolean (number)",
    )

    _verb(verbs, "list", _list, "the devices, and which are connected")

    gone = _verb(verbs, "remove", _remove, "forget a device and its states")
    gone.add_argument("device", help="name or id")

    command = _verb(verbs, "command", _command, "send a command to a connected device")
    command.add_argument("device", help="name or id")
    command.add_argument("name", help="of the command")
    command.add_argument("payload", nargs="?", default="null", help="JSON (null)")

    states = _verb(verbs, "states", _states, "what a device reported, oldest first")
    states.add_argument("device", help="name or id")
    states.add_argument("--since", metavar="T", help="ISO 8601, or an age: 90s, 15m, 24h, 7d")
    states.add_argument("--until", metavar="T", help="likewise; not included")
    states.add_argument("--limit", type=int, metavar="N", help="the newest N")
    states.add_argument("--csv", action="store_true", help="print CSV, a column an attribute")

    watch = _verb(verbs, "watch", _watch, "print states as they arrive")
    watch.add_argument("device", nargs="?", help="name or id (all)")


def _verb(
    verbs: Any, name: str, run: Callable[[argparse.Namespace], None], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="the hub's folder (~/.motelink)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")

    def run_and_succeed(arguments: argparse.Namespace) -> int:
        run(arguments)
        return 0

    parser.set_defaults(run=run_and_succeed)
    return parser


def _folder(arguments: argparse.Namespace) -> Path:
    from motelink_tools.hub.app.settings import load

    return load(None, folder=arguments.folder).hub.folder


def _add(arguments: argparse.Namespace) -> None:
    from motelink_tools.hub.app import losant_commands

    losant_commands.add(
        _folder(arguments), arguments.device, arguments.attributes, as_json=arguments.json
    )


def _list(arguments: argparse.Namespace) -> None:
    from motelink_tools.hub.app import losant_commands

    losant_commands.show_devices(_folder(arguments), as_json=arguments.json)


def _remove(arguments: argparse.Namespace) -> None:
    from motelink_tools.hub.app import losant_commands

    losant_commands.remove(_folder(arguments), arguments.device, as_json=arguments.json)


def _command(arguments: argparse.Namespace) -> None:
    from motelink_tools.hub.app import losant_commands

    losant_commands.command(
        _folder(arguments),
        arguments.device,
        arguments.name,
        arguments.payload,
        as_json=arguments.json,
    )


def _states(arguments: argparse.Namespace) -> None:
    from motelink_tools.hub.app import losant_commands

    losant_commands.show_states(
        _folder(arguments),
        arguments.device,
        since=arguments.since,
        until=arguments.until,
        limit=arguments.limit,
        form="csv" if arguments.csv else "json" if arguments.json else "text",
    )


def _watch(arguments: argparse.Namespace) -> None:
    from motelink_tools.hub.app import losant_commands

    losant_commands.watch(_folder(arguments), arguments.device, as_json=arguments.json)
