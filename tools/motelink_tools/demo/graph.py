"""An IoTtalk graph, drawn through the graph API as any client of it would."""

import asyncio
import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

import aiomqtt

from motelink_tools.errors import ToolError

_CLIENT = "demo"
_GRAPH = "free heap"
_ANSWER_S = 10.0


async def draw(broker: str, device: str, idf: str, function: str, odf: str) -> None:
    """``idf`` through ``function`` (Python source with ``run``) to ``odf`` of one device.

    ``broker``: ``mqtt://host:port``. Raises ToolError with what the server says.
    """
    topic = f"{_CLIENT}/graph/{_GRAPH}"
    where = urlsplit(broker)
    func = hashlib.sha256(function.encode()).hexdigest()
    async with aiomqtt.Client(where.hostname or "", where.port or 1883) as client:
        await client.subscribe(f"iottalk/api/res/{topic}", 2)
        for request in (
            {"op": "attach"},
            {"op": "add_funcs", "codes": [function], "digests": [func]},
            {"op": "add_link", "da_id": device, "idf": idf, "func": func},
            {"op": "add_link", "da_id": device, "odf": odf, "func": None},
        ):
            await client.publish(f"iottalk/api/req/{topic}", json.dumps(request), 2)
            async with asyncio.timeout(_ANSWER_S):
                answer = await _next(client)
            if answer.get("state") != "ok":
                raise ToolError(f"{request['op']}: {answer.get('reason')}", kind="iottalk")


async def _next(client: aiomqtt.Client) -> Any:
    async for message in client.messages:
        return json.loads(bytes(message.payload))
    raise ToolError("the broker has gone", kind="iottalk")
