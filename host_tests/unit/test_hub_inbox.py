"""The inbox of one client: the lock with its two faces, and who gets what has come."""

import asyncio
import threading

import pytest

from motelink_tools.hub.manager.bridge import Bridge, LoopClosed
from motelink_tools.hub.manager.inbox import MESSAGE_COST, ConnectionLock, Inbox
from motelink_tools.hub.manager.info import ConnectionEnd


@pytest.fixture
def loop():
    """A loop in a thread of its own, as the Manager has."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def on_loop(loop, coroutine):
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result(10)


async def _make():
    bridge = Bridge()
    return bridge, Inbox(bridge, lambda: None)


@pytest.fixture
def bridge_and_inbox(loop):
    return on_loop(loop, _make())


@pytest.fixture
def bridge(bridge_and_inbox):
    return bridge_and_inbox[0]


@pytest.fixture
def inbox(bridge_and_inbox):
    return bridge_and_inbox[1]


@pytest.fixture
def deliver(bridge, inbox):
    return lambda message: bridge.call(inbox.deliver, message)


def in_thread(function, *args):
    """Run it in another thread and return its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*args)))
    thread.start()
    thread.join(10)
    return results[0]


# -- the lock ----------------------------------------------------------------------------------


def test_the_lock_is_re_entrant_and_excludes_other_threads(inbox):
    lock = ConnectionLock(inbox)
    with lock, lock:
        assert lock.acquire()
        lock.release()
        assert in_thread(lock.acquire, False) is False
        assert in_thread(lock.acquire, True, 0.01) is False
    assert in_thread(lock.acquire, True, 10)


def test_a_thread_waits_for_the_lock(inbox):
    lock, order = ConnectionLock(inbox), []

    def second():
        with lock:
            order.append("second")

    with lock:
        thread = threading.Thread(target=second)
        thread.start()
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_only_the_holder_may_release(inbox):
    lock = ConnectionLock(inbox)
    with pytest.raises(RuntimeError, match="has not"):
        lock.release()
    with lock:

        def release():
            with pytest.raises(RuntimeError, match="has not"):
                lock.release()
            return True

        assert in_thread(release)


async def _coroutine_waits_for_thread(lock, events):
    async with lock, lock:
        events.append("coroutine")
        with pytest.raises(RuntimeError, match="async with"):
            await asyncio.create_task(_acquire_blocking(lock))


async def _acquire_blocking(lock):
    with lock:
        pass


def test_threads_and_coroutines_exclude_each_other(loop, inbox):
    lock, events = ConnectionLock(inbox), []
    with lock:
        waiting = asyncio.run_coroutine_threadsafe(_coroutine_waits_for_thread(lock, events), loop)
        on_loop(loop, asyncio.sleep(0.01))
        assert events == []
        events.append("thread")
    waiting.result(10)
    assert events == ["thread", "coroutine"]


async def _cancel_while_waiting(lock):
    waiting = asyncio.create_task(lock.__aenter__())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_a_cancelled_coroutine_does_not_get_the_lock(loop, inbox):
    lock = ConnectionLock(inbox)
    with lock:
        on_loop(loop, _cancel_while_waiting(lock))
    assert in_thread(lock.acquire, True, 10)


def test_the_lock_works_after_the_loop_is_closed(loop, bridge, inbox):
    lock = ConnectionLock(inbox)
    with lock:
        bridge.call(bridge.close)
    with lock:
        pass
    with pytest.raises(LoopClosed):
        bridge.call(int)


def test_what_was_called_before_the_close_still_runs():
    """No thread is left waiting for a loop that has gone."""
    results, queued = [], threading.Event()

    def call(bridge):
        results.append(bridge.call(int))

    async def main():
        loop = asyncio.get_running_loop()
        enqueue = loop.call_soon_threadsafe

        def watched(function):
            enqueue(function)
            queued.set()

        loop.call_soon_threadsafe = watched
        bridge = Bridge()
        thread = threading.Thread(target=call, args=[bridge], daemon=True)
        thread.start()
        assert queued.wait(10)  # the loop is busy with this: the call waits in its queue
        loop.call_soon_threadsafe = enqueue
        bridge.close()
        return thread

    asyncio.run(main()).join(10)
    assert results == [0]


# -- who gets what -----------------------------------------------------------------------------


def test_without_a_holder_messages_are_for_the_handlers(inbox, deliver):
    assert deliver(b"one") is True
    assert deliver(b"two") is True
    assert [inbox.next_pending() for _ in range(3)] == [b"one", b"two", None]


def test_what_came_before_the_lock_is_not_for_its_holder(inbox, deliver):
    deliver(b"before")
    with ConnectionLock(inbox):
        assert deliver(b"answer") is False
        assert inbox.recv(10) == b"answer"
        assert inbox.recv(0) is None
    assert inbox.next_pending() == b"before"


def test_what_the_holder_leaves_goes_to_the_handlers_in_order(bridge, inbox, deliver):
    deliver(b"1")
    with ConnectionLock(inbox):
        deliver(b"2")
        deliver(b"3")
        assert inbox.recv(10) == b"2"
    deliver(b"4")  # after the release on the loop
    assert [inbox.next_pending() for _ in range(4)] == [b"1", b"3", b"4", None]
    assert inbox.size == 0


def test_size_counts_small_messages_too(inbox, deliver):
    deliver(b"")
    deliver(b"abc")
    assert inbox.size == 3 + 2 * MESSAGE_COST


def test_a_waiting_recv_gets_the_message_or_the_end(inbox, bridge, deliver):
    with ConnectionLock(inbox):
        threading.Timer(0.01, deliver, [b"late"]).start()
        assert inbox.recv(10) == b"late"
        threading.Timer(0.01, bridge.call, [inbox.end, "unplugged"]).start()
        with pytest.raises(ConnectionEnd, match="unplugged"):
            inbox.recv(10)


def test_what_has_come_can_be_read_after_the_end(inbox, bridge, deliver):
    with ConnectionLock(inbox):
        deliver(b"last words")
        bridge.call(inbox.end, "unplugged")
        assert inbox.recv(10) == b"last words"
        with pytest.raises(ConnectionEnd):
            inbox.recv(10)


async def _receive(inbox):
    async with ConnectionLock(inbox):
        nothing = await inbox.recv_async(0.001)
        waiting = asyncio.create_task(inbox.recv_async(10))
        await asyncio.sleep(0)
        inbox.deliver(b"first")
        waiting.cancel()  # it has the message; Python 3.11 returns it, 3.12 does not
        returned = await asyncio.gather(waiting, return_exceptions=True)
        got = [message for message in returned if isinstance(message, bytes)]
        inbox.deliver(b"second")
        while (message := await inbox.recv_async(0)) is not None:
            got.append(message)
        return nothing, got


def test_a_cancelled_recv_loses_nothing(loop, inbox):
    assert on_loop(loop, _receive(inbox)) == (None, [b"first", b"second"])
    assert inbox.size == 0
