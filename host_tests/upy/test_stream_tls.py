"""motelink.stream over TLS.

A write that would block must be tried again with the same bytes: the TLS layer has encrypted them
already, and takes whatever comes next for them (mbedtls_ssl_write).
"""

from doubles import Instead
from kit import raises
from motelink import link_connect, log, port
from motelink.errors import ConfigError, TooLarge
from motelink.link import Link
from motelink.stream import Stream
from wire import Wire


class _Tls(Wire):
    """What mbedTLS does when the socket below is full."""

    pending = None
    full = False

    def write(self, buf, at, n):
        data = bytes(memoryview(buf)[at : at + n])
        if self.full:
            if self.pending is None:
                self.pending = data
            return None
        if self.pending is not None:
            data, self.pending = self.pending, None
        self.sent += data
        self.writes += 1
        return n


def _secured(size=4000):
    stream = Stream(size, size)
    stream.sock = Wire()
    with Instead(port, "tls_wrap", lambda sock, context, host: _Tls()):
        link_connect.secure(stream, None, "host")
    assert isinstance(stream.sock, _Tls)
    return stream


def test_what_tls_has_begun_is_not_added_to():
    for first in (
        lambda stream, data: stream.write(data),
        lambda stream, data: (stream.tx.put(data), stream.flush()),
    ):
        stream = _secured()
        stream.sock.full = True
        first(stream, b"first")
        stream.write(b"second")
        stream.flush()
        stream.sock.full = False
        while not stream.flush():
            pass
        assert stream.sock.sent == b"firstsecond", stream.sock.sent


def test_tls_writes_are_small():
    stream = _secured()
    stream.write(b"x" * 3000)
    while not stream.flush():
        pass
    assert stream.sock.sent == b"x" * 3000
    assert stream.sock.writes == 3


def test_tls_write_beyond_the_buffer_sends_nothing():
    stream = _secured(500)
    raises(TooLarge, stream.write, b"x" * 600)
    assert stream.sock.sent == b""


def test_tls_wants_a_clock():
    stream = Stream(20, 20)
    stream.sock = Wire()
    with Instead(port, "unix_time", lambda: 946684800):
        error = raises(ConfigError, link_connect.secure, stream, None, "host")
    assert "clock is not set" in str(error)


class _Context:
    def __init__(self, verify_mode):
        self.verify_mode = verify_mode


class _Said:
    count = 0  # how often it was told

    def __call__(self, text, *values):
        assert text % values == "host:8883: certificates are not checked"
        self.count += 1


def test_certificates_that_are_not_checked_are_told():
    for context, said in ((_Context(0), 1), (_Context(2), 0), (object(), 0), (False, 0)):
        warning = _Said()
        with Instead(log, "warning", warning):
            Link("host", 8883, 64, 64, context, None, 1000)
        assert warning.count == said, context
