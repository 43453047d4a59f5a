"""What there is to say of a board's settings: misspelt, of a wrong type, missing."""

from collections.abc import Iterable, Iterator, Mapping

from motelink_tools.doctor.findings import Finding, note, ok, wrong
from motelink_tools.known_settings import Setting, mistyped, strangers

_FORM = "see the table of settings in docs/node.md"


def judge(present: Mapping[str, str], settings: Mapping[str, Setting]) -> Iterable[Finding]:
    """What is to be said of settings, by name with the name of their type."""
    troubles = [*_misspelt(present, settings), *_mistyped(present, settings)]
    troubles += _missing(present, settings)
    names = ", ".join(sorted(present)) or "none"
    if not any(finding.state == "wrong" for finding in troubles):
        yield ok("settings", f"{len(present)} settings: {names}")
    yield from troubles


def _misspelt(present: Mapping[str, str], settings: Mapping[str, Setting]) -> Iterator[Finding]:
    for name, alike in strangers(present, settings):
        if alike:
            do = f"did you mean {alike}? {_FORM}"
            yield wrong("settings", f"nothing asks for the setting {name}", do)
        else:
            do = f"leave it, if a program of yours on the board does; {_FORM}"
            yield note("settings", f"motelink does not ask for the setting {name}", do)


def _mistyped(present: Mapping[str, str], settings: Mapping[str, Setting]) -> Iterator[Finding]:
    for name, what, write in mistyped(present, settings):
        yield wrong("settings", f"{name} is {what}", f"write {write}")


def _missing(present: Mapping[str, str], settings: Mapping[str, Setting]) -> Iterator[Finding]:
    begun = {name.partition("_")[0] for name in present if name in settings}
    for name, setting in sorted(settings.items()):
        if setting.platform in begun and name not in present:
            yield wrong(
                "settings",
                f"{name} is missing; {setting.platform} needs it",
                "set it in settings.toml, or provision it",
            )
