"""The IoTtalk server's own connection to a real mosquitto, behind a door that a test holds."""

import asyncio

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker.mosquitto import Broker
from motelink_tools.hub.csm import uplink
from motelink_tools.hub.csm.uplink import Uplink


class Door:
    """The first ``silent`` connections are never answered, the others lead to the broker."""

    def __init__(self, port: int, silent: int) -> None:
        self.came = 0
        self._port = port
        self._silent = silent
        self._writers: list[asyncio.StreamWriter] = []

    async def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        self._writers.append(writer)
        if self.came <= self._silent:
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(inner_writer)
        await asyncio.gather(_pass(reader, inner_writer), _pass(inner_reader, writer))

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)


async def connect(door: Door) -> list[str]:
    """What it was told; ToolError when it was not connected."""
    told: list[str] = []
    server = await asyncio.start_server(door.enter, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        link = Uplink("127.0.0.1", port, None, lambda *_: None, lambda: told.append("connected"))
        try:
            await link.start()
        finally:
            await link.close()
            await door.close()
    return told


def test_a_connection_that_is_not_answered_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uplink, "_TRY_S", 0.3)
    with Broker() as broker:
        door = Door(broker.port, silent=2)
        assert asyncio.run(connect(door)) == ["connected"]
    assert door.came == 3


def test_one_that_is_never_answered_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uplink, "_TRY_S", 0.1)
    monkeypatch.setattr(uplink, "_CONNECT_S", 0.5)
    with pytest.raises(ToolError, match="no answer in"):
        asyncio.run(connect(Door(0, silent=99)))
