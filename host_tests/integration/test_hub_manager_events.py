"""The event handlers: which run, where, in which order, and what one that fails does to others."""

import asyncio
import logging
import threading

import pytest

from motelink_tools.hub.manager import Manager

from .manager_device import Device, connected, wait_for


@pytest.fixture
def manager():
    with Manager(["test", "lock"], connection_port=0, max_workers=4) as manager:
        yield manager


def test_global_and_by_type_handlers_both_run_the_global_one_first(manager):
    calls = []

    @manager.event
    def on_connect(client):
        calls.append(("on_connect", client.data.type))

    @manager.event
    async def on_connect_test(client):
        calls.append(("on_connect_test", client.data.type))

    @manager.event
    def on_connect_lock(client):
        calls.append(("on_connect_lock", client.data.type))

    @manager.event
    async def on_message(client, message):
        calls.append(("on_message", message))

    @manager.event
    def on_message_test(client, message):
        calls.append(("on_message_test", message))

    with connected(manager)[0] as device:
        device.send(b"hello")
        wait_for(lambda: len(calls) == 4)
    assert calls == [
        ("on_connect", "test"),
        ("on_connect_test", "test"),
        ("on_message", b"hello"),
        ("on_message_test", b"hello"),
    ]


def test_each_handler_gets_a_bytearray_of_its_own(manager):
    seen = []

    @manager.event
    def on_message(client, message):
        seen.append(type(message))
        message.clear()

    @manager.event
    def on_message_test(client, message):
        seen.append(bytes(message))

    with connected(manager)[0] as device:
        device.send(b"hello")
        wait_for(lambda: len(seen) == 2)
    assert seen == [bytearray, b"hello"]


def test_the_documentations_example(manager):
    """on_connect_test greets, on_message_test is told; on_connect may send at once."""
    messages = []

    @manager.event
    def on_connect_test(client):
        client.send_string("hello client")

    @manager.event
    def on_message_test(client, message):
        messages.append(message)

    with Device(manager) as device:
        device.identify().expect(b"hello client")
        device.send(b"hello server")
        wait_for(lambda: messages)
    assert messages == [bytearray(b"hello server")]


def test_the_decorator_returns_the_function_and_a_second_one_replaces_it(manager):
    calls = []

    def make(number):
        @manager.event
        def on_connect(client):
            calls.append(number)

        return on_connect

    assert callable(make(1))
    make(2)
    with connected(manager)[0]:
        wait_for(lambda: calls)
    assert calls == [2]


def on_conect(client):
    pass


def on_message_toaster(client, message):
    pass


@pytest.mark.parametrize("function", [on_conect, on_message_toaster])
def test_an_unknown_event_is_refused(manager, function):
    with pytest.raises(ValueError, match=rf"no event '{function.__name__}'.*test, lock"):
        manager.event(function)


def test_what_is_no_function_is_refused(manager):
    with pytest.raises(TypeError, match="expected a function"):
        manager.event("on_connect")


def test_messages_of_one_client_keep_their_order():
    seen = []
    with Manager(["test"], connection_port=0, framing="length") as manager:

        @manager.event
        def on_message(client, message):
            seen.append(int(message))

        with connected(manager, framing="length")[0] as device:
            device.put(b"".join(device.dialect.encode(b"%d" % number) for number in range(500)))
            wait_for(lambda: len(seen) == 500)
    assert seen == list(range(500))


def test_clients_do_not_wait_for_each_others_handlers(manager):
    release, done = threading.Event(), []

    @manager.event
    def on_message(client, message):
        if message == b"block":
            release.wait(15)
        done.append(bytes(message))

    with connected(manager)[0] as slow, connected(manager)[0] as quick:
        slow.send(b"block")
        quick.send(b"pass")
        wait_for(lambda: done == [b"pass"])
        release.set()
        wait_for(lambda: done == [b"pass", b"block"])


ERRORS = {
    b"error": ZeroDivisionError("on purpose"),
    b"exit": SystemExit("on purpose"),
    b"stop": StopIteration("on purpose"),
    b"cancel": asyncio.CancelledError("on purpose"),
}


def fail(message):
    if bytes(message) in ERRORS:
        raise ERRORS[bytes(message)]


def plain():
    def on_message(client, message):
        fail(message)

    return on_message


def coroutine():
    async def on_message(client, message):
        fail(message)

    return on_message


@pytest.mark.parametrize("what", ERRORS)
@pytest.mark.parametrize("make", [plain, coroutine])
def test_a_handler_that_raises_harms_nobody(manager, caplog, make, what):
    served = []
    manager.event(make())

    @manager.event
    def on_message_test(client, message):
        served.append(bytes(message))

    with connected(manager)[0] as device, connected(manager)[0] as other:
        device.send(what)
        wait_for(lambda: served == [what])
        device.send(b"again")
        wait_for(lambda: served == [what, b"again"])
        other.send(b"other")
        wait_for(lambda: served == [what, b"again", b"other"])
    failures = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(failures) == 1
    assert failures[0].exc_info[2] is not None
    assert f"on_message of {device.uuid} raised" in failures[0].getMessage()
    assert "on purpose" in caplog.text


def test_a_device_that_leaves_during_an_exchange_is_no_failure(manager, caplog):
    """The handler's recv raises ConnectionEnd; one line says so."""
    asked = threading.Event()

    @manager.event
    def on_connect(client):
        asked.set()
        client.recv()

    with connected(manager)[0] as device:
        asked.wait(15)
    wait_for(lambda: f"on_connect of {device.uuid} stopped" in caplog.text)
    assert "Traceback" not in caplog.text


def test_a_pair_exchange_while_messages_and_heartbeats_fly(caplog):
    """The handler's question gets its answer, on_message the rest, in order; nobody steals."""
    rounds, answers, others = 30, [], []
    with Manager(
        ["test"], connection_port=0, framing="length", heartbeat_rate=0.01, answer_timeout=15
    ) as manager:
        device, client = connected(manager, framing="length")
        encode, numbers = device.dialect.encode, iter(range(10_000))

        @manager.event
        def on_message(client, message):
            others.append(int(message))

        def play():
            """Answer heartbeats and questions; say a number before every answer to one."""
            answered = 0
            while answered < rounds:
                body = device.read(int.from_bytes(device.read(2), "big"))
                if body == b"\x02":
                    device.put(encode(b"\x02"))
                    device.put(encode(b"%d" % next(numbers)))
                elif body == b"?":
                    device.put(encode(b"answer"))
                    answered += 1

        playing = threading.Thread(target=play)
        playing.start()
        stolen = []
        for _ in range(rounds):
            with client.connection_lock:
                client.send(b"?")
                while (answer := client.recv()) != b"answer":
                    stolen.append(int(answer))
                answers.append(answer)
        playing.join()
        said = next(numbers)
        wait_for(lambda: len(others) + len(stolen) == said)
        device.socket.close()
    assert len(answers) == rounds
    assert others == sorted(others)
    # Numbers said while the lock was held went to its holder, and to nobody else.
    assert sorted(others + stolen) == list(range(said))


def test_what_others_send_waits_for_the_lock(manager):
    device, client = connected(manager)
    with device:
        with client.connection_lock:
            threads = [
                threading.Thread(target=client.send, args=[b"later "]),
                threading.Thread(target=manager.send_all, args=[b"later "]),
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()  # sending does not wait
            client.send(b"now ")
            device.expect(b"now ")
        device.expect(b"later later ")


def test_close_in_a_handler_does_not_wait_for_itself(caplog):
    closed = threading.Event()
    manager = Manager(["test"], connection_port=0)

    @manager.event
    def on_message(client, message):
        manager.close()
        closed.set()

    with connected(manager)[0] as device:
        device.send(b"shut down")
        device.expect_end()
        assert closed.wait(15)
        manager.close()
    assert "still run" not in caplog.text


def test_close_in_a_coroutine_handler_does_not_wait_for_itself(caplog):
    manager = Manager(["test"], connection_port=0)

    @manager.event
    async def on_message(client, message):
        manager.close()

    with connected(manager)[0] as device:
        device.send(b"shut down")
        device.expect_end()
        manager.close()
    assert "raised" not in caplog.text


def test_close_lets_handlers_finish(manager):
    began, finished = threading.Event(), []

    @manager.event
    def on_message(client, message):
        began.set()
        with pytest.raises(client.ConnectionEnd):
            client.recv()
        finished.append(client.send(b"too late"))

    with connected(manager)[0] as device:
        device.send(b"go")
        assert began.wait(15)
        manager.close()
    assert finished == [None]


def test_messages_said_before_leaving_are_delivered(manager):
    seen = []

    @manager.event
    def on_message(client, message):
        seen.append(bytes(message))

    with connected(manager)[0] as device:
        device.send(b"last words")
    wait_for(lambda: seen)
    assert b"".join(seen) == b"last words"
