"""motelink.http_client: answers cut anywhere, and those that are none. MicroPython's HTTP; tested
on CPython as well."""

from kit import Random, raises
from motelink import http_client
from motelink.buffer import Buffer
from motelink.errors import ConfigError, ConnectionLost, ProtocolError


def read(data, step=0, method="GET", limit=1000, closed=False):
    """What comes of these bytes, ``step`` of them at a time."""
    answer = http_client.Answer(method, limit)
    rx = Buffer(512)
    at = 0
    step = step or 512
    while at < len(data) and not answer.done:
        rx.clear()
        piece = data[at : at + step]
        rx.put(piece)
        at += len(piece)
        answer.received(rx)
    if closed:
        answer.ended()
    return answer


PLAIN = b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 11\r\n\r\nhello\r\nfour"
CHUNKED = (
    b"HTTP/1.1 201 Made\r\ntransfer-encoding: Chunked\r\n\r\n"
    b"5\r\nhello\r\n6;x=y\r\n\r\nfour\r\n0\r\nTrailer: x\r\n\r\n"
)
CONTINUED = b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + PLAIN


def test_answers_cut_anywhere():
    for step in (1, 2, 3, 5, 7, 20, 0):
        answer = read(PLAIN, step)
        assert answer.done and answer.status == 200 and answer.body == b"hello\r\nfour"
        assert answer.fields == [("A", "b"), ("Content-Length", "11")]
        answer = read(CHUNKED, step)
        assert answer.done and answer.status == 201 and answer.body == b"hello\r\nfour"
        answer = read(CONTINUED, step)
        assert answer.done and answer.fields[0] == ("A", "b")
        answer = read(b"HTTP/1.0 200 OK\r\n\r\nhello\r\nfour", step, closed=True)
        assert answer.done and answer.body == b"hello\r\nfour"


def test_answers_without_a_body():
    for data, method in (
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", "HEAD"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD"),
        (b"HTTP/1.1 204 None\r\nContent-Length: 50\r\n\r\n", "GET"),
        (b"HTTP/1.1 304 Same\r\n\r\n", "GET"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "PUT"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 00\r\n\r\nmore", "PUT"),
    ):
        answer = read(data, method=method)
        assert answer.done and answer.body == b"", data


def test_bodies_over_the_limit():
    head = b"HTTP/1.1 200 OK\r\n"
    for data in (
        head + b"Content-Length: 11\r\n\r\n",
        head + b"Content-Length: 999999999999\r\n\r\n",
        head + b"\r\n12345678901",
        head + b"Transfer-Encoding: chunked\r\n\r\nb\r\n",
        head + b"Transfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n",
    ):
        answer = read(data, 5, limit=10)
        assert answer.done and answer.body is None, data
    assert read(head + b"Content-Length: 10\r\n\r\n1234567890", limit=10).body == b"1234567890"


def test_answers_that_are_none():
    head = b"HTTP/1.1 200 OK\r\n"
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    wrong = [b"SSH-2.0\r\n", b"HTTP/2 200\r\n", b"HTTP/1.1\r\n", b"HTTP/1.1 abc\r\n", b"\r\n"]
    wrong += [b"HTTP/1.1 99 x\r\n", b"HTTP/1.1 600 x\r\n", b"HTTP/1.1 -200 x\r\n"]
    wrong += [head + b"no colon\r\n\r\n", head + b"X: \xff\r\n\r\n", head + b"X: y\r\n" * 2000]
    for size in (b"x", b"-1", b"+1", b"1 1", b"f"):
        wrong.append(head + b"Content-Length: " + size + b"\r\n\r\n")
    for size in (b"x\r\n", b"-1\r\n", b"\r\n", b"1\r\nab\r\n", b"1" * 9000):
        wrong.append(chunked + size)
    wrong.append(head + b"Transfer-Encoding: gzip, chunked\r\n\r\n")  # asked for by nobody
    for data in wrong:
        for step in (0, 1):
            raises(ProtocolError, read, data, step)


def test_answers_cut_short():
    for data in (PLAIN, CHUNKED, CONTINUED):
        for end in range(len(data)):
            raises(ConnectionLost, read, data[:end], 0, "GET", 1000, True)


def test_any_bytes():
    random = Random(5)
    for _ in range(200):
        data = bytearray(random.choice((PLAIN, CHUNKED, CONTINUED)))
        for _ in range(1 + random.below(4)):
            data[random.below(len(data))] = random.bits(8)
        try:
            read(bytes(data), 1 + random.below(30), closed=True)
        except (ProtocolError, ConnectionLost):
            pass


def test_requests():
    head = {"Content-Type": "application/json"}
    made = http_client._request("PUT", "http://host:81/a/b?c=d#e", head, b"{}")
    assert made[:3] == (False, "host", 81)
    assert made[3].split(b"\r\n") == [
        b"PUT /a/b?c=d HTTP/1.1",
        b"Host: host:81",
        b"Connection: close",
        b"Accept-Encoding: identity",
        b"Content-Length: 2",
        b"Content-Type: application/json",
        b"",
        b"{}",
    ]
    for url, wanted in (
        ("http://host", (False, "host", 80)),
        ("https://host", (True, "host", 443)),
        ("https://host:8443/", (True, "host", 8443)),
        ("http://[::1]:81/", (False, "::1", 81)),
        ("http://[::1]", (False, "::1", 80)),
        ("http://host?a=b:c", (False, "host", 80)),
    ):
        assert http_client._request("GET", url, {}, None)[:3] == wanted, url
    made = http_client._request("GET", "http://host?a=b", {"host": "x"}, None)[3]
    assert made.startswith(b"GET /?a=b HTTP/1.1\r\n") and b"Host: host" not in made
    for url in ("http://", "http://:80", "http://host:0", "http://host:65536", "http://host:x"):
        raises(ConfigError, http_client._request, "GET", url, {}, None)


def test_a_wrong_url_is_not_told_with_what_may_be_secret():
    from motelink.http_request import request  # other bodies put a fake into the package

    for url in ("htp://user:secret@h/x?key=secret", "user:secret@h", "http://u:secret@h/a b"):
        error = raises(ConfigError, request, "GET", url, None, {})
        assert "secret" not in str(error) and "h" in str(error), error
