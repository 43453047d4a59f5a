"""What ``motelink provision`` asks and says: names, never values."""

import json
import sys
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.known_settings import doubts, known
from motelink_tools.provision.asking import answer
from motelink_tools.provision.command import Options, provision
from motelink_tools.serial_ports import check_port, find_port


def run(options: Options, *, yes: bool, as_json: bool) -> int:
    """Provision and say what was done. Raises ToolError."""
    if options.wipe and not yes:
        check_port(find_port(options.port))
        _confirm()
    done = provision(options)
    for line in doubts(done.get("written", ()), known(options.project)):
        print(line, file=sys.stderr)
    if as_json:
        print(json.dumps(done))
    else:
        for line in _lines(done):
            print(line)
    return 0


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise ToolError("--wipe asks first; without a terminal it needs --yes", kind="no_terminal")
    said = answer("Remove secrets, settings and crash reports from the board? [y/N] ", input)
    if (said or "").strip().lower() not in ("y", "yes"):
        raise ToolError("nothing was removed", kind="declined")


def _lines(done: dict[str, Any]) -> list[str]:
    if "wiped" in done:
        return [f"{done['port']}: removed {', '.join(done['wiped']) or 'nothing'}"]
    if "settings" in done:
        return [
            f"{done['place']}: {', '.join(done['secrets']) or 'nothing'}",
            f"settings.toml: {', '.join(done['settings']) or 'nothing'}",
        ]
    parts = [
        f"{word} {', '.join(names)}"
        for word, names in (
            ("wrote", done["written"]),
            ("removed", done["removed"]),
            ("found no", done["not_there"]),
            ("kept", done["kept"]),
        )
        if names
    ]
    lines = [f"{done['port']}, {done['place']}: {'; '.join(parts) or 'nothing changed'}"]
    if done.get("empty"):
        lines.append(f"left out, for want of a value: {', '.join(done['empty'])}")
    return lines
