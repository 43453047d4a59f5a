"""motelink.node_watchdog: it is fed while nobody on the loop is late, and tells the guard that a
boot has lived. Whole firmware runs in host_tests/unit/test_firmware_watchdog.py.
"""

from doubles import Waiting
from kit import no_alloc
from motelink import node_guard, storage
from motelink.loop import Loop
from motelink.node_watchdog import Watchdog
from motelink.port import ticks_add, ticks_ms


class _Dog:
    def __init__(self):
        self.fed = 0

    def feed(self):
        self.fed += 1


def test_the_watchdog_is_fed_while_nobody_is_late():
    loop, dog, client = Loop(), _Dog(), Waiting()
    watchdog = Watchdog(dog, 5000, 0)
    loop.add(client)
    loop.add(watchdog)
    now = ticks_ms()
    watchdog.turn(now)
    assert dog.fed == 1 and watchdog.deadline == ticks_add(now, 1000)
    client.deadline = ticks_add(now, -5000)
    watchdog.turn(now)
    assert dog.fed == 2
    client.deadline = ticks_add(now, -5001)
    watchdog.turn(now)
    assert dog.fed == 2
    client.deadline = now
    no_alloc(watchdog.turn, now)
    assert dog.fed > 100


def test_a_boot_has_lived():
    storage.write("guard", "2")
    loop, dog = Loop(), _Dog()
    loop.add(Watchdog(dog, 5000, 60000))
    watchdog = loop.clients[0]
    now = watchdog.deadline
    watchdog.turn(ticks_add(now, 59999))
    assert storage.read("guard") == b"2"
    watchdog.turn(ticks_add(now, 60000))
    assert storage.read("guard") is None and dog.fed == 2
    storage.write("guard", "held")
    watchdog.turn(ticks_add(now, 61000))
    assert storage.read("guard") == b"held"  # said once
    storage.remove("guard")


def test_a_boot_that_cannot_say_that_it_has_lived_says_it_later():
    tries = []

    def clear():
        tries.append(1)
        if len(tries) < 3:
            raise MemoryError if len(tries) == 1 else OSError(5)

    dog = _Dog()
    loop, watchdog = Loop(), Watchdog(dog, 5000, 60000)
    loop.add(watchdog)
    now = ticks_add(watchdog.deadline, 60000)
    before = node_guard.clear
    node_guard.clear = clear
    try:
        for _ in range(4):
            watchdog.turn(now)
    finally:
        node_guard.clear = before
    assert len(tries) == 3 and dog.fed == 4


def test_without_a_watchdog_a_boot_lives_too():
    storage.write("guard", "2")
    loop, watchdog = Loop(), Watchdog(None, 30000, 60000)
    loop.add(watchdog)
    watchdog.turn(ticks_add(watchdog.deadline, 60000))
    assert storage.read("guard") is None
