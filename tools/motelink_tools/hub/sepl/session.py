"""The platform's side of one SEPL connection, after the credentials. Sans-I/O.

Every request is answered: 200, or a status that says what is wrong with it (400 what is no such
request, 404 no such device or command, 409 another hash). What is no message at all is counted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from motelink.sepl_device import Device
from motelink_tools.hub.sepl.records import Records

_DEVICES = 1000  # of one gateway

Reply = Callable[[str, Any], bool]


class Refused(Exception):
    """A request that is answered with another status than 200."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Session:
    """``on_response(token, message)`` takes the answer to a command; False when nobody waits."""

    def __init__(self, records: Records, gid: str, on_response: Reply) -> None:
        self.gid = gid
        self.ignored = 0
        self.event: tuple[str, str, Any] | None = None  # the last one, for whoever watches
        self._records = records
        self._on_response = on_response
        self._handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "clear": self._clear,
            "put": self._put,
            "commit": self._commit,
            "disconnect": self._disconnect,
            "delete": self._delete,
            "event": self._event,
            "response": self._response,
        }

    def received(self, text: str | bytes) -> str | None:
        """A text frame; the text that answers it, or None for what is no message."""
        try:
            message = json.loads(text)
            token, handler = message["token"], message["handler"]
            message["payload"]
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            self.ignored += 1
            return None
        if not isinstance(token, str) or not isinstance(handler, str):
            self.ignored += 1
            return None
        try:
            # Numbers that are none, and halves of characters: nobody could be told of them.
            json.dumps(message, ensure_ascii=False, allow_nan=False).encode()
            if handler not in self._handlers:
                raise Refused(400, f"unknown handler {handler[:40]!r}")
            self._handlers[handler](message)
        except Refused as refused:
            return _answer(refused.status, handler, token, str(refused))
        except (ValueError, RecursionError):
            return _answer(400, handler, token, "what is no JSON")
        except sqlite3.IntegrityError:
            return _answer(404, handler, token, "this gateway was removed")
        return _answer(200, handler, token, None)

    def _clear(self, _message: dict[str, Any]) -> None:
        self._records.clear(self.gid)

    def _put(self, message: dict[str, Any]) -> None:
        device = _device(message["payload"])
        known = self._records.has_device(self.gid, device.id)
        if not known and self._records.count(self.gid) >= _DEVICES:
            raise Refused(400, f"a gateway has at most {_DEVICES} devices")
        self._records.put(self.gid, device)

    def _commit(self, message: dict[str, Any]) -> None:
        if not self._records.commit(self.gid, str(message["payload"])):
            raise Refused(409, "the devices have another hash here")

    def _disconnect(self, message: dict[str, Any]) -> None:
        if not self._records.disconnect(self.gid, str(message["payload"])):
            raise Refused(404, "no such device")

    def _delete(self, message: dict[str, Any]) -> None:
        if not self._records.delete(self.gid, str(message["payload"])):
            raise Refused(404, "no such device")

    def _event(self, message: dict[str, Any]) -> None:
        try:
            payload = message["payload"]
            device, service = payload["device_uri"], payload["service_uri"]
            value = body(payload["value"])
        except (KeyError, TypeError, IndexError):
            raise Refused(400, "an event has device_uri, service_uri and value") from None
        if not isinstance(device, str) or not isinstance(service, str):
            raise Refused(400, "device_uri and service_uri are strings")
        if not self._records.has_device(self.gid, device):
            raise Refused(404, "no such device")
        self._records.add_event(self.gid, device, service, value)
        self.event = (device, service, value)

    def _response(self, message: dict[str, Any]) -> None:
        if not self._on_response(message["token"], message):
            raise Refused(404, "no command waits for this response")


def body(parts: Any) -> Any:
    """The value of the part that is named body, of ``[{"name": ..., "value": ...}, ...]``."""
    for part in parts:
        if part["name"] == "body":
            return part["value"]
    raise KeyError("body")


def command(token: str, device: str, service: str, value: Any) -> str:
    """The text of a command to a service of a device."""
    payload = {
        "device_url": device,
        "service_url": service,
        "protocol_parts": [{"name": "body", "value": value}],
    }
    return _answer(200, "command", token, payload)


def greeting(status: int, payload: Any) -> str:
    """The text that answers the credentials."""
    return _answer(status, "", "credentials", payload)


def _answer(status: int, handler: str, token: str, payload: Any) -> str:
    return json.dumps(
        {
            "status": status,
            "handler": handler,
            "token": token,
            "content_type": "application/json",
            "payload": payload,
        }
    )


def _device(payload: Any) -> Device:
    try:
        device = Device(payload["uri"], payload["iot_type"], payload["name"])
        for tag in payload["tags"]:
            tag_id, _, text = tag.partition(":")
            device.addTag(tag_id, text)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Refused(400, f"no device: {error}") from None
    return device
