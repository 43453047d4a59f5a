"""An outbox of a few small segments, and the numbered records that tests put in it."""

from box import clean
from motelink.outbox import Outbox

TOPIC = b"home/kettle"


def opened(**options):
    """The outbox in the folder "box", with what is there."""
    values = {"record_size": 64, "segment_size": 160, "segments": 4}
    values.update(options)
    return Outbox("box", **values)


def fresh(**options):
    """The same, empty."""
    clean("box")
    return opened(**options)


def drain(box):
    """(topic, payload) of all that waits, which then does not any more."""
    found = []
    while box.peek():
        found.append((box.topic.bytes(), box.payload.bytes()))
        box.pop()
    return found


def reading(i):
    """The payload of the record ``i``."""
    return b"reading %d" % i


def records(numbers):
    """What `drain` finds of these records."""
    return [(TOPIC, reading(i)) for i in numbers]
