"""The Manager in asyncio programs: on their own loop, and beside one in a thread."""

import asyncio
import socket
import threading

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.manager import AsyncManager, Manager

from .manager_device import DEADLINE_S, connected


class Streams:
    """A device on asyncio streams, raw dialect."""

    def __init__(self, reader, writer, identity):
        self.reader, self.writer, self.uuid = reader, writer, identity

    @classmethod
    async def identified(cls, manager, number=0):
        identity = f"00000000-0000-4000-8000-{number:012}"
        reader, writer = await asyncio.open_connection("127.0.0.1", manager.port)
        assert await reader.readexactly(1) == b"\x01"
        writer.write(f"{identity}##test##{{}}".encode())
        while identity not in [client.data.uuid for client in manager.get_clients()]:
            await asyncio.sleep(0.001)
        return cls(reader, writer, identity)

    async def expect(self, data):
        assert await asyncio.wait_for(self.reader.readexactly(len(data)), DEADLINE_S) == data

    async def close(self):
        self.writer.close()
        await self.writer.wait_closed()


def run(coroutine):
    """On a fresh loop; no task and no thread may be left."""
    before = set(threading.enumerate())

    async def main():
        await asyncio.wait_for(coroutine, 3 * DEADLINE_S)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(main()) == set()
    assert set(threading.enumerate()) == before


def test_on_the_callers_own_loop():
    async def program():
        heard = asyncio.Queue()
        async with AsyncManager(["test"], connection_port=0) as manager:

            @manager.event
            async def on_message(client, message):
                assert asyncio.get_running_loop() is loop
                await heard.put((client, bytes(message)))

            loop = asyncio.get_running_loop()
            device = await Streams.identified(manager)
            assert manager.get_client_data() == [{"uuid": device.uuid, "type": "test", "data": {}}]
            device.writer.write(b"hello")
            client, message = await heard.get()
            assert message == b"hello"
            assert client.send_string("one ") == 4
            assert manager.send_all(b"two") == 1
            await device.expect(b"one two")
        await device.expect(b"end\n")
        await device.close()
        assert client.send(b"x") is None
        assert manager.send_all(b"x") == 0

    run(program())


def test_a_device_that_has_gone_unseen_is_no_trouble_at_the_end():
    async def program():
        loop = asyncio.get_running_loop()
        async with AsyncManager(["test"], connection_port=0) as manager:
            for number in range(20):
                device = socket.socket()
                device.setblocking(False)
                await loop.sock_connect(device, ("127.0.0.1", manager.port))
                await loop.sock_recv(device, 1)
                identity = f"00000000-0000-4000-8000-{number:012}"
                await loop.sock_sendall(device, f"{identity}##test##{{}}".encode())
                while not (clients := manager.get_clients()):
                    await asyncio.sleep(0.001)
                device.close()
                clients[0].end()  # what it is told is answered with a reset
                while manager.get_clients():
                    await asyncio.sleep(0.001)

    run(program())


def test_plain_handlers_may_block_beside_the_loop():
    async def program():
        heard = asyncio.Queue()
        async with AsyncManager(["test"], connection_port=0) as manager:
            loop = asyncio.get_running_loop()

            @manager.event
            def on_connect(client):
                with client.connection_lock:
                    client.send(b"name?")
                    loop.call_soon_threadsafe(heard.put_nowait, client.recv_string())

            device = await Streams.identified(manager)
            await device.expect(b"name?")
            device.writer.write(b"hugo")
            assert await heard.get() == "hugo"
            await device.close()

    run(program())


def test_the_coroutine_forms_of_a_client():
    async def program():
        async with AsyncManager(["test"], connection_port=0) as manager:
            device = await Streams.identified(manager)
            (client,) = manager.get_clients()
            async with client.connection_lock:
                client.send(b"name?")
                await device.expect(b"name?")
                device.writer.write(b"hugo")
                assert await client.arecv() == b"hugo"
                device.writer.write(b"anna")
                assert await client.arecv_string() == "anna"
                assert await client.arecv(timeout=0.001) is None
            beating = asyncio.create_task(client.aheartbeat())
            await device.expect(b"\x02")
            device.writer.write(b"beat")
            assert await beating > 0
            asking = asyncio.create_task(client.aget_data())
            await device.expect(b"\x01")
            device.writer.write(f'{device.uuid}##test##{{"new": 1}}'.encode())
            await asking
            assert client.data.data == {"new": 1}
            await device.close()
            with pytest.raises(client.ConnectionEnd):
                await client.arecv()
            for ask in (client.aheartbeat, client.aget_data):
                with pytest.raises(client.ConnectionEnd):
                    await ask()

    run(program())


def test_the_waiting_forms_refuse_to_stop_a_loop():
    async def program():
        async with AsyncManager(["test"], connection_port=0) as manager:
            device = await Streams.identified(manager)
            (client,) = manager.get_clients()
            for wait, instead in (
                (client.recv, "await client.arecv"),
                (client.recv_string, "await client.arecv"),
                (client.get_data, "await client.aget_data"),
                (client.heartbeat, "await client.aheartbeat"),
            ):
                with pytest.raises(RuntimeError, match=instead):
                    wait()
            await device.close()

    run(program())


def test_a_coroutine_handler_can_hold_the_lock():
    async def program():
        answers = asyncio.Queue()
        async with AsyncManager(["test"], connection_port=0) as manager:

            @manager.event
            async def on_message(client, message):
                async with client.connection_lock:
                    client.send(b"more?")
                    answers.put_nowait((bytes(message), await client.arecv()))

            device = await Streams.identified(manager)
            device.writer.write(b"go")
            await device.expect(b"more?")
            assert manager.send_all(b"unrelated") == 1  # waits for the lock
            device.writer.write(b"no")
            assert await answers.get() == (b"go", b"no")
            await device.expect(b"unrelated")
            await device.close()

    run(program())


def test_beside_a_manager_in_its_thread():
    """Another loop than the Manager's may use the coroutine forms."""
    with Manager(["test"], connection_port=0) as manager:
        device, client = connected(manager)

        async def program():
            async with client.connection_lock:
                assert client.send(b"name?") == 5
                device.expect(b"name?")
                device.send(b"hugo")
                assert await client.arecv() == b"hugo"

        with device:
            asyncio.run(program())


def test_closing_again_and_at_the_same_time():
    async def program():
        manager = AsyncManager(["test"], connection_port=0)
        await manager.close()
        await manager.start()
        with pytest.raises(RuntimeError, match="started before"):
            await manager.start()
        await asyncio.gather(manager.close(), manager.close())
        await manager.close()

    run(program())


def test_before_the_start_there_is_nobody_to_send_to():
    manager = AsyncManager(["test"])
    with pytest.raises(RuntimeError, match="not been started"):
        manager.send_all(b"x")


def test_a_port_that_cannot_be_had():
    async def program():
        async with AsyncManager(["test"], connection_port=0) as first:
            second = AsyncManager(["test"], connection_port=first.port)
            with pytest.raises(ToolError, match="cannot listen on"):
                await second.start()

    run(program())


def test_closing_cancels_coroutine_handlers_that_do_not_end(monkeypatch, caplog):
    monkeypatch.setattr("motelink_tools.hub.manager.server.HANDLER_GRACE_S", 0.05)

    async def program():
        began = asyncio.Event()
        async with AsyncManager(["test"], connection_port=0) as manager:

            @manager.event
            async def on_connect(client):
                began.set()
                await asyncio.Event().wait()

            device = await Streams.identified(manager)
            await began.wait()
        await device.close()

    run(program())
    assert "1 handlers still run" in caplog.text


def test_many_connect_at_once():
    """A storm of connections harms nobody: each one is accepted, and is the one it says it is."""

    async def program():
        async with AsyncManager(
            ["test"], connection_port=0, backlogged_connections=256, logging_level=30
        ) as manager:
            devices = await asyncio.gather(*(Streams.identified(manager, n) for n in range(200)))
            assert len(manager.get_clients()) == 200
            for device in devices:
                assert manager.send(device.uuid, device.uuid.encode()) == 36
            await asyncio.gather(*(device.expect(device.uuid.encode()) for device in devices))
            await asyncio.gather(*(device.close() for device in devices))

    run(program())


def test_those_who_come_together_do_not_beat_together():
    """The first heartbeats of 30 clients spread over half a period: a burst delays everybody."""

    async def program():
        rate = 1.5
        async with AsyncManager(
            ["test"], connection_port=0, heartbeat_rate=rate, backlogged_connections=64
        ) as manager:
            devices = await asyncio.gather(*(Streams.identified(manager, n) for n in range(30)))
            loop, times = asyncio.get_running_loop(), []

            async def beat(device):
                await device.expect(b"\x02")
                times.append(loop.time())

            await asyncio.gather(*(beat(device) for device in devices))
            assert max(times) - min(times) > rate / 4
            await asyncio.gather(*(device.close() for device in devices))

    run(program())
