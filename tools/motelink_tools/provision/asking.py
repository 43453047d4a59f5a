"""Values that a person types. What is secret is not shown."""

import getpass
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import redirect_stdout

from motelink_tools.errors import ToolError
from motelink_tools.known_settings import Setting
from motelink_tools.provision.secrets import Value

_VISIBLE = ("_ssid", "_user", "_device", "_host", "_url", "_port", "_name")
_WORDS = {"true": True, "false": False}
_TEXT = Setting(("str",))

Ask = Callable[[str], str]


def answer(prompt: str, ask_by: Ask) -> str | None:
    """What is typed, without its line end; None where the input ends instead. The prompt goes to
    stderr, for stdout is for what was done. Raises ToolError ``bad_value`` for no valid text."""
    try:
        with redirect_stdout(sys.stderr):
            return ask_by(prompt)
    except EOFError:
        print(file=sys.stderr)
        return None
    except UnicodeError:  # its message quotes what was typed
        raise ToolError("what was typed is no valid text", kind="bad_value") from None


def ask(names: Iterable[str], settings: Mapping[str, Setting]) -> dict[str, Value]:
    """What is typed for each name; an empty answer leaves it out. ``settings``: those known.
    Raises ToolError ``no_terminal``, ``bad_value``; ``no_value`` where the input ends."""
    if not sys.stdin.isatty():
        raise ToolError(
            "there is no terminal to ask at; give the values with --from FILE, or --from - for "
            "standard input",
            kind="no_terminal",
        )
    found: dict[str, Value] = {}
    for name in names:
        hidden = not name.endswith(_VISIBLE)
        by: Ask = getpass.getpass if hidden else input
        text = answer(f"{name}{' (not shown)' if hidden else ''}, empty to leave as it is: ", by)
        if text is None:
            raise ToolError("the input ended; nothing was written", kind="no_value")
        if text:
            found[name] = typed(name, text, settings.get(name, _TEXT).types)
    return found


def typed(name: str, text: str, types: Collection[str]) -> Value:
    """``text`` as a value of the types that the setting may have. Raises ToolError
    ``bad_value``."""
    if "bool" in types:
        if text not in _WORDS:
            raise ToolError(f"{name} is true or false", kind="bad_value")
        return _WORDS[text]
    if "int" in types:
        try:
            return int(text)
        except ValueError:
            raise ToolError(f"{name} must be an integer", kind="bad_value") from None
    return text
