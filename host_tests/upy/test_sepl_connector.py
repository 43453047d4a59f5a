"""motelink.sepl_connector and the documented face of it, with a scripted platform."""

from kit import raises
from motelink import log, sepl_logger
from motelink.errors import AuthError, ConfigError, ConnectionLost, TooLarge
from motelink.loop import Loop
from motelink.sepl import Client
from motelink.sepl_connector import Connector
from motelink.sepl_device import Device
from motelink.sepl_pool import Pool
from motelink.sepl_session import LATE, LOST, NOT_READY, TOO_MANY, framed
from sepl_world import Config, World

HEAP = "256k"
log.set_level("off")


def _device(name="new", tag="x"):
    device = Device(name, "urn:t", name)
    device.addTag("room", tag)
    return device


def test_blocking_calls_wait_until_ready():
    for opens_in in (1, 5):
        with World(2, opens_in) as world:
            assert world.connector.add(_device()) is True
            assert sorted(world.known) == ["d0", "d1", "new"]
            assert world.handlers()[-2:] == ["put", "commit"]
            assert world.connector.event("new", "s", 1).status == 200


def test_not_ready_in_time():
    with World(opens_in=None) as world:
        connector = world.connector
        begun = world.now
        answer = connector.event("d", "s", 1, timeout=2)
        assert (answer.status, answer.payload) == (None, NOT_READY)
        assert world.now - begun == 2000
        assert connector.add(_device(), timeout=0.5) is False
        assert world.now - begun == 2500
        assert world.pool.get("new")  # it is synchronised later
        world.open()
        world.settle()
        assert "new" in world.known and connector.ready


def test_without_block_it_is_told_at_once():
    with World(opens_in=None) as world:
        told = []
        connector = world.connector
        assert connector.event("d", "s", 1, callback=told.append, block=False) is None
        assert connector.add(_device(), callback=told.append, block=False) is None
        assert (told[0].payload, told[1]) == (NOT_READY, False)
        assert world.now == 5000


def test_without_block_the_answer_comes_to_the_callback():
    with World(1) as world:
        told = []
        connector = world.ready().connector
        assert connector.event("d0", "s", 1, callback=told.append, block=False) is None
        connector.update(world.pool.get("d0"), callback=told.append, block=False)
        connector.disconnect("d0", callback=told.append, block=False)
        assert told == []
        world.settle()
        assert told[0].status == 200 and told[1:] == [True, True]
        assert world.known == {}
        assert world.asked[0]["payload"] == {
            "device_uri": "d0",
            "service_uri": "s",
            "value": [{"name": "body", "value": 1}],
        }


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


def test_an_event_too_large_is_refused_and_the_next_goes_out():
    with World(1, tx_size=400) as world:
        connector = world.ready().connector
        raises(TooLarge, connector.event, "d0", "s", "x" * 400)
        assert connector.event("d0", "s", "x").status == 200


def test_what_is_no_json():
    with World(1) as world:
        connector = world.ready().connector
        for payload in (b"x", {1}, object(), [1, (2,)], {"a": {1: 2}}):
            raises(TypeError, connector.event, "d0", "s", payload)
        raises(ValueError, connector.event, "d0", "s", [float("nan")])
        for payload in (1, "x", {"a": [None, True, 1.5]}, [], None, False):
            assert connector.event("d0", "s", payload).status == 200
            assert world.asked[-1]["payload"]["value"][0]["value"] == payload


def test_an_answer_that_is_late():
    with World(1) as world:
        connector = world.ready().connector
        world.statuses["event"] = None
        begun = world.now
        answer = connector.event("d0", "s", 1, timeout=3)
        assert (answer.status, answer.payload, world.now - begun) == (None, LATE, 3000)
        world.hear(token=world.asked[-1]["token"])
        assert connector.session.strays == 1 and connector.ready


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


def test_the_connection_is_lost_while_somebody_waits():
    with World(1) as world:
        connector = world.ready().connector
        world.turns.append(connector.ws.lose)
        answer = connector.event("d0", "s", 1)
        assert (answer.status, answer.payload) == (None, LOST)
        world.opens_in = 1
        world.ready()
        told = []
        for i in range(16):
            connector.add(_device("n%d" % i), callback=told.append, block=False)
        world.turns.append(connector.ws.lose)
        assert connector.event("d0", "s", 1).payload == LOST
        assert told == [False] * 16
        world.opens_in = 1
        assert connector.event("d0", "s", 1).status == 200
        assert len(world.known) == 17


def test_too_many_requests():
    with World(1) as world:
        connector = world.ready().connector
        told = []
        for _ in range(9):
            connector.event("d0", "s", 1, callback=told.append, block=False)
        assert [answer.payload for answer in told] == [TOO_MANY]
        world.settle()
        assert len(told) == 9


def test_commands_wait_in_order_and_those_beyond_are_refused():
    with World(queue=2) as world:
        connector = world.ready().connector
        for token in "abc":
            world.command(token)
        assert connector.session.refused == 1
        assert [connector.receive().token for _ in range(2)] == ["a", "b"]
        world.settle()
        (refusal,) = world.asked
        assert (refusal["token"], refusal["status"]) == ("c", 503)


def test_a_refusal_that_does_not_fit_harms_nobody():
    with World(queue=0, tx_size=400) as world:
        world.ready()
        world.command(more="x" * 500)
        assert world.connector.ready and world.connector.session.refused == 1


def test_receive_takes_its_turns_whatever_the_timeout():
    with World(1, opens_in=3) as world:
        connector = world.connector
        for _ in range(20):
            assert connector.receive(0) is None
        assert connector.ready and world.now == 5000
        begun = world.now
        assert connector.receive(2.5) is None
        assert world.now - begun == 2500
        world.turns.append(world.command)
        assert connector.receive(2.5).payload["device_url"] == "d"


def test_a_command_is_answered_once():
    with World() as world:
        connector = world.ready().connector
        world.command("its token")
        message = connector.receive()
        assert connector.response(message, "done").status == 200
        (answer,) = world.asked
        assert answer["handler"] == "response" and answer["token"] == "its token"
        assert answer["payload"] == {
            "device_url": "d",
            "service_url": "s",
            "protocol_parts": [{"name": "body", "value": "done"}],
        }
        assert connector.response(message, "again").payload == "answered already"
        told = []
        connector.response(message, "again", callback=told.append, block=False)
        assert told[0].status is None and len(world.asked) == 1


def test_what_was_not_sent_can_be_answered_again():
    with World(tx_size=400) as world:
        connector = world.ready().connector
        world.command()
        message = connector.receive()
        raises(TooLarge, connector.response, message, "x" * 400)
        connector.ws.lose()
        assert connector.response(message, "done", timeout=0).payload == NOT_READY
        world.opens_in = 1
        assert connector.response(message, "done").status == 200


def test_handlers_are_told_and_may_not_wait():
    with World(1) as world:
        connector = world.connector
        heard = []
        connector.on_ready = lambda: heard.append("ready")
        connector.on_end = heard.append
        connector.on_command = heard.append
        world.ready()
        world.command()
        assert heard[0] == "ready" and heard[1].token == "c"
        lost = ConnectionLost("x")
        connector.ws.lose(lost)
        assert heard[2] is lost
        for call in (
            lambda _: connector.event("d0", "s", 1),
            lambda _: connector.add(_device()),
            lambda _: connector.receive(),
            lambda _: connector.wait_ready(),
        ):
            connector.on_end = call
            world.opens_in = 1
            world.ready()
            before = connector.handler_errors
            connector.ws.lose(lost)
            assert connector.handler_errors == before + 1
        connector.on_end = None


def test_a_handler_in_a_handler():
    with World(1) as world:
        connector = world.ready().connector
        told = []

        def ended(_error):
            connector.event("d0", "s", 1, callback=told.append, block=False)
            told.append(raises(ConfigError, connector.event, "d0", "s", 1))

        connector.on_end = ended
        connector.ws.lose()
        assert told[0].payload == NOT_READY and "block=False" in str(told[1])
        assert connector.handler_errors == 0


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
