"""What a SEPL connector does when things go wrong, and at the end; the documented face."""

from kit import raises
from motelink import log, sepl_logger
from motelink.errors import AuthError, ConfigError, TooLarge
from motelink.loop import Loop
from motelink.sepl import Client
from motelink.sepl_connector import Connector
from motelink.sepl_device import Device
from motelink.sepl_pool import Pool
from motelink.sepl_session import LOST, NOT_READY
from sepl_world import Config, World

HEAP = "256k"
log.set_level("off")


def _device(name="new", tag="x"):
    device = Device(name, "urn:t", name)
    device.addTag("room", tag)
    return device


def test_the_connection_is_lost_while_somebody_waits():
    with World(1) as world:
        connector = world.ready().connector
        world.turns += [int, connector.ws.lose]  # int: a turn in which nothing happens
        answer = connector.event("d0", "s", 1)
        assert (answer.status, answer.payload) == (None, LOST)
        world.opens_in = 1
        world.ready()
        told = []
        for i in range(16):
            connector.add(_device("n%d" % i), callback=told.append, block=False)
        world.turns += [int, connector.ws.lose]
        assert connector.event("d0", "s", 1).payload == LOST
        assert told == [False] * 16
        world.opens_in = 1
        assert connector.event("d0", "s", 1).status == 200
        assert len(world.known) == 17


def test_a_connection_that_was_lost_while_nobody_looked_is_made_anew_first():
    for call in ("event", "add"):
        with World(1) as world:
            connector = world.ready().connector
            world.turns.append(connector.ws.lose)
            world.opens_in = 1
            if call == "event":
                assert connector.event("d0", "s", 1).status == 200
            else:
                assert connector.add(_device())
            assert connector.ready and not world.turns


def test_whatever_goes_wrong_inside_ends_the_connection():
    class Broken(Exception):
        pass

    def devices():
        raise Broken

    with World() as world:
        world.pool.devices = devices
        assert not world.connector.wait_ready(1)
        assert isinstance(world.connector.ws.failures[0], Broken)
        del world.pool.devices
        world.opens_in = 1
        world.ready()
        world.hear(handler="", token=None, status="", payload=[])
        assert world.connector.ready  # answers nothing
    with World(1, tx_size=60) as world:  # not even the credentials fit
        assert not world.connector.wait_ready(1)
        assert isinstance(world.connector.ws.failures[0], TooLarge)


def test_nothing_answers_the_credentials_or_a_step():
    for handler in (None, "clear", "put", "commit"):
        with World(2) as world:
            if handler:
                world.statuses[handler] = None
            else:
                world._answer = lambda message: None
            assert not world.connector.wait_ready(10.5)
            (error,) = world.connector.ws.failures
            assert "10000 ms" in str(error)


def test_a_gid_that_cannot_be_kept():
    class ReadOnly(Config):
        def set_gid(self, gid):
            raise OSError(30)

    with World(config=ReadOnly()) as world:
        assert world.connector.wait_ready()
        assert world.connector.session.gid == "g"


def test_refused_credentials_are_raised_by_whoever_waits():
    with World() as world:
        world.credentials = 401
        raises(AuthError, world.connector.wait_ready)
        raises(AuthError, world.connector.receive)
        raises(AuthError, world.connector.run)
        assert world.connector not in world.clients


def test_the_end():
    with World() as world:
        connector = world.ready().connector
        told = []
        connector.event("d", "s", 1, callback=told.append, block=False)
        connector.end()
        assert told[0].payload == LOST
        assert connector not in world.clients
        assert connector.receive() is None and not connector.step()
        assert connector.event("d", "s", 1).payload == NOT_READY
        connector.run()


def test_the_end_leaves_the_loop():
    for begun in (True, False):
        connector = Connector(Pool(), Config())
        loop = Loop()
        connector.join(loop)
        if begun:
            connector.step(0)
        connector.end()
        assert loop.clients == []
        assert connector.receive() is None


def test_the_documented_face():
    assert "Client(" in str(raises(ConfigError, Client.receive))
    heard = []

    def made(pool, config):
        return Client(
            lambda_manager(pool), lambda: heard.append("up"), lambda: heard.append("down"), config
        )

    def lambda_manager(pool):
        class Manager:  # given as a class, which is made
            def __init__(self):
                self.add, self.update, self.remove = pool.add, pool.update, pool.remove
                self.get, self.devices = pool.get, pool.devices

        return Manager

    with World(1, made=made) as world:
        device = _device()
        assert Client.register(device) is True
        assert heard == ["up"]
        device.name = "Newer"
        assert Client.update(device) is True
        assert world.known["new"].name == "Newer"
        assert Client.event(device, "celsius", 21.5).status == 200
        world.turns.append(world.command)
        assert Client.response(Client.receive(), "done").status == 200
        assert Client.disconnect("d0") is True and Client.delete(device) is True
        assert Client.ready()
        assert world.pool.devices() == {} == world.known
        first = Client.connector
        first.loop = world
        Client(world.pool, config=Config())
        assert heard == ["up", "down"] and first.ws.state == 4
        assert Client.connector is not first
    Client.connector = None


def test_the_documented_face_configures_the_logger():
    class Quiet(Config):
        level = "error"

    def made(pool, config):
        return Client(pool, config=config)

    before = sepl_logger.Logger.level
    with World(config=Quiet(), made=made):
        assert sepl_logger.Logger.level == 40
    Client.connector = None
    sepl_logger.Logger.level = before
    log.set_level("off")


def test_lost_at_every_step_each_caller_is_told_once():
    for steps in range(9):
        with World(1) as world:
            connector = world.ready().connector
            told = [[], [], [], []]
            connector.event("d0", "s", 1, callback=told[0].append, block=False)
            connector.add(_device("a"), callback=told[1].append, block=False)
            connector.delete("d0", callback=told[2].append, block=False)
            world.command()
            connector.response(connector.receive(), 1, callback=told[3].append, block=False)
            for _ in range(steps):
                if connector.ws.wire:
                    world.step(0)
            answered = world.asked
            connector.ws.lose()
            assert [len(answers) for answers in told] == [1] * 4, (steps, told)
            accepted = [told[0][0].status, told[1][0], told[2][0], told[3][0].status]
            assert len(answered) == min(steps, 6)
            assert (accepted == [200, True, True, 200]) == (steps > 5), (steps, accepted)
            world.opens_in = 1
            assert connector.wait_ready() and sorted(world.known) == ["a"]
            assert [len(answers) for answers in told] == [1] * 4
