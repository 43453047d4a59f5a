"""The API under the page, and the page's files."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from motelink_tools.errors import ToolError
from motelink_tools.hub.app import spreadsheet
from motelink_tools.hub.losant.wire import iso
from motelink_tools.hub.strict_json import parse_json
from motelink_tools.hub.web import openapi
from motelink_tools.hub.web.details import Json
from motelink_tools.hub.web.feed import Feed
from motelink_tools.hub.web.operations import OPERATIONS, Operation
from motelink_tools.hub.web.stream import Stream, Wanted

Handler = Callable[[Request], Awaitable[Response]]

_STATIC = Path(__file__).with_name("static")
_BODY_BYTES = 1024 * 1024
_STATUS = {
    "usage": 400,
    "no_fault": 400,
    "fault_value": 400,
    "no_device": 404,
    "no_graph": 404,
    "no_platform": 404,
    "no_board": 404,
    "too_large": 413,
}
_LOG = logging.getLogger("motelink.page")


def application(feed: Feed, hub: Json) -> Starlette:
    """``hub``: what is told of the hub itself."""
    api = Api(feed, hub)
    routes: list[BaseRoute] = [
        Route("/", _index),
        Mount("/static", _Files(directory=_STATIC)),
        Route("/api/openapi.json", api.description),
        Route("/api/hub", api.about_hub),
        Route("/api/devices", api.devices),
        Route("/api/devices/{platform}/{device:path}", api.device),
        Route("/api/losant/states.csv", api.states_csv),
        Route("/api/live", api.live),
    ]
    for operation in OPERATIONS:
        handler = api.run(operation)
        routes.append(Route(operation.path, handler, methods=[operation.method]))
    return Starlette(
        routes=routes,
        exception_handlers={ToolError: _refuse, HTTPException: _http, Exception: _fault},
    )


class Api:
    """The handlers."""

    def __init__(self, feed: Feed, hub: Json) -> None:
        self._feed = feed
        self._hub = hub

    async def about_hub(self, _request: Request) -> Response:
        """Version and platforms."""
        return JSONResponse(
            {**self._hub, "platforms": self._feed.serving(), "events_dropped": self._feed.dropped}
        )

    async def description(self, _request: Request) -> Response:
        """OpenAPI."""
        return JSONResponse(openapi.describe(self._hub["version"]))

    async def devices(self, _request: Request) -> Response:
        """The overview."""
        text = f'{{"devices":[{",".join(self._feed.rows.values())}]}}'
        return Response(text, media_type="application/json")

    async def device(self, request: Request) -> Response:
        """One row, with messages and numbers."""
        key = request.path_params["platform"], request.path_params["device"]
        row = self._feed.rows.get(key)
        if row is None:
            raise ToolError(f"there is no device {key[1]!r}", kind="no_device")
        detail = self._feed.details.get(key)
        messages = list(detail.messages) if detail else []
        series = {n: s.since(0) for n, s in detail.series.items()} if detail else {}
        return _Json({**json.loads(row), "messages": messages, "series": series})

    async def live(self, request: Request) -> Response:
        """Server-sent events."""
        asked = request.query_params
        wanted = Wanted(
            _pair(asked.get("device")),
            _pair(asked.get("graph")),
            asked.get("graphs") == "1",
            asked.get("log") == "1",
            asked.get("boards") == "1",
            asked.get("board"),
        )
        events = Stream(self._feed, wanted, self._hub).events()
        return StreamingResponse(events, media_type="text/event-stream")

    def run(self, operation: Operation) -> Handler:
        """What answers an operation."""

        async def handler(request: Request) -> Response:
            if operation.method == "GET":
                given: Any = dict(request.query_params)
            else:
                given = await _body(request)
            return _Json({"result": await self._call(operation, given)})

        return handler

    async def states_csv(self, request: Request) -> Response:
        """The same as states, for spreadsheets."""
        operation = next(o for o in OPERATIONS if o.path == "/api/losant/states")
        states = await self._call(operation, dict(request.query_params))
        file = io.StringIO()
        spreadsheet.write(file, [(iso(state["time"]), state["data"]) for state in states])
        headers = {"Content-Disposition": 'attachment; filename="states.csv"'}
        return Response(file.getvalue(), media_type="text/csv", headers=headers)

    async def _call(self, operation: Operation, given: Any) -> Any:
        if not isinstance(given, dict):
            raise ToolError("expected a JSON object", kind="usage")
        arguments = operation.read(given)
        call = self._feed.calls(operation.platform).get(operation.call)
        if call is None:
            raise ToolError(f"this hub does not serve {operation.platform}", kind="no_platform")
        return await call(**arguments)


class _Json(JSONResponse):
    """In ASCII: functions of graphs may answer halves of surrogate pairs, which UTF-8 lacks."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


class _Files(StaticFiles):
    """Asked for again each time, so that a page after an upgrade is not made of two versions."""

    def file_response(self, *arguments: Any, **named: Any) -> Response:
        response = super().file_response(*arguments, **named)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def _index(_request: Request) -> Response:
    return FileResponse(_STATIC / "index.html")


async def _body(request: Request) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ToolError("expected Content-Type application/json", kind="usage")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_BYTES:
            raise ToolError(f"a body has at most {_BODY_BYTES} bytes", kind="too_large")
    try:
        return parse_json(body)
    except ValueError as error:
        raise ToolError(f"no JSON: {error}", kind="usage") from None


def _pair(text: str | None) -> tuple[str, str] | None:
    """``a/b``, where b may have more slashes; both percent-encoded once more."""
    if text is None:
        return None
    first, _, second = text.partition("/")
    return unquote(first), unquote(second)


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ToolError)
    status = _STATUS.get(error.kind, 409)
    return _Json({"error": str(error), "kind": error.kind}, status)


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    body = {"error": error.detail, "kind": "http"}
    return JSONResponse(body, error.status_code, headers=error.headers)


async def _fault(request: Request, error: Exception) -> Response:
    _LOG.error("%s failed: %r", request.scope["path"], error)
    return JSONResponse({"error": "the hub failed; its log says more", "kind": "fault"}, 500)
