"""Ports that are free when they are chosen, and still when a broker comes to listen."""

import socket

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker import ports


def test_a_port_that_is_taken_is_not_chosen(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        monkeypatch.setattr(ports, "_TRIES", 1)
        monkeypatch.setattr(ports, "_FREE", range(number, number + 1))
        with pytest.raises(ToolError, match="no port is free") as info:
            ports.free_port()
        assert info.value.kind == "cannot_listen"
    assert ports.free_port() == number


def test_an_address_that_is_not_ours_is_said():
    with pytest.raises(ToolError, match=r"cannot listen on 192\.0\.2\.1") as info:
        ports.free_port("192.0.2.1")
    assert info.value.kind == "cannot_listen"
