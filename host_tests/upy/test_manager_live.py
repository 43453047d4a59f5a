"""motelink.manager.Client with a function for data, and its memory: the answer to getinfo is
written afresh each time.
"""

from kit import raises
from motelink import log
from motelink.errors import ConfigError, TooLarge
from motelink.manager import Client
from owner import DIALECTS, GETINFO, HEART, frame
from peer import UUID, Session

PREFIX = UUID.encode() + b"##kettle##"


class _Thermometer:
    def __init__(self):
        self.reads = 0

    def write(self, writer):
        self.reads += 1
        writer.pair("reads", self.reads)


def test_values_are_fresh_at_each_getinfo():
    for dialect in DIALECTS:
        thermometer = _Thermometer()
        with Session(dialect, data=thermometer.write, known=False) as session:
            assert thermometer.reads == 0
            session.connect(PREFIX + b'{"reads":1}')
            for reads in (2, 3):
                session.peer.send(GETINFO[dialect])
                session.expect(PREFIX + b'{"reads":%d}' % reads)
            session.peer.send(HEART[dialect] + GETINFO[dialect] + HEART[dialect])
            session.expect_beat()
            session.expect(PREFIX + b'{"reads":4}')
            session.expect_beat()
            assert session.heard == ["connect"], session.heard


def test_answer_of_the_whole_buffer():
    for dialect, overhead in (("raw", 0), ("terminated", 1), ("length", 2)):
        text = b'{"a":"' + b"x" * 100 + b'"}'
        size = len(PREFIX) + len(text) + overhead

        def write(writer):
            writer.pair("a", "x" * 100)

        with Session(dialect, data=write, known=False, tx_size=size) as session:
            session.connect(PREFIX + text)


def _refused(dialect, write, **options):
    """The error that closed the connection; the client stays alive and comes back."""
    with Session(dialect, data=write, known=False, **options) as session:
        log.keep(2000)
        for _ in range(2):
            session.peer.accept()
            session.peer.send(GETINFO[dialect])
            session.peer.expect_close()  # and not a byte of a broken answer
            assert not session.client.connected
        assert session.client.errors == 2
        assert session.heard == [("end", session.heard[0][1]), ("end", session.heard[1][1])]
        assert log.lines()
        log.keep(0)
        return session.client.last_error


def test_function_that_writes_no_object():
    def half(writer):
        writer.key("a")
        writer.object()

    for dialect in DIALECTS:
        for write in (
            half,
            lambda writer: writer.key("a"),
            lambda writer: writer.end(),
            lambda writer: writer.object(),
            lambda writer: writer.value("x"),
            lambda writer: writer.value({}),
        ):
            error = _refused(dialect, write)
            assert isinstance(error, ValueError), error


def test_function_that_writes_nothing():
    for dialect in DIALECTS:
        with Session(dialect, data=lambda writer: None, known=False) as session:
            session.connect(PREFIX + b"{}")


def test_nested_data():
    def write(writer):
        writer.key("a")
        writer.array()
        writer.value({"b": None})
        writer.end()

    for dialect in DIALECTS:
        with Session(dialect, data=write, known=False) as session:
            session.connect(PREFIX + b'{"a":[{"b":null}]}')


def test_function_that_raises():
    def fail(writer):
        writer.pair("a", 1)
        raise RuntimeError("sensor gone")

    for dialect in DIALECTS:
        error = _refused(dialect, fail)
        assert "sensor gone" in str(error)


def test_function_that_writes_too_much():
    for dialect in DIALECTS:
        error = _refused(dialect, lambda writer: writer.pair("a", "x" * 500), tx_size=200)
        assert isinstance(error, TooLarge), error


def test_function_needs_room_for_uuid_and_type():
    raises(ConfigError, Client, "127.0.0.1", UUID, "kettle", _Thermometer().write, tx_size=40)


def test_answer_behind_what_is_not_yet_sent():
    for dialect in DIALECTS:
        thermometer = _Thermometer()
        with Session(dialect, data=thermometer.write, known=False) as session:
            session.connect(PREFIX + b'{"reads":1}')
            # The kernel takes all at once, so put what waits there by hand.
            session.client.tx.put(b"waiting")
            session.peer.send(GETINFO[dialect])
            session.peer.expect(b"waiting" + frame(dialect, PREFIX + b'{"reads":2}'))
