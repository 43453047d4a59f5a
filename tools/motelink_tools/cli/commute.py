"""``motelink commute``: devices and states of the hub's IoT Commute."""

import argparse
from functools import partial
from typing import Any

from motelink_tools.hub.app.verbs import verb

_EXAMPLES = """\
examples:
  motelink commute add lamp                prints the key, once
  motelink commute remove lamp
  motelink commute devices
  motelink commute send lamp LED 1         as a client of the device would
  motelink commute states lamp
  motelink commute watch
They need a running hub ('motelink hub').
"""


def add(subparsers: Any) -> None:
    """Register the sub-commands."""
    parser = subparsers.add_parser(
        "commute",
        help="devices and states of the hub's IoT Commute",
        description="Manage the devices of the local IoT Commute, send to them, and read the last"
        " states of their sensors.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = partial(verb, verbs, "commute_commands", _EXAMPLES)

    new("add", "add a device; its key is shown this once").add_argument("device", metavar="ID")
    new("remove", "forget a device and its states").add_argument("device", metavar="ID")
    new("devices", "the devices, and which are connected")

    send = new("send", "say something to a connected device")
    send.add_argument("device", metavar="ID")
    send.add_argument("sensor")
    send.add_argument("value", help="JSON")

    new("states", "the last state of each sensor").add_argument("device", metavar="ID")
    new("watch", "print what both sides say, as it arrives")
