"""The HTTP API: ``/<id>`` and nothing else (section 1 of the protocol), as an ASGI application."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from motelink_tools.hub.csm.wire import MESSAGE_BYTES, HttpError, Json, is_uuid
from motelink_tools.hub.strict_json import parse_json

# Takes the method (GET, PUT or DELETE), the id and the decoded body; raises HttpError.
Handler = Callable[[str, str, Any], Awaitable[Json]]

_METHODS = ("POST", "PUT", "DELETE", "GET", "OPTIONS")
_HEADERS = {
    "Content-Type": "application/json",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Accept, Content-Type",
    "Access-Control-Allow-Methods": ", ".join(_METHODS),
}
_LOG = logging.getLogger("motelink.csm")


class Api:
    """Content type, size and JSON of requests, status and headers of responses."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        device = str(request.scope["path"]).removeprefix("/")  # a URL would lose a line break
        try:
            if not is_uuid(device):
                raise HttpError(404, "no such page: expected /<id>, lower case, with dashes")
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=_HEADERS)
            if request.method not in _METHODS:
                raise HttpError(405, f"method {request.method} is not allowed")
            body = None
            if request.method != "GET":
                body = await _body(request)
            if request.method == "POST":
                return Response(headers=_HEADERS)
            return _answer(200, await self._handler(request.method, device, body))
        except HttpError as error:
            return _failure(error.status, device, str(error))
        except ClientDisconnect:
            raise
        except Exception:
            _LOG.exception("%s /%s failed", request.method, device)
            return _failure(500, device, "unknown")


async def _body(request: Request) -> Any:
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise HttpError(400, f"expected Content-Type application/json, got {content_type!r}")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MESSAGE_BYTES:
            raise HttpError(413, f"a body has at most {MESSAGE_BYTES} bytes")
    if request.method == "POST":
        return None
    try:
        return parse_json(body)
    except ValueError as error:
        raise HttpError(400, f"JSON decode error: {error}") from None


def _failure(status: int, device: str, reason: str) -> Response:
    body: Json = {"state": "error", "reason": reason}
    if is_uuid(device):
        body["id"] = device
    return _answer(status, body)


def _answer(status: int, body: Json) -> Response:
    return Response(json.dumps(body), status_code=status, headers=_HEADERS)
