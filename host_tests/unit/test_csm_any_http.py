"""Whatever HTTP request the IoTtalk server gets, it answers as documented."""

import asyncio
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from motelink_tools.hub.csm.http import Api

from .csm_desk import KETTLE, Desk, body

METHODS = ["GET", "PUT", "DELETE", "POST", "OPTIONS", "HEAD", "PATCH", "", "PU", "TRACE"]
PATHS = st.sampled_from(
    [f"/{KETTLE}", f"/{KETTLE.upper()}", f"/{KETTLE}\n", "/", "", "/tree", f"/{KETTLE}/x"]
)
TYPES = st.sampled_from([b"application/json", b"application/json; charset=utf-8"]) | st.binary(
    max_size=8
)
BODIES = st.sampled_from([json.dumps(body()).encode(), b'{"rev":"x"}']) | st.binary(max_size=20)
STATUSES = {200, 204, 400, 403, 404, 405, 413}


async def exchange(api, method, path, content_type, chunks):
    """One request through ASGI: status, headers and body of the response."""
    sent = []
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks] + [
        {"type": "http.request", "body": b"", "more_body": False}
    ]

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"x"), (b"content-type", content_type)],
        "server": ("x", 80),
        "scheme": "http",
    }
    await api(scope, receive, send)
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), content


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(METHODS), PATHS | st.text(max_size=50), TYPES, st.lists(BODIES, max_size=2))
def test_any_request(tmp_path_factory, method, path, content_type, chunks):
    desk = Desk(tmp_path_factory.getbasetemp() / "http.db")

    async def handler(method, device, decoded):
        core = desk.core
        if method == "PUT":
            return {"rev": core.put(device, decoded).rev, "state": "ok"}
        if method == "GET":
            return {**core.get(device).public(), "state": "ok"}
        core.delete(device, decoded)
        return {"state": "ok"}

    try:
        status, headers, content = asyncio.run(
            exchange(Api(handler), method, path, content_type, chunks)
        )
    finally:
        desk.close()
    assert status in STATUSES
    if path == f"/{KETTLE}":
        assert (status == 405) == (method in ("HEAD", "PATCH", "", "PU", "TRACE"))
    else:
        assert status == 404
    assert headers[b"access-control-allow-origin"] == b"*"
    assert headers[b"content-type"] == b"application/json"
    if content:
        assert json.loads(content)["state"] == ("ok" if status == 200 else "error")
    else:
        assert (status, method) in ((204, "OPTIONS"), (200, "POST"))


def test_a_client_that_leaves_in_the_middle():
    async def handler(*_):
        raise AssertionError

    async def receive():
        return {"type": "http.disconnect"}

    async def send(_message):
        raise AssertionError

    scope = {"type": "http", "method": "PUT", "path": f"/{KETTLE}", "query_string": b""}
    scope |= {"headers": [(b"content-type", b"application/json")], "server": ("x", 80)}
    asyncio.run(Api(handler)({**scope, "scheme": "http"}, receive, send))
