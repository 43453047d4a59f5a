"""motelink.iottalk_push: features read at their intervals. Time is what the test says."""

from iottalk_kettle import ODF_TOPIC, Kettle
from kit import no_alloc
from motelink.iottalk_push import NoData, Pusher
from wire import Endless

HEAP = "256k"  # all of it is compiled there


class Loop:
    def __init__(self):
        self.clients = []

    def add(self, client):
        client.loop = self
        self.clients.append(client)

    def remove(self, client):
        if client in self.clients:
            self.clients.remove(client)


class Rig:
    """A device that is online, and a pusher; ``sent`` is what was pushed up to ``now``."""

    def __init__(self, *links):
        self.kettle = Kettle().begin()
        for name in links:
            self.kettle.link(idf=name)
        poll = self.kettle.loop.poll
        self.kettle.loop = Loop()
        self.kettle.loop.poll = poll
        self.pusher = Pusher(self.kettle)
        self.now = 0

    def sent(self, ms=0):
        end = self.now + ms
        while self.now < end or not ms:
            self.pusher.turn(self.now)
            if not ms:
                break
            self.now = min(end, max(self.now + 1, self.pusher.deadline))
        return [message[1] for message in self.kettle.finish()]


def counter(start=0):
    count = [start]

    def read():
        count[0] += 1
        return count[0]

    return read


def test_each_at_its_interval():
    rig = Rig("Celsius-I", "meow")
    rig.pusher.every(1000, rig.kettle.idf[0], counter())
    rig.pusher.every(300, rig.kettle.idf[1], counter(100))
    assert rig.sent(1000) == [b"[1]", b"[101]", b"[102]", b"[103]", b"[104]"]
    assert rig.sent(1) == [b"[2]"]
    assert rig.sent(998) == [b"[105]", b"[106]", b"[107]"]


def test_an_interval_of_its_own_each_time():
    rig = Rig("meow")
    intervals = [100, 500]
    rig.pusher.every(lambda: intervals.pop(0), rig.kettle.idf[1], counter())
    assert rig.sent(100) == [b"[1]"]
    assert rig.sent(499) == [b"[2]"]
    assert rig.sent(2) == []  # it has none to give any more
    assert rig.kettle.handler_errors == 1


def test_only_while_linked():
    rig = Rig()
    rig.pusher.every(5000, rig.kettle.idf[1], counter())
    assert rig.sent(10000) == []
    rig.kettle.link(idf="meow")
    assert rig.sent(250) == [b"[1]"]
    rig.kettle.command(command="DISCONNECT", idf="meow")
    assert rig.sent(10000) == []
    rig.kettle.link(idf="meow")
    assert rig.sent(250) == [b"[2]"]  # at once, whenever it was read last


def test_what_is_read():
    values = [NoData, NoData(), 1, True, 2.5, [1, 2], None, "x"]
    rig = Rig("meow")
    rig.pusher.every(10, rig.kettle.idf[1], lambda: values.pop(0))
    assert rig.sent(80) == [b"[1]", b"[true]", b"[2.5]", b"[1, 2]", b"[null]", b'["x"]']


def test_a_function_that_raises_is_called_again():
    rig = Rig("meow", "Celsius-I")
    results = [1, "fault", 2]

    def read():
        value = results.pop(0)
        if value == "fault":
            raise RuntimeError(value)
        return value

    rig.pusher.every(100, rig.kettle.idf[1], read)
    assert rig.sent(300) == [b"[1]", b"[2]"]
    assert rig.kettle.handler_errors == 1


def test_interval_0_is_each_turn():
    rig = Rig("meow")
    rig.pusher.every(0, rig.kettle.idf[1], counter())
    assert [rig.sent() for _ in range(3)] == [[b"[1]"], [b"[2]"], [b"[3]"]]
    assert rig.pusher.deadline == rig.now


def test_it_ends_with_the_device():
    rig = Rig("meow")
    rig.pusher.every(0, rig.kettle.idf[1], counter())
    assert rig.kettle.loop.clients == [rig.pusher]
    loop = rig.kettle.loop
    rig.kettle.end()
    rig.pusher.turn(0)
    assert loop.clients == []


def test_pushing_allocates_nothing():
    rig = Rig("meow", "Celsius-I")
    rig.pusher.every(0, rig.kettle.idf[0], lambda: 21)
    rig.pusher.every(0, rig.kettle.idf[1], lambda: NoData)
    rig.kettle.sock = Endless(ODF_TOPIC)
    no_alloc(rig.pusher.turn, 0)
    assert rig.kettle.handler_errors == 0
