"""HTTP requests that are bounded: in time as a whole, in the size of the answer, and verified.

    from motelink import http

    answer = http.get("http://192.0.2.7:9992/", query={"n": 1}, timeout=3, retries=2)
    if answer.status == 200:
        print(answer.header["Content-Type"], answer.body)

On CPython it stands on PyPI's requests, on CircuitPython on adafruit_requests. On MicroPython it
stands on `motelink.http_client`, because micropython-lib's requests verifies no certificate,
bounds a `recv` but not the request, reads a body of any size into the heap, and takes no chunked
answer. A call blocks, and allocates: it is not for a hot path. Redirects are not followed.
"""

from motelink import port
from motelink.errors import ConfigError, LinkError, ProtocolError, TooLarge

_SAFE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"


class Response:
    """``status``: int, or None when no try was answered; ``error`` says why then. ``header``:
    a dict, names written as ``Content-Type``. ``body``: str."""

    def __init__(self, status=None, header=None, body="", error=None):
        self.status = status
        self.header = header or {}
        self.body = body
        self.error = error


def get(url, query=None, headers=None, **options) -> Response:
    """``query``: a dict, put behind the URL. ``headers``: a dict, sent as it is.

    ``options`` of all five: ``timeout``: seconds for each try as a whole (MicroPython cannot
    bound name resolution); ``retries``: how often to try again when there is no answer, after
    ``retry_delay`` seconds; ``limit``: bytes of the body; ``tls``: a context of
    `port.tls_context` for https, else what the runtime trusts, which on MicroPython is nothing.
    Raises TooLarge for a larger body or one that the heap has no room for, ConfigError.
    """
    return _request("GET", _asking(url, query), None, headers, **options)


def post(url, body, headers=None, **options) -> Response:
    """``body``: bytes, or a str, sent as UTF-8."""
    return _request("POST", url, body, headers, **options)


def put(url, body, headers=None, **options) -> Response:
    """See `post`."""
    return _request("PUT", url, body, headers, **options)


def delete(url, headers=None, body=None, **options) -> Response:
    """``body``: None, or as for `post`."""
    return _request("DELETE", url, body, headers, **options)


def header(url, query=None, headers=None, **options) -> Response:
    """HEAD: as `get`, without the body."""
    return _request("HEAD", _asking(url, query), None, headers, **options)


def _request(
    method, url, body, headers, timeout=3, retries=0, retry_delay=0.5, limit=16384, tls=None
) -> Response:
    _check(url, headers)
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
            return Response(status, _header(fields), _text(data))
        except MemoryError:
            raise TooLarge("%s: no memory for the answer" % _place(url))
        except (TooLarge, ConfigError):
            raise
        except OSError as why:
            error = why if isinstance(why, LinkError) else LinkError("%s: %s" % (_place(url), why))
    return Response(error=error)


def _check(url, headers) -> None:
    """Raise ConfigError for what would end the request's line or a header too early."""
    right = isinstance(url, str) and url.split("://")[0] in ("http", "https")
    if not right or "\r" in url or "\n" in url or " " in url:
        raise ConfigError("expected http://host:port/path, got %r" % (url,))
    for name in headers or ():
        for text in (name, headers[name]):
            if not isinstance(text, str) or "\r" in text or "\n" in text:
                raise ConfigError("header %r: expected str, of one line" % (name,))


def _asking(url, query):
    if not query:
        return url
    mark = "&" if "?" in url else "?"
    pairs = [_quoted(name) + "=" + _quoted(query[name]) for name in query]
    return url + mark + "&".join(pairs)


def _quoted(value) -> str:
    return "".join([chr(b) if b in _SAFE else "%%%02X" % b for b in str(value).encode()])


def _header(fields) -> dict:
    found: dict = {}
    for name, value in fields:
        name = "-".join([part[:1].upper() + part[1:].lower() for part in name.split("-")])
        found[name] = found[name] + ", " + value if name in found else value
    return found


def _text(data) -> str:
    try:
        return bytes(data).decode()
    except ValueError:
        raise ProtocolError("a body that is not UTF-8")


def _place(url: str) -> str:
    # Without what may be secret: user and password, path and query.
    return "/".join(url.split("?")[0].split("/")[:3]).split("@")[-1]
