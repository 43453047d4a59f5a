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

from motelink.http_request import Response, request

_SAFE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"


def get(url, query=None, headers=None, **options) -> Response:
    """``query``: a dict, put behind the URL. ``headers``: a dict, sent as it is.

    ``options`` of all five: ``timeout``: seconds for each try as a whole (MicroPython cannot
    bound name resolution); ``retries``: how often to try again when there is no answer, after
    ``retry_delay`` seconds; ``limit``: bytes of the body; ``tls``: a context of
    `port.tls_context` for https, else what the runtime trusts, which on MicroPython is nothing.
    Raises TooLarge for a larger body or one that the heap has no room for, ConfigError.
    """
    return request("GET", _asking(url, query), None, headers, **options)


def post(url, body, headers=None, **options) -> Response:
    """``body``: bytes, or a str, sent as UTF-8."""
    return request("POST", url, body, headers, **options)


def put(url, body, headers=None, **options) -> Response:
    """See `post`."""
    return request("PUT", url, body, headers, **options)


def delete(url, headers=None, body=None, **options) -> Response:
    """``body``: None, or as for `post`."""
    return request("DELETE", url, body, headers, **options)


def header(url, query=None, headers=None, **options) -> Response:
    """HEAD: as `get`, without the body."""
    return request("HEAD", _asking(url, query), None, headers, **options)


def _asking(url, query):
    if not query:
        return url
    mark = "&" if "?" in url else "?"
    pairs = [_quoted(name) + "=" + _quoted(query[name]) for name in query]
    return url + mark + "&".join(pairs)


def _quoted(value) -> str:
    return "".join([chr(b) if b in _SAFE else "%%%02X" % b for b in str(value).encode()])
