"""What can be asked of the platforms over the API, with the types of its arguments.

Each is a call of its platform; those that hand out secrets are left to the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from motelink_tools.errors import ToolError
from motelink_tools.hub.strict_json import parse_json

Type = Literal["string", "number", "integer", "object", "array", "any"]


@dataclass(frozen=True, slots=True)
class Argument:
    """``type``: of JSON; an array is one of strings. ``required``: otherwise it may be left out,
    or be null, and is then ``default``. ``least``, ``most``: of a number.
    """

    name: str
    type: Type
    about: str
    required: bool = True
    default: Any = None
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """``method`` /api/``platform``/``call``: arguments in the query (GET) or in a JSON object.
    ``platform`` may be "boards", too.
    """

    method: Literal["GET", "POST"]
    platform: str
    call: str
    about: str
    arguments: tuple[Argument, ...] = field(default=())

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/api/{self.platform}/{self.call}"

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of the call. Raises ToolError for what does not fit."""
        names = [argument.name for argument in self.arguments]
        unknown = sorted(set(given) - set(names))
        if unknown:
            expected = ", ".join(names) or "nothing"
            raise _wrong(f"no argument {unknown[0][:40]!r}; there are: {expected}")
        return {argument.name: self._value(argument, given) for argument in self.arguments}

    def _value(self, argument: Argument, given: Mapping[str, Any]) -> Any:
        value = given.get(argument.name)
        if argument.name not in given or (value is None and argument.type != "any"):
            if argument.required:
                raise _wrong(f"{argument.name} is missing")
            return argument.default
        if self.method == "GET" and argument.type in ("integer", "number"):
            value = _number(argument, value)
        if not _fits(argument.type, value):
            raise _wrong(f"{argument.name}: expected {argument.type}")
        if not _within(argument, value):
            raise _wrong(f"{argument.name}: expected {_bounds(argument)}, got {value}")
        return value


def _within(argument: Argument, value: Any) -> bool:
    least, most = argument.least, argument.most
    return (least is None or value >= least) and (most is None or value <= most)


def _bounds(argument: Argument) -> str:
    if argument.most is None:
        return f"{argument.least} or more"
    return f"{argument.least} to {argument.most}"


def _number(argument: Argument, text: Any) -> Any:
    try:
        return int(text) if argument.type == "integer" else parse_json(text)
    except ValueError:
        raise _wrong(f"{argument.name}: expected {argument.type}") from None


def _fits(kind: Type, value: Any) -> bool:
    if kind == "any":
        return True
    types: dict[Type, tuple[type, ...]] = {
        "string": (str,),
        "number": (int, float),
        "integer": (int,),
        "object": (dict,),
        "array": (list,),
    }
    if kind == "array" and isinstance(value, list) and not all(isinstance(v, str) for v in value):
        return False
    if not isinstance(value, types[kind]) or isinstance(value, bool):
        return False
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _wrong(text: str) -> ToolError:
    return ToolError(text, kind="usage")


_DEVICE = Argument("device", "string", "the device's id")
_GRAPH = (Argument("client", "string", "whose graph"), Argument("graph", "string", "its name"))
_BOARD = Argument("board", "string", "its name")
_FAULT = Argument("fault", "string", "its name")
_TEXT = Argument("text", "string", "to send, in UTF-8", required=False)
_BASE64 = Argument("base64", "string", "bytes to send instead", required=False)
_NEWEST = "of these the newest"
_MOST = 10_000
_STATES = (
    Argument("device", "string", "its id or name"),
    Argument("since", "integer", "milliseconds since 1970, included", required=False),
    Argument("until", "integer", "milliseconds since 1970, not included", required=False),
    Argument("limit", "integer", _NEWEST, required=False, default=_MOST, least=1, most=_MOST),
)

OPERATIONS = (
    Operation(
        "POST",
        "manager",
        "send",
        "Send to one device, to all of a type, or, with neither, to all.",
        (
            _TEXT,
            _BASE64,
            Argument("device", "string", "to this one", required=False),
            Argument("kind", "string", "to all of this type", required=False),
        ),
    ),
    Operation("POST", "manager", "ask", "Ask a device afresh for its data.", (_DEVICE,)),
    Operation("POST", "manager", "forget", "Forget a device that is away.", (_DEVICE,)),
    Operation("GET", "manager", "about", "Its type and data.", (_DEVICE,)),
    Operation(
        "POST",
        "losant",
        "command",
        "Send a command.",
        (
            Argument("device", "string", "its id or name"),
            Argument("name", "string", "of the command"),
            Argument("payload", "any", "of the command", required=False),
        ),
    ),
    Operation("GET", "losant", "states", "Stored states, oldest first.", _STATES),
    Operation("GET", "losant", "about", "Name, attributes, last state.", (_DEVICE,)),
    Operation("GET", "iottalk", "about", "Profile, features, signals.", (_DEVICE,)),
    Operation("GET", "iottalk", "graphs", "All graphs."),
    Operation("GET", "iottalk", "graph", "Links, functions and errors of one.", _GRAPH),
    Operation("GET", "iottalk", "seen", "The last values at each stage.", _GRAPH),
    Operation(
        "POST",
        "iottalk",
        "request",
        "An operation of the graph API, as over MQTT; its reply.",
        (*_GRAPH, Argument("request", "object", "with op")),
    ),
    Operation(
        "POST",
        "iottalk",
        "function",
        "Store a function (add_funcs); its digest.",
        (*_GRAPH, Argument("source", "string", "Python, with a function run")),
    ),
    Operation("GET", "sepl", "devices", "All devices of all gateways."),
    Operation("GET", "sepl", "about", "The devices of a gateway.", (_DEVICE,)),
    Operation(
        "POST",
        "sepl",
        "command",
        "Send a command to a service; the value that the device responds.",
        (
            Argument("device", "string", "its URI"),
            Argument("service", "string", "its URI"),
            Argument("value", "any", "of the command", required=False),
            Argument(
                "timeout", "number", "seconds", required=False, default=10.0, least=0, most=600
            ),
        ),
    ),
    Operation(
        "GET",
        "sepl",
        "events",
        "Stored events, oldest first.",
        (
            Argument("device", "string", "its URI"),
            Argument("since", "number", "seconds since 1970", required=False, default=0.0),
            Argument(
                "limit", "integer", _NEWEST, required=False, default=1000, least=1, most=_MOST
            ),
        ),
    ),
    Operation("GET", "commute", "states", "The last state of each sensor.", (_DEVICE,)),
    Operation(
        "POST",
        "commute",
        "send",
        "Say something to a device, as a client of it; how many connections took it.",
        (_DEVICE, Argument("status", "any", "for example {sensor, value}")),
    ),
    Operation("GET", "boards", "list", "Virtual boards; what they can be made of."),
    Operation(
        "GET",
        "boards",
        "console",
        "What a board has printed: its last 64 Ki characters.",
        (
            _BOARD,
            Argument(
                "after", "integer", "not the first so many", required=False, default=0, least=0
            ),
        ),
    ),
    Operation(
        "POST",
        "boards",
        "add",
        "A new board, off.",
        (
            Argument("name", "string", "letters, digits, - and _"),
            Argument("chip", "string", "esp32 or rp2", required=False, default="esp32"),
            Argument("heap", "string", "what its firmware finds", required=False, default="160k"),
            Argument("flash", "string", "of its file system", required=False, default="1M"),
            Argument(
                "firmware",
                "string",
                "a folder on the hub's machine, whose files go over the SDK's",
                required=False,
                default="",
            ),
            Argument("platforms", "array", "that it joins; null: all", required=False),
        ),
    ),
    Operation("POST", "boards", "remove", "Power off, and delete its files.", (_BOARD,)),
    Operation("POST", "boards", "start", "Power on.", (_BOARD,)),
    Operation("POST", "boards", "stop", "Power off.", (_BOARD,)),
    Operation("POST", "boards", "reset", "Press its reset button.", (_BOARD,)),
    Operation("POST", "boards", "suspend", "Freeze it; its sockets stay open.", (_BOARD,)),
    Operation("POST", "boards", "resume", "Let a suspended one go on.", (_BOARD,)),
    Operation(
        "POST",
        "boards",
        "type",
        "As from a terminal; \\r is the Enter key, \\x03 Ctrl-C.",
        (_BOARD, Argument("text", "string", "4,096 bytes at most")),
    ),
    Operation(
        "POST",
        "boards",
        "flash",
        "Put its firmware and settings on it; answers when it restarts.",
        (_BOARD,),
    ),
    Operation(
        "POST",
        "boards",
        "fault",
        "Have a fault happen; list says which there are.",
        (
            _BOARD,
            _FAULT,
            Argument("value", "number", "in the fault's unit; null: as usual", required=False),
        ),
    ),
    Operation("POST", "boards", "clear", "End a fault.", (_BOARD, _FAULT)),
)
