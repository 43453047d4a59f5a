"""`motelink.http` on CPython: PyPI's requests."""

from threading import Thread

import requests
from requests.adapters import HTTPAdapter


def fetch(method, url, headers, body, ms, limit, tls):
    """(status, pairs of header fields, body or None: larger than ``limit``). Raises OSError.

    requests bounds each recv, not the whole: a server that sends a byte a second would keep it
    for ever. So it runs in a thread, which is left to itself when the time is up.
    """
    answer: list = []

    def run():
        try:
            answer.append(_fetch(method, url, headers, body, ms / 1000, limit, tls))
        except (requests.RequestException, ValueError) as error:
            answer.append(OSError(_reason(error)))
        except Exception as error:
            answer.append(error)

    thread = Thread(target=run, name="motelink.http", daemon=True)
    thread.start()
    thread.join(ms / 1000)
    if not answer:
        raise TimeoutError(f"no answer in {ms} ms")
    if isinstance(answer[0], Exception):
        raise answer[0]
    return answer[0]


def _fetch(method, url, headers, body, timeout, limit, tls):
    with requests.Session() as session:
        session.headers.clear()
        if "@" not in url.split("/")[2]:
            session.auth = _as_given
        if tls:
            session.mount("https://", _Trusting(tls))
        # identity: a compressed body would be larger than it looks.
        headers = {"Accept-Encoding": "identity", **headers}
        with session.request(
            method,
            url,
            headers=headers,
            data=body,
            timeout=timeout,
            stream=True,
            allow_redirects=False,
        ) as answer:
            data = b""
            for piece in answer.iter_content(4096):
                data += piece
                if len(data) > limit:
                    return answer.status_code, [], None
            return answer.status_code, list(answer.headers.items()), data


def _as_given(request):
    """No authorization but that of ``headers``: requests would put that of ~/.netrc there."""
    return request


def _reason(error: Exception) -> str:
    # Without the URL, whose query may be secret.
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    # What the server has said may be in it: one line, and not a long one.
    said = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(cause)[:200])
    return f"{type(error).__name__}: {said}" if cause is not error else type(error).__name__


class _Trusting(HTTPAdapter):
    """Verifies with a context of `port.tls_context`, and nothing else."""

    def __init__(self, context):
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, ssl_context=self._context, **options)

    def cert_verify(self, conn, url, verify, cert):
        """The context knows whom to trust."""
