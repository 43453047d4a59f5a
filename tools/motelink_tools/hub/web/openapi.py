"""The description of the API, from the same table as its routes."""

from __future__ import annotations

from typing import Any

from motelink_tools.hub.web.guard import LOGIN, WRITE_HEADER
from motelink_tools.hub.web.operations import OPERATIONS, Argument, Operation

Json = dict[str, Any]

_ERROR: Json = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "kind": {"type": "string"}},
    "required": ["error", "kind"],
}
_LIVE = (
    ("device", "PLATFORM/ID: with the messages and numbers of this device"),
    ("graph", "CLIENT/GRAPH, each percent-encoded: with this graph, and its values"),
    ("graphs", "1: with the list of graphs"),
    ("log", "1: with the log"),
    ("boards", "1: with the virtual boards"),
    ("board", "NAME: with what this board prints"),
)


def describe(version: str) -> Json:
    """OpenAPI 3.1."""
    paths: Json = {operation.path: _operation(operation) for operation in OPERATIONS}
    paths["/api/hub"] = {"get": _plain("Version, platforms and their addresses.")}
    paths["/api/devices"] = {"get": _plain("Every device, as the overview shows it.")}
    paths["/api/devices/{platform}/{device}"] = {
        "get": {
            **_plain("One device, with its last messages and numbers."),
            "parameters": [_in_path("platform"), _in_path("device")],
        }
    }
    paths["/api/losant/states.csv"] = {
        "get": {
            "summary": "Stored states, a column an attribute.",
            "parameters": [_query(argument) for argument in _states().arguments],
            "responses": _responses("CSV", "text/csv"),
        }
    }
    paths["/api/live"] = {
        "get": {
            "summary": "Server-sent events, as docs/hub-page.md lists them.",
            "parameters": [
                {"name": name, "in": "query", "description": about, "schema": {"type": "string"}}
                for name, about in _LIVE
            ],
            "responses": _responses("events", "text/event-stream"),
        }
    }
    paths[LOGIN] = {
        "post": {
            **_plain("A cookie for the token; scripts send Authorization: Bearer TOKEN instead."),
            "requestBody": _body({"token": {"type": "string"}}, ["token"]),
            "parameters": [_write_header()],
        }
    }
    paths["/api/openapi.json"] = {"get": _plain("This.")}
    return {
        "openapi": "3.1.0",
        "info": {"title": "The motelink hub", "version": version},
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR}},
    }


def _states() -> Operation:
    return next(o for o in OPERATIONS if (o.platform, o.call) == ("losant", "states"))


def _operation(operation: Operation) -> Json:
    described = {
        **_plain(operation.about),
        "tags": [operation.platform],
        "operationId": f"{operation.platform}_{operation.call}",
    }
    if operation.method == "GET":
        described["parameters"] = [_query(argument) for argument in operation.arguments]
        return {"get": described}
    described["parameters"] = [_write_header()]
    described["requestBody"] = _body(
        {argument.name: _schema(argument, nullable=True) for argument in operation.arguments},
        [argument.name for argument in operation.arguments if argument.required],
    )
    return {"post": described}


_JSON = "application/json"


def _plain(summary: str) -> Json:
    return {"summary": summary, "responses": _responses("JSON; of platforms {result}", _JSON)}


def _responses(what: str, kind: str) -> Json:
    refused = {"$ref": "#/components/schemas/Error"}
    return {
        "200": {"description": what, "content": {kind: {}}},
        "default": {"description": "refused", "content": {_JSON: {"schema": refused}}},
    }


def _body(properties: Json, required: list[str]) -> Json:
    schema = {"type": "object", "properties": properties, "required": required}
    return {"required": True, "content": {_JSON: {"schema": schema}}}


def _query(argument: Argument) -> Json:
    return {
        "name": argument.name,
        "in": "query",
        "required": argument.required,
        "schema": _schema(argument),
    }


def _in_path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _write_header() -> Json:
    return {
        "name": WRITE_HEADER,
        "in": "header",
        "required": True,
        "description": "anything: other sites cannot send it",
        "schema": {"type": "string"},
    }


def _schema(argument: Argument, *, nullable: bool = False) -> Json:
    schema: Json = {"description": argument.about}
    if argument.type != "any":
        may_be_null = nullable and not argument.required
        schema["type"] = [argument.type, "null"] if may_be_null else argument.type
    if argument.type == "array":
        schema["items"] = {"type": "string"}
    if argument.least is not None:
        schema["minimum"] = argument.least
    if argument.most is not None:
        schema["maximum"] = argument.most
    if argument.default is not None:
        schema["default"] = argument.default
    return schema
