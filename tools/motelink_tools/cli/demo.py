"""``motelink demo``: the main job, without hardware."""

import argparse
import math
import os

_EXAMPLES = """\
examples:
  motelink demo                      until Ctrl-C; the connection is cut every 30 s
  motelink demo --seconds 20         stops by itself; exit status 0 if all went as expected
  DEMO_SECONDS=20 motelink demo      the same
  motelink demo --seconds 20 | cat   plain lines
  motelink demo --seconds 20 --json  an object a line, the last one says how it went
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "demo",
        help="flash a virtual board and watch it at work",
        description=(
            "A board without hardware: real MicroPython is flashed through mpremote and is a "
            "device of five platforms at once, all on this machine: data and commands go both "
            "ways, networks are cut, and it comes back. The page of the hub shows it, too."
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=os.environ.get("DEMO_SECONDS") or None,
        help="stop after so long, and judge (default: $DEMO_SECONDS, else until Ctrl-C)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.set_defaults(run=_run)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"expected seconds (or DEMO_SECONDS), got {text!r}")
    return seconds


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools.demo.command import run

    return run(arguments.seconds, as_json=arguments.json)
