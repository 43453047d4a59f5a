"""Values that a person types. What is secret is not shown."""

import getpass
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout

from motelink_tools.errors import ToolError
from motelink_tools.provision.secrets import Value

_VISIBLE = ("_ssid", "_user", "_device", "_host", "_url", "_port", "_name")
_NUMBERS = ("_port", "_interval", "_ms")
_FLAGS = frozenset({"losant_secure"})
_WORDS = {"true": True, "false": False}

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


def ask(names: Iterable[str]) -> dict[str, Value]:
    """What is typed for each name; an empty answer leaves it out. Raises ToolError
    ``no_terminal``, ``bad_value``; ``no_value`` where the input ends."""
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
            found[name] = typed(name, text)
    return found


def typed(name: str, text: str) -> Value:
    """A setting that is a number or a flag by its name as such; all others are texts."""
    if name in _FLAGS:
        if text not in _WORDS:
            raise ToolError(f"{name} is true or false", kind="bad_value")
        return _WORDS[text]
    if name.endswith(_NUMBERS):
        try:
            return int(text)
        except ValueError:
            raise ToolError(f"{name} must be an integer", kind="bad_value") from None
    return text
