"""Changes of a SEPL connector's devices, with a scripted platform."""

from kit import raises
from motelink import log
from motelink.errors import TooLarge
from motelink.sepl_device import Device
from motelink.sepl_session import framed
from sepl_world import World

HEAP = "256k"
log.set_level("off")


def _device(name="new", tag="x"):
    device = Device(name, "urn:t", name)
    device.addTag("room", tag)
    return device


def test_changes_at_the_same_time_have_each_their_hash():
    with World() as world:
        told = []
        world.ready()
        for name in ("a", "b", "c"):
            world.connector.add(_device(name), callback=told.append, block=False)
        world.connector.delete("b", callback=told.append, block=False)
        world.settle()
        assert told == [True] * 4, told
        assert world.handlers() == ["put", "commit"] * 3 + ["delete", "commit"]
        assert sorted(world.known) == ["a", "c"]


def test_a_refused_change_does_not_hold_up_the_next():
    with World(1) as world:
        world.ready()
        world.statuses["put"] = 400
        assert world.connector.add(_device()) is False
        assert world.handlers() == ["put"]
        world.statuses = {"commit": 409}
        assert world.connector.update(world.pool.get("d0")) is False
        world.statuses = {}
        assert world.connector.delete("new", block=False) is None


def test_changes_are_bounded():
    with World() as world:
        world.ready()
        told = []
        for i in range(20):
            world.connector.add(_device("n%d" % i), callback=told.append, block=False)
        assert told == [False] * 4
        world.settle()
        assert told.count(True) == 16
        assert world.connector.add(_device("last")) is False  # four are in its hash, but not there
        world.connector.ws.lose()
        world.opens_in = 1
        world.ready()
        assert len(world.known) == 21


def test_a_device_too_large_changes_nothing():
    with World(1, tx_size=400) as world:
        connector = world.ready().connector
        huge = _device("huge", "ü" * 300)
        for change in (connector.add, connector.update):
            error = raises(TooLarge, change, huge)
            assert "huge" in str(error) and "400" in str(error)
        assert world.pool.get("huge") is None
        assert connector.add(_device()) is True


def test_the_largest_device():
    size = len(framed("t" * 36, "put", _device("d", "").as_put()))
    for more in (0, 1):
        with World(tx_size=size + 50) as world:
            world.ready()
            device = _device("d", "x" * (50 + more))
            if more:
                raises(TooLarge, world.connector.add, device)
                assert world.pool.get("d") is None
            else:
                assert world.connector.add(device) is True


def test_a_change_that_cannot_be_sent_does_not_hold_up_the_next():
    with World(1, tx_size=400) as world:
        connector = world.ready().connector
        told = []
        raises(TooLarge, connector.delete, "x" * 400, callback=told.append)
        assert told == [False]
        assert connector.add(_device()) is True


def test_a_change_that_is_late():
    with World(1) as world:
        connector = world.ready().connector
        for handler in ("put", "commit"):
            world.statuses = {handler: None}
            begun = world.now
            assert connector.add(_device(), timeout=3) is False
            assert world.now - begun == 3000
        world.statuses = {}
        assert connector.add(_device()) is True


def test_lost_at_every_step_of_a_synchronisation_of_20_devices():
    with World(20) as world:
        connector = world.connector
        steps = 0
        while not connector.ready:
            # One step further each time; the platform keeps what it has, not what it heard last.
            steps += 1
            world.open()
            for _ in range(steps):
                if not connector.ready:
                    world.step(0)
            if not connector.ready:
                connector.ws.lose()
        assert steps == 23  # credentials, clear, 20 puts, commit
        assert len(world.known) == 20 and connector.ws.failures == []
        assert connector.event("d19", "s", 1).status == 200
