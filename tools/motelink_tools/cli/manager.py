"""``motelink manager``: a local Manager that prints what the devices do; and the hub's."""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from motelink.manager_wire import DEFAULT_PORT, LENGTH, RAW, TERMINATED
from motelink_tools.hub.app.verbs import verb

_EXAMPLES = """\
examples:
  motelink manager                                  devices of type test, on this machine only
  motelink manager --types light,lock --host 0.0.0.0
                                                    from boards in the network, too
  motelink manager --framing length --heartbeat-rate 5
                                                    as the current iot-manager release speaks
  motelink manager --tls-cert server.pem --tls-key server.key
  motelink manager --json | jq 'select(.event == "message")'
Ctrl-C ends it; the devices are told.
"""
_VERB_EXAMPLES = """\
examples:
  motelink manager devices                 of the hub that runs ('motelink hub')
  motelink manager send "led on"           to all that are connected
  motelink manager send "led on" --type light
  motelink manager send AQID --base64 --to 1862cfe1-5dab-4d8e-a946-50d6728f830f
  motelink manager ask 1862cfe1-5dab-4d8e-a946-50d6728f830f
  motelink manager forget 1862cfe1-5dab-4d8e-a946-50d6728f830f
"""


def add(subparsers: Any) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "manager",
        help="run a local iot-manager and print what its devices do",
        description="Run a local Manager (getinfo / heartbeat over TCP) and print a line for each"
        " connect, message, heartbeat and end. What is refused goes to stderr, with the reason.",
        epilog=_EXAMPLES + _VERB_EXAMPLES.replace("examples:", "at a hub that runs:"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="H", help="address to listen on (%(default)s)"
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, metavar="P", help="port, 0: any (%(default)s)"
    )
    parser.add_argument(
        "--framing",
        choices=(RAW, TERMINATED, LENGTH),
        default=RAW,
        help="dialect: raw as documented, terminated as 0.0.8 to 0.0.12, length as 0.0.20 and"
        " later (%(default)s)",
    )
    parser.add_argument(
        "--types",
        type=lambda text: text.split(","),
        default=["test"],
        metavar="A,B",
        help="device types that may connect (test)",
    )
    parser.add_argument(
        "--heartbeat-rate",
        type=float,
        default=60,
        metavar="S",
        help="seconds between heartbeats (%(default)s)",
    )
    parser.add_argument(
        "--tls-cert", type=Path, metavar="FILE", help="serve TLS, with this certificate (PEM)"
    )
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its private key (PEM)")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.set_defaults(run=_run)
    _add_verbs(parser.add_subparsers(title="at a hub that runs", metavar="COMMAND"))


def _add_verbs(verbs: Any) -> None:
    new = partial(verb, verbs, "manager_commands", _VERB_EXAMPLES)
    new("devices", "the devices with their data, and which are connected")
    send = new("send", "send a message to one device, to those of a type, or to all")
    send.add_argument("text", help="the message")
    send.add_argument("--base64", action="store_true", help="it is bytes, in base64")
    to = send.add_mutually_exclusive_group()
    to.add_argument("--to", dest="device", metavar="UUID", help="to this device")
    to.add_argument("--type", dest="kind", metavar="TYPE", help="to those of this type")
    new("ask", "ask a device for its data").add_argument("device", metavar="UUID")
    new("forget", "forget a device that is not connected").add_argument("device", metavar="UUID")


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.manager.console import serve

    serve(
        arguments.types,
        host=arguments.host,
        port=arguments.port,
        framing=arguments.framing,
        heartbeat_rate=arguments.heartbeat_rate,
        certificate=arguments.tls_cert,
        key=arguments.tls_key,
        as_json=arguments.json,
    )
    return 0
