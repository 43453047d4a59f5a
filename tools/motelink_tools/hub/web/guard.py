"""Who may use the page: checks before every request, headers behind every response.

Names in the Host header stop other sites that point their own name at this machine; the Origin
and a header of our own stop their forms and scripts; where others can reach the port, a token.
Where there is none, other users of this machine may look, and do nothing.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import os
import re
import secrets
import socket
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from motelink_tools.hub.web import peer

WRITE_HEADER = "X-Motelink"
COOKIE = "motelink"
LOGIN = "/api/login"
_SESSIONS = 64
_LOGIN_BYTES = 1024
# A name or an address, and a port: nothing that could be taken for a path.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d+)?")
# The frame of the page, which says nothing about devices.
_OPEN = ("/", "/static/", LOGIN)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """``token``: None where only this machine can reach the port."""

    def __init__(self, application: ASGIApp, token: str | None) -> None:
        self._application = application
        self._token = token
        self._sessions: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            raise RuntimeError(f"no {scope['type']} here")

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        request = Request(scope, receive)
        refusal = self._refusal(request)
        if refusal is None and scope["path"] == LOGIN and scope["method"] == "POST":
            refusal = await self._login(request)
        await (refusal or self._application)(scope, receive, guarded)

    def _refusal(self, request: Request) -> Response | None:
        if not self._known_host(request.headers.get("host", "")):
            return _refused(421, "this address is not the hub's", "host")
        # Not the URL's, which a library puts together with what the Host header says.
        path: str = request.scope["path"]
        if path.startswith("/api/") and _of_another_site(request):
            return _refused(403, "it comes from another site", "foreign")
        if request.method not in ("GET", "HEAD"):
            if reason := _foreign(request):
                return _refused(403, reason, "foreign")
            if self._token is None and _of_another_user(request):
                return _refused(403, "it comes from another user of this machine", "user")
        is_open = path in _OPEN or path.startswith("/static/")
        if not is_open and not self._admitted(request):
            return _refused(401, "the token is needed", "token")
        return None

    def _known_host(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1].strip("[]").lower()
        if name == "localhost":
            return True
        if self._token is None:
            return _is_address(name) and ipaddress.ip_address(name).is_loopback
        own = socket.gethostname().lower().removesuffix(".local")
        return name in (own, f"{own}.local") or _is_address(name)

    def _admitted(self, request: Request) -> bool:
        if self._token is None:
            return True
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._is_token(given)
        return request.cookies.get(COOKIE, "") in self._sessions

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), (self._token or "").encode())

    async def _login(self, request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LOGIN_BYTES:
                return _refused(413, "that is no token", "token")
        try:
            given = json.loads(body)["token"]
        except (ValueError, KeyError, TypeError, RecursionError):
            given = None
        if self._token is not None and not (isinstance(given, str) and self._is_token(given)):
            return _refused(401, "that is not the token", "token")
        # Of its own: who sees the cookie does not have the token.
        session = secrets.token_urlsafe(32)
        self._sessions[session] = None
        if len(self._sessions) > _SESSIONS:
            self._sessions.popitem(last=False)
        response = JSONResponse({"result": "welcome"})
        response.set_cookie(COOKIE, session, httponly=True, samesite="strict", path="/")
        return response


def _foreign(request: Request) -> str:
    """Why this is no request of our own page or of a script, if it is none."""
    headers: Headers = request.headers
    if WRITE_HEADER.lower() not in headers:
        return f"the header {WRITE_HEADER} is missing"
    # Browsers that say where a request is from need not be judged by their origin, which is
    # another one behind a proxy with TLS.
    origin = headers.get("origin")
    if "sec-fetch-site" in headers or origin in (None, f"http://{headers.get('host', '')}"):
        return ""
    return "it comes from another site"


def _of_another_site(request: Request) -> bool:
    return request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none")


def _of_another_user(request: Request) -> bool:
    """What runs on the hub's behalf, boards for example, is not for everyone with a login here."""
    client, server = request.scope.get("client"), request.scope.get("server")
    found = peer.owner(tuple(client[:2]), tuple(server[:2])) if client and server else None
    return found is not None and found not in (os.getuid(), 0)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _refused(status: int, text: str, kind: str) -> Response:
    return JSONResponse({"error": text, "kind": kind}, status)
