"""motelink.aio: clients and nodes in a program of coroutines."""

import asyncio

from kit import MICROPYTHON, raises
from motelink import aio, port, storage
from motelink.errors import AuthError, ConnectionLost
from motelink.node import Node
from motelink.settings import Settings
from owner import HEART
from peer import UUID, Session

DEADLINE = 15
NODE = (
    """\
manager_host = "127.0.0.1"
manager_port = 9
manager_type = "kettle"
manager_uuid = "%s"
"""
    % UUID
)


class _Client:
    """Ends with ``error`` in its turn number ``last``."""

    sock = None

    def __init__(self, last, error=None):
        self.turns = 0
        self.last = last
        self.last_error = None
        self.error = error
        self.loop = None
        self.deadline = port.ticks_ms()

    def step(self, ms):
        if not self.loop:
            from motelink.loop import Loop

            Loop().add(self)
        self.loop.step(ms)

    def turn(self, now):
        self.deadline = now
        self.turns += 1
        if self.turns == self.last:
            self.last_error = self.loop.error = self.error
            self.loop.remove(self)

    def failed(self, error):
        raise error


def test_it_returns_when_the_client_has_ended():
    client = _Client(3)
    asyncio.run(aio.run(client, 0))
    assert client.turns == 3


def test_it_raises_what_ended_the_client():
    error = AuthError("refused")
    assert raises(AuthError, asyncio.run, aio.run(_Client(2, error), 0)) is error


def test_what_ended_another_is_not_raised():
    client, other = _Client(5), _Client(2, AuthError("refused"))
    client.step(0)
    client.loop.add(other)
    asyncio.run(aio.run(client, 0))
    assert (client.turns, other.turns) == (5, 2)


def test_other_coroutines_run_meanwhile_and_clients_of_the_loop_too():
    async def main():
        client, other = _Client(1 << 28), _Client(1 << 28)
        client.step(0)
        client.loop.add(other)
        task = asyncio.create_task(aio.run(client, 0))
        for _ in range(10):
            await asyncio.sleep(0)
        assert client.turns > 2 and other.turns > 2
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return client
        raise AssertionError("not cancelled")

    client = asyncio.run(main())
    assert client in client.loop.clients  # who cancels it may run it again


def test_a_real_connection():
    with Session("length", known=False) as session:
        session.peer.turn = None

        async def main():
            task = asyncio.create_task(aio.run(session.client, 1))
            while not session.client.loop or session.client.state != 3:
                await asyncio.sleep(0)
            session.peer.accept()
            session.peer.send(HEART["length"])
            while not session.client.beats:
                await asyncio.sleep(0)
            session.client.end()
            await task

        asyncio.run(main())
        assert session.client.beats == 1


def test_a_node():
    storage.write("s.toml", NODE)
    node = Node(Settings("s.toml"), "kettle")
    ticks = []
    node.every(1, lambda: ticks.append(1))

    async def main():
        task = asyncio.create_task(aio.run(node, 1))
        while not task.done() and (len(ticks) < 3 or not node.platforms[0].client.errors):
            await asyncio.sleep(0)
        node.platforms[0].client.end()
        await task

    asyncio.run(main())
    assert isinstance(node.platforms[0].client.last_error, ConnectionLost)
    assert node.platforms[0].client not in node.loop.clients


def test_waiting_allocates_nothing():
    if not MICROPYTHON:
        return
    import gc

    used = []

    async def main():
        client = _Client(1 << 28)
        client.step(0)
        task = asyncio.create_task(aio.run(client, 0))
        for number in range(60):
            await aio.sleep_ms(0)
            if number == 20 or number == 50:
                gc.disable()
                used.append((client.turns, gc.mem_alloc()))
        gc.enable()
        task.cancel()

    asyncio.run(main())
    (first, before), (last, after) = used
    assert last - first >= 29
    assert after - before < 100, after - before  # the note itself
