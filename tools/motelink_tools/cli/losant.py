"""``motelink losant``: the devices of the hub's Losant, their states, and commands to them."""

import argparse
from functools import partial
from typing import Any

from motelink_tools.hub.app.verbs import count, verb

_EXAMPLES = """\
examples:
  motelink losant add lamp                                    prints id, key and secret, once
  motelink losant add meter --attributes power on:boolean
  motelink losant list
  motelink losant remove meter                                its states, too
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

    new = partial(verb, verbs, "losant_commands", _EXAMPLES)

    added = new("add", "add a device; its secret is shown this once")
    added.add_argument("device", metavar="NAME")
    added.add_argument(
        "--attributes",
        nargs="+",
        default=[],
        metavar="NAME[:TYPE]",
        help="keep these alone; TYPE is number, string or boolean (number)",
    )

    new("list", "the devices, and which are connected", function="devices")

    gone = new("remove", "forget a device and its states")
    gone.add_argument("device", help="name or id")

    command = new("command", "send a command to a connected device")
    command.add_argument("device", help="name or id")
    command.add_argument("name", help="of the command")
    command.add_argument("payload", nargs="?", default="null", help="JSON (null)")

    states = new("states", "what a device reported, oldest first")
    states.add_argument("device", help="name or id")
    states.add_argument("--since", metavar="T", help="ISO 8601, or an age: 90s, 15m, 24h, 7d")
    states.add_argument("--until", metavar="T", help="likewise; not included")
    states.add_argument("--limit", type=count, metavar="N", help="the newest N")
    states.add_argument(
        "--csv", action="store_true", dest="as_csv", help="print CSV, a column an attribute"
    )

    watch = new("watch", "print states as they arrive")
    watch.add_argument("device", nargs="?", help="name or id (all)")
