"""Who connects to mosquitto and who leaves, from the lines that it logs on ``$SYS/broker/log``."""

from __future__ import annotations

import re
from dataclasses import dataclass

TOPIC = "$SYS/broker/log/#"

_OPENED = re.compile(
    r"New client connected from (?P<address>\S+) as (?P<id>.*)"
    r" \(p(?P<protocol>\d), c(?P<clean>\d), k\d+(?:, u'(?P<user>.*)')?\)\.",
    re.DOTALL,
)
# Names of devices have no spaces; what comes from a client that chose one with spaces never fits.
_CLOSED = re.compile(
    r"Client (?P<id>\S+)(?: \[\S+\])? (?P<reason>disconnected|closed its connection"
    r"|has exceeded timeout, disconnecting|already connected, closing old connection"
    r"|disconnected due to [^.]*|been disconnected by administrative action)\.?"
    r"|Bad socket read/write on client (?P<bad>\S+): (?P<fault>[^.]*)\."
)
_REFUSED = re.compile(r"Client \S+ disconnected, not authorised\.")
# mosquitto's protocol versions 3, 4, 5 in its own numbers.
_MQTT_3_1_1 = "2"

_SAID = {
    "disconnected": "it disconnected",
    "closed its connection": "it closed its connection without a DISCONNECT",
    "has exceeded timeout, disconnecting": "nothing came from it within its keepalive",
    "already connected, closing old connection": "a newer connection has its client id",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A client is connected."""

    client_id: str
    user: str
    address: str
    clean: bool
    mqtt_3_1_1: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """A client's connection has ended."""

    client_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A client with wrong credentials; mosquitto does not say which."""


def parse(line: str) -> Opened | Closed | Refused | None:
    """One line of the log, with or without its time; None for a line of another sort."""
    stamp, _, rest = line.partition(": ")
    text = rest if stamp.isdigit() else line
    if _REFUSED.fullmatch(text):
        return Refused()
    if opened := _OPENED.fullmatch(text):
        return Opened(
            opened["id"],
            opened["user"] or "",
            opened["address"].removeprefix("::ffff:"),
            opened["clean"] == "1",
            opened["protocol"] == _MQTT_3_1_1,
        )
    if closed := _CLOSED.fullmatch(text):
        reason = closed["reason"]
        if reason is None:
            return Closed(closed["bad"], f"mosquitto dropped it: {closed['fault']}")
        return Closed(closed["id"], _SAID.get(reason, reason))
    return None
