"""motelink.manager.Client and everything that can go wrong with its connection. Time is injected:
deadlines are set to now, never waited for.
"""

import os
import socket

import motelink
from doubles import Delay, Instead
from motelink import port
from motelink.errors import ConnectionLost, TimedOut
from owner import DIALECTS, HEART
from peer import Session


def _left(client):
    """Milliseconds to its deadline."""
    return port.ticks_diff(client.deadline, port.ticks_ms())


def _due(client):
    """Let its deadline come now."""
    client.deadline = port.ticks_ms()
    client.step()


def test_connection_closed_by_the_server():
    for dialect in DIALECTS:
        with Session(dialect) as session:
            session.peer.hang_up()
            session.connect()
            assert (session.client.connects, session.client.errors) == (2, 1)
            assert isinstance(session.client.last_error, ConnectionLost)
            assert "closed by the other side" in str(session.client.last_error)
            assert session.heard == ["connect", ("end", session.client.last_error), "connect"]


def test_connection_reset():
    for dialect in DIALECTS:
        with Session(dialect) as session:
            session.peer.reset()
            session.connect()
            assert isinstance(session.client.last_error, ConnectionLost)
            assert session.client.errors == 1


def test_connection_lost_before_getinfo():
    with Session("raw", known=False) as session:
        for _ in range(3):
            session.peer.accept()
            session.wait(lambda: session.client.state == 3)
            session.peer.hang_up()
        session.connect()
        assert session.heard[-1] == "connect"


def test_half_a_message_is_forgotten():
    for dialect, half in (("terminated", b"hal"), ("length", b"\x00\x05ha"), ("raw", b"en")):
        with Session(dialect) as session:
            session.peer.send(half)
            for _ in range(5):
                session.peer.turn()
            session.peer.hang_up()
            session.connect()
            session.peer.send(HEART[dialect])
            session.expect_beat()
            assert session.client.messages == 0


def test_reconnecting_leaks_no_sockets():
    def opened():
        return len(os.listdir("/proc/self/fd"))

    with Session("length") as session:
        before = opened()
        for i in range(30):
            if i % 3 == 0:
                session.peer.reset()
            elif i % 3 == 1:
                session.peer.hang_up()
            else:
                session.client.reconnect()
            session.connect()
        assert opened() == before
        session.peer.listener.close()
        session.peer.hang_up()
        session.wait(lambda: session.client.errors > 30)
        assert opened() <= before


def test_refused_connections_back_off():
    delay = Delay(50000)
    with Session("raw", backoff=delay, known=False) as session:
        session.peer.listener.close()
        client = session.client
        for failures in (1, 2, 3):
            client.deadline = port.ticks_ms()
            session.wait(lambda failures=failures: delay.failures == failures)
            assert 40000 < _left(client) <= 50000
            assert isinstance(client.last_error, ConnectionLost), client.last_error
            assert client.sock is None
            client.step()  # not before the deadline
        assert delay.failures == client.errors == 3
        assert delay.resets == client.connects == 0
        assert session.heard == []  # there was nothing to end


def test_backoff_starts_anew_only_after_a_connection_that_held():
    delay = Delay(1)
    with Session("raw", backoff=delay) as session:
        session.peer.hang_up()
        session.connect()
        assert (delay.failures, delay.resets) == (1, 0)
        later = port.ticks_add(port.ticks_ms(), 11000)
        with Instead(port, "ticks_ms", lambda: later):
            session.peer.hang_up()
            session.wait(lambda: delay.failures == 2)
        assert delay.resets == 1
        client = session.client
        assert 1000 < _left(client) <= 11001
        _due(client)
        session.connect()


class Poor:
    """Where a part would be that there is no memory to load."""

    def failed(self, link, error):
        raise MemoryError


def test_no_memory_to_fail_with():
    with Session("raw") as session:
        client = session.client
        with Instead(motelink, "link_connect", Poor()):
            session.peer.hang_up()
            session.wait(lambda: client.errors)
        assert client.sock is None
        assert isinstance(client.last_error, ConnectionLost)
        assert isinstance(session.heard[-1][1], ConnectionLost), session.heard
        assert 20000 < _left(client) <= 30000
        _due(client)
        session.connect()


def test_server_that_never_asks():
    with Session("raw", known=False) as session:
        client = session.client
        session.peer.accept()
        session.wait(lambda: client.state == 3)
        assert 10000 < _left(client) <= 15000
        _due(client)
        session.peer.expect_close()
        assert isinstance(client.last_error, TimedOut), client.last_error
        assert "no getinfo in 15000 ms" in str(client.last_error)
        session.connect()


def test_server_that_falls_silent():
    for dialect in DIALECTS:
        with Session(dialect, silence_ms=40000) as session:
            client = session.client
            _due(client)  # it has just asked
            assert 30000 < _left(client) <= 40000
            session.peer.send(HEART[dialect])
            session.expect_beat()
            _due(client)
            assert 30000 < _left(client) <= 40000
            assert client.connected
            _due(client)  # and nothing since
            session.peer.expect_close()
            assert isinstance(client.last_error, TimedOut)
            session.connect()


def test_silence_may_be_allowed():
    with Session("raw", silence_ms=0) as session:
        for _ in range(3):
            _due(session.client)
        assert session.client.connected
        assert _left(session.client) > 1 << 27


def test_connect_has_a_deadline():
    # A listener whose queue is full drops connections without a word.
    with Session("raw", known=False, connect_ms=30000) as session:
        client = session.client
        session.peer.listener.listen(0)
        address = socket.getaddrinfo("127.0.0.1", session.peer.port)[0][-1]
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            try:
                other.connect(address)
            except OSError:
                pass
        for _ in range(5):
            client.step(1)
        assert client.state == 1, client.state
        assert 20000 < _left(client) <= 30000
        _due(client)
        assert isinstance(client.last_error, TimedOut), client.last_error
        assert "not connected in 30000 ms" in str(client.last_error)
        assert client.sock is None
        for other in others:
            other.close()


def test_address_is_resolved_again_only_after_a_failed_connect():
    calls = []
    resolve = port.resolve

    def counted(host, number):
        calls.append((host, number))
        return resolve(host, number)

    with Instead(port, "resolve", counted), Session("raw") as session:
        session.peer.hang_up()
        session.connect()
        assert calls == [("127.0.0.1", session.peer.port)]
        session.peer.listener.close()
        session.peer.hang_up()
        session.wait(lambda: session.client.errors >= 5)
        assert len(calls) >= 3, calls


def test_name_that_cannot_be_resolved():
    def fail(host, number):
        raise OSError(-2)

    delay = Delay(50000)
    with Instead(port, "resolve", fail), Session("raw", known=False, backoff=delay) as session:
        session.client.step()
        assert session.client.errors == 1
        assert 40000 < _left(session.client) <= 50000
        assert session.client.sock is None
