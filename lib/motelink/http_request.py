"""The core of `motelink.http`, for who needs one request and little else in the heap."""

from motelink import port
from motelink.errors import ConfigError, LinkError, ProtocolError, TooLarge


class Response:
    """``status``: int, or None when no try was answered; ``error`` says why then. ``header``:
    a dict, names written as ``Content-Type``. ``body``: str."""

    def __init__(self, status=None, header=None, body="", error=None):
        self.status = status
        self.header = header or {}
        self.body = body
        self.error = error


def request(
    method, url, body, headers, timeout=3, retries=0, retry_delay=0.5, limit=16384, tls=None
) -> Response:
    """One request, tried again where asked to. ``body``: bytes, str or None. See `motelink.http`
    for the rest."""
    _check(url, headers, body)
    fetch = port.load("_http").fetch
    if not fetch:
        from motelink.http_client import fetch
    if isinstance(body, str):
        body = body.encode()
    ms = int(timeout * 1000)
    error = None
    for i in range(retries + 1):
        if i:
            port.sleep_ms(int(retry_delay * 1000))
        try:
            status, fields, data = fetch(method, url, headers or {}, body, ms, limit, tls)
            if data is None:
                raise TooLarge("%s: a body of more than %d bytes" % (_place(url), limit))
            return Response(status, _header(fields), bytes(data).decode())
        except UnicodeError:  # it was answered: not once more
            return Response(error=ProtocolError("a body that is not UTF-8"))
        except MemoryError:
            raise TooLarge("%s: no memory for the answer" % _place(url))
        except (TooLarge, ConfigError):
            raise
        except OSError as why:
            error = why if isinstance(why, LinkError) else LinkError("%s: %s" % (_place(url), why))
    return Response(error=error)


def _check(url, headers, body) -> None:
    """Raise ConfigError for what would end the request's line or a header too early, TypeError
    for a body that is neither str nor bytes: requests would make a form of a dict."""
    right = isinstance(url, str) and url.split("://")[0] in ("http", "https")
    if not right or "\r" in url or "\n" in url or " " in url:
        raise ConfigError("expected http://host:port/path, got %r" % _place(str(url)))
    for name in headers or ():
        for text in (name, headers[name]):
            if not isinstance(text, str) or "\r" in text or "\n" in text:
                raise ConfigError("header %r: expected str, of one line" % (name,))
    if not (body is None or isinstance(body, str)):
        memoryview(body)


def _header(fields) -> dict:
    found: dict = {}
    for name, value in fields:
        name = "-".join([part[:1].upper() + part[1:].lower() for part in name.split("-")])
        found[name] = found[name] + ", " + value if name in found else value
    return found


def _place(url: str) -> str:
    # Without what may be secret: user and password, path and query.
    return "/".join(url.split("?")[0].split("/")[:3]).split("@")[-1]
