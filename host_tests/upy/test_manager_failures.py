"""motelink.manager.Client when more than the connection is wrong: final errors, what the log
shows, and starting again.
"""

from doubles import Delay, Instead
from kit import raises
from motelink import log, port
from motelink.errors import AuthError, ConfigError
from owner import GETINFO
from peer import Session


def test_final_errors_end_run_and_are_raised():
    for error in (ConfigError("wrong"), AuthError("refused")):

        def fail(host, number, error=error):
            raise error

        with Instead(port, "resolve", fail), Session("raw", known=False) as session:
            assert raises(type(error), session.client.run) is error
            assert session.client.last_error is error
            assert session.client.loop.clients == []
            assert session.heard == []
            assert raises(type(error), session.client.run) is error  # it stays ended


def test_final_error_of_an_open_connection():
    def fail(writer):
        raise ConfigError("no such sensor")

    with Session("length", data=fail, known=False) as session:
        session.peer.accept()
        session.peer.send(GETINFO["length"])
        error = raises(ConfigError, session.client.run)
        assert session.heard == [("end", error)]
        session.peer.turn = None
        session.peer.expect_close()


def test_memory_error_restarts_the_client():
    readings = []

    def write(writer):
        readings.append(1)
        if len(readings) == 1:
            raise MemoryError("no room")

    with Session("length", data=write, known=False) as session:
        session.peer.accept()
        session.peer.send(GETINFO["length"])
        session.peer.expect_close()
        assert not session.client.connected
        session.peer.accept()
        session.peer.send(GETINFO["length"])
        session.wait(lambda: session.client.connected)


def test_network_trouble_is_one_line_in_the_log():
    with Session("raw") as session:
        log.keep(1000)
        log.set_level("warning")
        session.peer.hang_up()
        session.connect()
        lines = log.lines()
        log.keep(0)
        log.set_level("info")
        assert len(lines) == 1, lines
        assert " W 127.0.0.1:%d: closed by the other side" % session.peer.port in lines[0], lines


def test_a_line_in_the_log_names_the_server_once():
    with Session("length") as session:
        log.keep(1000)
        log.set_level("warning")
        session.peer.send(b"\0\1\3")  # the end
        session.peer.expect_close()
        (line,) = log.lines()
        log.keep(0)
        log.set_level("info")
        assert line.endswith(" W 127.0.0.1:%d: ended by the server" % session.peer.port), line


def test_a_mistake_of_the_program_is_a_traceback_in_the_log():
    with Session("length", data=lambda writer: writer.no_such_method(), known=False) as session:
        log.keep(3000)
        session.peer.accept()
        session.peer.send(GETINFO["length"])
        session.peer.expect_close()
        kept = "\n".join(log.lines())
        log.keep(0)
        assert "Traceback" in kept, kept
        assert "no_such_method" in kept, kept
        assert "127.0.0.1:%d" % session.peer.port in kept, kept


def test_reconnect_is_at_once():
    with Session("raw", backoff=Delay(50000)) as session:
        session.client.reconnect()
        session.connect()
        assert session.heard == ["connect", ("end", None), "connect"]
        assert session.client.errors == 0


def test_restart_after_end():
    with Session("raw") as session:
        client = session.client
        client.end()
        client.reconnect()
        client.loop.add(client)
        session.connect()
        assert client.connected
