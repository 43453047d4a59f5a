"""``motelink iottalk``: device applications on this machine."""

import argparse
from pathlib import Path

_EXAMPLES = """\
examples:
  motelink iottalk run sa.py                       an SA of iottalk-py's, as it is
  motelink iottalk run sa.py --url http://127.0.0.1:9992
                                                   at another server, such as motelink hub
Ctrl-C ends it; the device is deregistered, unless the SA has persistent_binding.
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    topic = subparsers.add_parser(
        "iottalk",
        help="run an IoTtalk device application here",
        description="Run IoTtalk device applications on this machine.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = topic.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "run",
        help="run an SA file",
        description="Run an SA file (api_url, device_model, idf_list, odf_list, a function for "
        "each feature) with the device library that boards run.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sa", type=Path, metavar="SA", help="the file, or a folder (package)")
    parser.add_argument("--url", metavar="URL", help="the server, instead of the SA's api_url")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from motelink_tools.iottalk_run.runner import run

    run(arguments.sa, arguments.url)
    return 0
