"""``motelink micropython``: where the host's MicroPython is, fetched if need be."""

import argparse
import json
import shlex
from typing import Any

_EXAMPLES = """\
examples:
  motelink micropython                   the version, the path, and the command that starts it
  motelink micropython --suite forky     the one of Debian forky, beside the usual one
  $(motelink micropython --json | jq -r '.command | join(" ")') -X heapsize=96k my.py
"""


def add(subparsers: Any) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "micropython",
        help="find or fetch the 32-bit MicroPython of the host",
        description="Find the 32-bit MicroPython that boards and tests run on; fetch it once.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--suite", default="trixie", help="Debian suite (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools import micropython

    found = micropython.find(suite=arguments.suite)
    if arguments.json:
        report = {
            "ok": True,
            "version": found.release,
            "bits": found.bits,
            "suite": found.suite,
            "path": str(found.path),
            "command": found.command(),
        }
        print(json.dumps(report))
    else:
        print(f"MicroPython {found.release}, {found.bits}-bit ({found.suite})")
        print(f"path:    {found.path}")
        print(f"command: {shlex.join(found.command())}")
    return 0
