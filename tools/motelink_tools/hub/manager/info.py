"""The answer to getinfo, ``UUID##TYPE##DATA``: where it ends, and what it says.

Not every dialect marks where it ends, so `InfoScanner` follows the braces of DATA, one JSON
object, through bytes cut anywhere.
"""

import json
import re
from collections.abc import Collection
from typing import Any, NoReturn

from motelink.errors import ConnectionLost, ProtocolError
from motelink.manager_wire import MAX_INFO, SEPARATOR, UUID_LENGTH

# A character of UTF-8 has four bytes at most, so the first ## comes within these.
UUID_BYTES = 4 * UUID_LENGTH

_OUTSIDE_STRING = re.compile(rb'["{}]')
_INSIDE_STRING = re.compile(rb'["\\]')


class ConnectionEnd(ConnectionLost):
    """The connection with the device has ended. Known to users as ``Client.ConnectionEnd``."""


class InvalidInfo(ProtocolError):
    """The device's answer to getinfo is not one. Known to users as ``Client.InvalidInfo``."""


class Data:
    """Who a device says it is: ``uuid``, ``type``, and ``data``, its own JSON object."""

    __slots__ = ("data", "type", "uuid")

    def __init__(self, client_uuid: str, client_type: str, client_data: dict[str, Any]) -> None:
        self.uuid = client_uuid
        self.type = client_type
        self.data = client_data

    def get(self) -> dict[str, Any]:
        """The same as a dict, for a web page: ``{"uuid": ..., "type": ..., "data": ...}``."""
        return {"uuid": self.uuid, "type": self.type, "data": self.data}

    def __repr__(self) -> str:
        return f"Data({self.uuid!r}, {self.type!r}, ...)"


def begins_like_info(message: bytes) -> bool:
    """Whether a message is meant as info: it has its ``##`` where a UUID may end."""
    return SEPARATOR in message[: UUID_BYTES + len(SEPARATOR)]


def parse_info(body: bytes, valid_types: Collection[str]) -> Data:
    """Read one answer to getinfo. Raises InvalidInfo, which never quotes DATA."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise InvalidInfo("expected info in UTF-8, got other bytes") from None
    parts = text.split("##", 2)
    if len(parts) != 3:
        raise InvalidInfo(f"expected UUID##TYPE##DATA, got {len(parts) - 1} '##' for 2")
    uuid, kind, data = parts
    # As the documented server does, take any 36 characters; but they go into logs.
    if len(uuid) != UUID_LENGTH or not uuid.isprintable():
        raise InvalidInfo(f"expected a UUID of 36 printable characters, got {len(uuid)}")
    if kind not in valid_types:
        known = ", ".join(valid_types)
        raise InvalidInfo(f"type {kind[:40]!r} of {uuid} is not one of: {known}")
    try:
        value = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidInfo(f"the data of {uuid} is not JSON") from None
    if not isinstance(value, dict):
        raise InvalidInfo(f"the data of {uuid} is JSON, but not an object")
    return Data(uuid, kind, value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class InfoScanner:
    """Finds the end of one info in a stream that does not mark it.

    Feed it bytes until it returns True; `body` is then the info and `rest` what came behind it.
    Bytes that can no longer become an info end it too: parse_info will say what is wrong. More
    than MAX_INFO bytes raise ProtocolError, so memory stays bounded.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0  # everything before it has been looked at
        self._separators = 0
        self._depth = 0
        self._in_string = False

    @property
    def body(self) -> bytes:
        """The info, once `feed` has returned True; until then what there is of it."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes. Returns whether the info is whole, and the bytes behind it."""
        self._buffer += data
        end = self._scan()
        if (len(self._buffer) if end is None else end) > MAX_INFO:
            raise ProtocolError(f"expected an info of at most {MAX_INFO} bytes, got more")
        if end is None:
            return False, b""
        rest = bytes(self._buffer[end:])
        del self._buffer[end:]
        return True, rest

    def _scan(self) -> int | None:
        """Where the info ends, or None if more bytes are needed."""
        while self._separators < 2:
            found = self._buffer.find(SEPARATOR, self._at)
            if found < 0:
                # The first half of a separator may be the last byte so far.
                self._at = max(self._at, len(self._buffer) - 1)
                return len(self._buffer) if self._hopeless() else None
            self._at = found + len(SEPARATOR)
            self._separators += 1
        return self._scan_object()

    def _hopeless(self) -> bool:
        return self._separators == 0 and len(self._buffer) > UUID_BYTES + 1

    def _scan_object(self) -> int | None:
        buffer = self._buffer
        while self._depth == 0 and self._at < len(buffer):
            if buffer[self._at] == ord("{"):
                self._depth = 1
            elif buffer[self._at] not in b" \t\r\n":
                return len(buffer)
            self._at += 1
        while self._depth:
            found = (_INSIDE_STRING if self._in_string else _OUTSIDE_STRING).search(
                buffer, self._at
            )
            if found is None:
                self._at = len(buffer)
                return None
            if found[0] == b"\\":
                if found.end() == len(buffer):
                    self._at = found.start()
                    return None
                self._at = found.end() + 1
                continue
            self._at = found.end()
            if found[0] == b'"':
                self._in_string = not self._in_string
            else:
                self._depth += 1 if found[0] == b"{" else -1
                if self._depth == 0:
                    return self._at
        return None
