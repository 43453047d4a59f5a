"""A Losant device with an outbox, its clock, and the states that it sends."""

from box import clean
from losant_kettle import STATE, device
from motelink.clock import Clock
from motelink.losant_outbox import Forwarder
from motelink.outbox import Outbox

NOW = 1760000000


class _Ticks:
    now = 0

    def __call__(self):
        return self.now


def clock_at(set_to=NOW):
    """(clock, its ticks) of a clock that is set, or is not: 0."""
    ticks = _Ticks()
    clock = Clock(ticks, lambda: 5)
    if set_to:
        clock.set(set_to, 250)
    return clock, ticks


def forwarding(window=2, always=False, clock=None, tx_size=1024, **options):
    """(device, forwarder) that have not connected yet, with an empty outbox."""
    values = {"record_size": 128, "segment_size": 1000, "segments": 4}
    values.update(options)
    clean("box")
    made = device(clock=clock or clock_at()[0], tx_size=tx_size)
    forwarder = Forwarder(made, Outbox("box", **values), window, always)
    forwarder.loop = made.client.loop
    forwarder.pace = 0
    return made, forwarder


def states_sent(made):
    """(packet id, DUP, JSON) of the states that were sent."""
    found = []
    for kind, body in made.client.sent():
        if kind & 0xF7 == 0x32:
            n = 2 + len(STATE)
            assert body[2:n] == STATE
            found.append((body[n] << 8 | body[n + 1], kind & 8 > 0, bytes(body[n + 2 :]).rstrip()))
        else:
            assert kind == 0x82, kind
    return found


def state_of(i):
    """A state as it is published."""
    return b'{"data":{"i":%d}}' % i


def stamped(i, ms=NOW * 1000 + 250):
    """The same with its time, as it is sent."""
    return b'{"data":{"i":%d},"time":%d}' % (i, ms)


def away(made):
    """The connection is lost."""
    made.client.drop(0, None)
