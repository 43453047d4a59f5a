"""``motelink manager``: a local Manager that prints what the devices do."""

import argparse
from pathlib import Path
from typing import Any

from motelink.manager_wire import DEFAULT_PORT, LENGTH, RAW, TERMINATED

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


def add(subparsers: Any) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "manager",
        help="run a local iot-manager and print what its devices do",
        description="Run a local Manager (getinfo / heartbeat over TCP) and print a line for each"
        " connect, message, heartbeat and end. What is refused goes to stderr, with the reason.",
        epilog=_EXAMPLES,
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
