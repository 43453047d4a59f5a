"""``iotctl``, a console script of its own: the command that users of IoTtalk's server know."""

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motelink import __version__
from motelink_tools.cli import Parser, execute
from motelink_tools.hub.app.verbs import examples_of

if TYPE_CHECKING:
    from motelink_tools.hub.iotctl.settings import Settings

_EXAMPLES = """\
examples:
  iotctl genconf iottalk.ini               write a file with every setting
  iotctl initdb                            the database alone
  iotctl -c iottalk.ini start csm          serve until Ctrl-C
  iotctl -c iottalk.ini start --background serve until this:
  iotctl -c iottalk.ini stop
  iotctl -c iottalk.ini restart            in the background
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
    new = partial(_command, commands)
    initdb = new("initdb", "make the database; 'start' does, too")
    initdb.set_defaults(run=_initdb)
    start = new("start", "serve until Ctrl-C, or in the background")
    start.add_argument("--background", action="store_true", help="return once it serves")
    start.set_defaults(run=_start)
    stop = new("stop", "end the server in the background")
    stop.set_defaults(run=_stop)
    restart = new("restart", "end it, and start it in the background")
    restart.set_defaults(run=_restart)
    status = new("status", "say whether a server runs")
    status.set_defaults(run=_status)
    for command in (initdb, start, stop, restart, status):
        command.add_argument("service", nargs="?", choices=["csm"], help="the only one there is")
    shell = new("shell", "Python with the database at hand", prints=False)
    shell.set_defaults(run=_shell)
    genconf = new("genconf", "write a file with every setting")
    genconf.add_argument("dest", type=Path, help="a file, a folder, or - for stdout")
    genconf.set_defaults(run=_genconf)


def _command(
    commands: Any, name: str, text: str, *, prints: bool = True
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text,
        epilog=examples_of(name, _EXAMPLES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if prints:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _say(arguments: argparse.Namespace, text: object, **values: object) -> None:
    print(json.dumps(values) if arguments.json else text)


def _help(parser: argparse.ArgumentParser) -> int:
    parser.print_help()
    return 0


def _settings(arguments: argparse.Namespace) -> "Settings":
    from motelink_tools.hub.iotctl import settings

    return settings.load(arguments.config)


def _initdb(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl import commands

    database = commands.create_database(_settings(arguments))
    _say(arguments, database, ok=True, database=str(database))
    return 0


def _start(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl import commands

    if arguments.background:
        return _start_in_background(arguments)
    return commands.serve(_settings(arguments), debug=arguments.debug, as_json=arguments.json)


def _start_in_background(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl import process

    words = process.serving_command(arguments.config, debug=arguments.debug)
    running = process.start(_settings(arguments), words)
    _say(arguments, f"IoTtalk: {running.url}", ok=True, url=running.url, pid=running.pid)
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    from motelink_tools.hub.iotctl import process

    stopped = process.stop(_settings(arguments))
    text = f"stopped {stopped.url}" if stopped else "no server runs"
    _say(arguments, text, ok=bool(stopped), url=stopped.url if stopped else None)
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
        file = settings.write_sample(arguments.dest)
        _say(arguments, file, ok=True, file=str(file))
    return 0
