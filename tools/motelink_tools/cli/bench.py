"""``motelink bench``: measure memory, instructions and speed, beside a floor in the same run."""

import argparse
import os
from pathlib import Path

_DESCRIPTION = """\
Measure on a real 32-bit MicroPython, whose heap is laid out as a board's: what operations
allocate, how many instructions they take beside bare sockets, what the library occupies; and the
host's Manager with 2,000 devices; and nodes through outages and power cuts. Targets that are not
met are said so.

Instructions are counted with valgrind, where it is installed.
"""

_EXAMPLES = """\
examples:
  motelink bench                         all but the two hours of node.soak, in 30 minutes
  motelink bench --quick                 the same with more noise, in 9 minutes
  motelink bench --only manager          the tables whose name contains "manager"
  motelink bench --only 'manager.*' --quick
  motelink bench --json figures.json     also one flat JSON object; BENCH_JSON=FILE does the same
  motelink bench --only modules --json   the object alone, on stdout
  motelink bench --write-docs figures.json   its figures into the pages beneath docs/
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "bench",
        help="measure memory, instructions and speed",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="PATTERN", help="only tables of this name"
    )
    parser.add_argument(
        "--json",
        dest="json_file",
        nargs="?",
        const="-",
        metavar="FILE",
        help="write the figures there; without FILE to stdout, and all else to stderr",
    )
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, a smaller load")
    parser.add_argument("--list", action="store_true", help="say which tables there are")
    parser.add_argument(
        "--write-docs",
        type=Path,
        metavar="FILE",
        help="measure nothing: write the figures of this file into the documentation",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from motelink_tools.bench import pages, session

    if arguments.write_docs:
        for page, count in pages.write(pages.read(arguments.write_docs)).items():
            print(f"{page.name}: {count} figure{'s' if count > 1 else ''}")
        return 0
    json_file = arguments.json_file or os.environ.get("BENCH_JSON")
    arguments.json = to_stdout = json_file == "-"  # an error is an object, too, then
    if arguments.list:
        print(session.listing(as_json=to_stdout))
        return 0
    complete = session.run(
        Console(stderr=to_stdout),
        only=arguments.only,
        json_file=Path(json_file) if json_file else None,
        quick=arguments.quick,
    )
    return 0 if complete else 1
