"""An examination on the screen, a line a finding as it comes, or as one object for scripts."""

import json
from collections.abc import Callable, Iterable

from rich.console import Console
from rich.text import Text

from motelink_tools.doctor.findings import Finding

_MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "wrong": ("WRONG", "bold red")}
_WIDTH = 20

Say = Callable[[str], None]


def show(console: Console, examine: Callable[[Say], Iterable[Finding]]) -> bool:
    """Print each finding; whether nothing is wrong."""
    counts = dict.fromkeys(_MARKS, 0)
    with console.status("") as status:
        for finding in examine(lambda text: status.update(Text(_plain(text)))):
            counts[finding.state] += 1
            _line(console, finding)
    bad, notes = counts["wrong"], counts["note"]
    verdict = "all is well" if not bad else f"{bad} wrong"
    console.print(f"{verdict}, {notes} to note" if notes else verdict, highlight=False)
    return not bad


def _line(console: Console, finding: Finding) -> None:
    word, style = _MARKS[finding.state]
    line = Text(f"{word:6}", style)
    line.append(f"{finding.check:{_WIDTH}}", "default not bold")
    line.append(_plain(finding.says), "default not bold")
    console.print(line, soft_wrap=True)
    if finding.do:
        console.print(Text(f"{'':{6 + _WIDTH}}-> {_plain(finding.do)}", "cyan"), soft_wrap=True)


def _plain(text: str) -> str:
    """A board's words must not steer the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def as_json(findings: Iterable[Finding], port: str | None) -> tuple[str, bool]:
    """One object on one line, and whether nothing is wrong."""
    found = [finding.as_dict() for finding in findings]
    fine = all(finding["state"] != "wrong" for finding in found)
    return json.dumps({"ok": fine, "port": port, "findings": found}), fine
