"""``iotctl``, a console script of its own: the command that users of IoTtalk's server know."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from motelink import __version__
from motelink_tools.cli import Parser, execute

if TYPE_CHECKING:
    from motelink_tools.hub.iotctl.settings import Settings

_EXAMPLES = """\
examples:
  iotctl genconf iottalk.ini               write a file with every setting
  iotctl -c iottalk.ini start csm          serve until Ctrl-C
  iotctl -c iottalk.ini start --background serve until 'iotctl -c iottalk.ini stop'
  iotctl status                            exit status 3 if none runs
  echo 'print(devices())' | iotctl shell   the devices in the database

It needs an MQTT broker where the settings say (localhost:1883), such as mosquitto.
"""
_DESCRIPTION = "An IoTtalk server (CSM): registration over HTTP, graphs over MQTT."
_NOT_RUNNING = 3


def main(argv: Sequence[str] | None = None) -> int:
    """The console script; its exit status."""
    parser = Parser(
        prog="iotctl",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _fill(parser)
    return execute(parser, argv)


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register it as a command of ``motelink``, too."""
    parser = subparsers.add_parser(
        "iotctl",
        help="run an IoTtalk server as its users know it",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _fill(parser)


def _fill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-d", "--debug", action="store_true", help="log everything to stderr")
    parser.add_argument(
        "-c", "--config", type=Path, metavar="INI", help="default: ~/.iottalk/iottalk.ini"
    )
    parser.add_argument("--version", action="version", version=f"iotctl (motelink {__version__})")
    parser.set_defaults(run=lambda _: _help(parser))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    initdb = commands.add_parser("initdb", help="make the database; 'start' does, too")
    initdb.set_defaults(run=_initdb)
    start = commands.add_parser("start", help="serve until Ctrl-C, or in the background")
    start.add_argument("--background", action="store_true", help="return once it serves")
    start.set_defaults(run=_start)
    stop = commands.add_parser("stop", help="end the server in the background")
    stop.set_defaults(run=_stop)
    restart = commands.add_parser("restart", help="end it, and start it in the background")
    restart.set_defaults(run=_restart)
    status = commands.add_parser("status", help="say whether a server runs")
    status.add_argument("--json", action="store_true", help="as a JSON object")
    status.set_defaults(run=_status)
    for command in (initdb, start, stop, restart, status):
        command.add_argument("service", nargs="?", choices=["csm"], help="the only one there is")
    shell = commands.add_parser("shell", help="Python with the database at hand")
    shell.set_defaults(run=_shell)
    genconf = commands.add_parser("genconf", help="write a file with every setting")
    genconf.add_argument("dest", type=Path, help="a file, a folder, or - for stdout")
    genconf.set_defaults(run=_genconf)


def _help(parser: argparse.ArgumentParser) -> int:
    parser.print_help()
    return 0


def _settings(arguments: argparse.Namespace) -> "Settings":
    from motelink_tools.hub.iotctl import settings

    return settings.load(arguments.config)


def _initdb(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl import commands

    print(commands.create_database(_settings(arguments)))
    return 0


def _start(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl import commands

    if arguments.background:
        return _start_in_background(arguments)
    return commands.serve(_settings(arguments), debug=arguments.debug)


def _start_in_background(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl import process

    words = process.serving_command(arguments.config, debug=arguments.debug)
    print(f"IoTtalk: {process.start(_settings(arguments), words).url}")
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl import process

    stopped = process.stop(_settings(arguments))
    print(f"stopped {stopped.url}" if stopped else "no server runs")
    return 0 if stopped else _NOT_RUNNING


def _restart(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl import process

    process.stop(_settings(arguments))
    return _start_in_background(arguments)


def _status(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl.process import PidFile

    running = PidFile(_settings(arguments).pid_file).read()
    if arguments.json:
        found = {"pid": running.pid, "url": running.url} if running else {}
        print(json.dumps({"running": running is not None, **found}))
    elif running:
        print(f"running at {running.url} (process {running.pid})")
    else:
        print("no server runs")
    return 0 if running else _NOT_RUNNING


def _shell(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl import commands

    return commands.shell(_settings(arguments))


def _genconf(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl import settings

    if str(arguments.dest) == "-":
        sys.stdout.write(settings.SAMPLE)
    else:
        print(settings.write_sample(arguments.dest))
    return 0
