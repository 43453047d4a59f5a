"""``motelink sepl``: users, devices, commands and events of the hub's SEPL."""

import argparse
from functools import partial
from typing import Any

from motelink_tools.hub.app.verbs import count, seconds, verb

_EXAMPLES = """\
examples:
  motelink sepl add-user me                        prints the password, once
  motelink sepl remove-user me
  motelink sepl devices
  motelink sepl command lamp-1 switch '{"on": true}'
                                                   prints what the service responds
  motelink sepl events lamp-1 --since 1h
  motelink sepl watch
They need a running hub ('motelink hub').
"""


def add(subparsers: Any) -> None:
    """Register the sub-commands."""
    parser = subparsers.add_parser(
        "sepl",
        help="users, devices, commands and events of the hub's SEPL",
        description="Manage the users of the local SEPL, send commands to its devices, and read"
        " what they reported.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = partial(verb, verbs, "sepl_commands", _EXAMPLES)

    new("add-user", "add a user; the password is shown this once").add_argument(
        "user", metavar="NAME"
    )
    new("remove-user", "forget a user, and what is connected as it").add_argument(
        "user", metavar="NAME"
    )
    new("devices", "the devices of all gateways")

    command = new("command", "send a command to a device, and print the response")
    command.add_argument("device", help="its id")
    command.add_argument("service")
    command.add_argument("value", nargs="?", default="null", help="JSON (null)")
    command.add_argument(
        "--timeout", type=seconds, default=10.0, metavar="S", help="(%(default)s)"
    )

    events = new("events", "what a device reported, oldest first")
    events.add_argument("device", help="its id")
    events.add_argument("--since", metavar="T", help="ISO 8601, or an age: 90s, 15m, 24h, 7d")
    events.add_argument("--limit", type=count, default=1000, metavar="N", help="the newest N")

    new("watch", "print events as they arrive")
