"""motelink.iottalk_outbox: values of input features wait on flash while the server is away."""

from box import clean
from iottalk_kettle import IDF_TOPIC, Kettle
from kit import no_alloc, raises
from motelink import log
from motelink.iottalk_outbox import Forwarder
from motelink.iottalk_push import Pusher
from motelink.outbox import Outbox
from motelink.port import ticks_add, ticks_ms

HEAP = "256k"  # all of it is compiled there


def _made(always=False, **options):
    values = {"record_size": 64, "segment_size": 2000, "segments": 4}
    values.update(options)
    clean("box")
    kettle = Kettle()
    forwarder = Forwarder(kettle, Outbox("box", **values), 2, always)
    forwarder.loop = kettle.loop
    return kettle, forwarder


def _turn(forwarder, ms=0):
    forwarder.turn(ticks_add(ticks_ms(), ms))


def _values(kettle):
    """What was published of data, acknowledged as it came."""
    found = []
    for topic, payload, _, qos in kettle.finish():
        if topic == IDF_TOPIC:
            assert qos == 1
            found.append(payload.replace(b" ", b""))
    return found


def _drain(kettle, forwarder, ms=0):
    found = []
    for _ in range(9):
        _turn(forwarder, ms)
        found += _values(kettle)
    return found


def test_kept_while_away_and_published_in_order():
    kettle, forwarder = _made()
    celsius = forwarder.idf[0]
    assert celsius and celsius.push_int(1) and celsius.push([2.5]) and celsius.push_ints((3, 4))
    kettle.begin()
    assert celsius.push_int(-5) and forwarder.box.count == 4  # not linked yet
    _turn(forwarder)
    assert _values(kettle) == []
    kettle.link(idf="Celsius-I")
    assert _drain(kettle, forwarder) == [b"[1]", b"[2.5]", b"[3,4]", b"[-5]"]
    assert forwarder.box.count == 0 and celsius.push_int(6)
    assert forwarder.box.count == 0 and _values(kettle) == [b"[6]"]
    forwarder.box.close()


def test_always_goes_through_flash():
    kettle, forwarder = _made(True)
    kettle.begin().link(idf="Celsius-I")
    assert forwarder.idf[0].push_int(7) and forwarder.box.count == 1
    assert _values(kettle) == []
    assert _drain(kettle, forwarder) == [b"[7]"] and forwarder.box.count == 0
    forwarder.box.close()


def test_what_nobody_wants_is_let_go_after_a_while():
    log.set_level("off")
    kettle, forwarder = _made()
    celsius, meow = forwarder.idf
    meow.push_int(1)
    celsius.push_int(2)
    kettle.begin().link(idf="Celsius-I")
    _turn(forwarder)
    assert _values(kettle) == [] and forwarder.box.count == 2  # the order is kept
    _turn(forwarder, 29000)
    assert forwarder.unwanted == 0 and meow
    _turn(forwarder, 30001)
    assert forwarder.unwanted == 1 and not meow and not meow.push_int(3)
    assert _drain(kettle, forwarder, 30100) == [b"[2]"] and forwarder.box.count == 0
    log.set_level("info")
    kettle.drop(0, None)
    assert meow and meow.push_int(4) and forwarder.box.count == 1
    forwarder.box.close()


def test_control_messages_have_their_slots():
    kettle, forwarder = _made()
    free = len(kettle._session.window)
    assert free == 6
    kettle.begin().link(idf="Celsius-I")
    for i in range(9):
        forwarder.idf[0].push_int(i)
    _turn(forwarder)
    assert kettle.in_flight == 2 and forwarder.box.count == 7
    forwarder.box.close()


def test_ints():
    _, forwarder = _made()
    stored = forwarder.idf[0]
    for value in (0, 9, -9, 1234567890, -1073741823):
        assert stored.push_int(value)
        assert forwarder.box.peek() and forwarder.box.payload.json() == [value]
        forwarder.box.pop()
    raises(ValueError, stored.push_int, 12345678901)
    forwarder.box.close()


def test_a_pusher_reads_for_it_while_away():
    kettle, forwarder = _made()
    pusher = Pusher(kettle)
    kettle.loop.add = lambda client: None
    pusher.every(1000, forwarder.idf[0], lambda: 21)
    pusher.turn(0)
    pusher.turn(1000)
    assert forwarder.box.count == 2
    forwarder.box.close()


def test_nothing_is_allocated():
    _, forwarder = _made(segment_size=20000)
    no_alloc(forwarder.idf[0].push_int, 1073741823)
    forwarder.box.close()
