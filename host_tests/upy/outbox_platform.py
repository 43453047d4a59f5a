"""What outboxes of platforms are tested with: a client as small as can be, an empty outbox."""

from box import clean
from motelink.outbox import Outbox
from motelink.port import ticks_add, ticks_ms


def fresh(folder="box", **options):
    """An empty outbox there."""
    values = {"record_size": 80, "segment_size": 2000, "segments": 4}
    values.update(options)
    clean(folder)
    return Outbox(folder, **values)


class Client:
    """A platform's client: connected when it is told to be."""

    loop = None
    state = 3
    connects = 0
    connected = False

    def __init__(self):
        self.sent = []
        self.takes = 99

    def come(self):
        self.connects += 1
        self.connected = True
        return self

    def go(self):
        self.connected = False

    def take(self, data):
        if not self.connected or not self.takes:
            return False
        self.takes -= 1
        self.sent.append(bytes(data))
        return True

    def new(self):
        found = self.sent
        self.sent = []
        return found


def turn(forwarder, times=1, ms=0):
    """The forwarder's turns, ``ms`` from now."""
    for _ in range(times):
        forwarder.turn(ticks_add(ticks_ms(), ms))
