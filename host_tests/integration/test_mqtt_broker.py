"""Mosquitto as a child process: it starts, says why not, and leaves nothing behind."""

import os
import socket

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker import Broker


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def test_it_leaves_no_process_and_no_folder() -> None:
    with Broker() as broker:
        pid, folder, port = broker.pid, broker.folder, broker.port
        assert answers(port)
        assert (folder / "mosquitto.conf").exists()
    assert not answers(port)
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_keeps_its_port_over_restarts() -> None:
    with Broker() as broker:
        port = broker.port
        for end in (broker.stop, broker.kill):
            end()
            assert not answers(port)
            with pytest.raises(ToolError, match="not running"):
                _ = broker.pid
            broker.start()
            assert answers(port)
        assert broker.port == port


def test_a_broker_that_hangs_can_be_closed() -> None:
    broker = Broker()
    broker.start()
    broker.pause()
    broker.close()
    assert not answers(broker.port)


def test_what_mosquitto_refuses_is_said() -> None:
    with (
        pytest.raises(ToolError, match=r"mosquitto did not start: .*no_such_option"),
        Broker(options=["no_such_option true"]),
    ):
        pass


@pytest.mark.parametrize("name", ["", "a:b", "#a", " a", "a\nb"])
def test_users_that_the_file_cannot_hold(name: str) -> None:
    with pytest.raises(ToolError, match="a broker's user"):
        Broker(users={name: "secret"})
