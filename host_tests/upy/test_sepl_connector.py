"""motelink.sepl_connector's requests and commands, with a scripted platform."""

from kit import raises
from motelink import log
from motelink.errors import ConfigError, ConnectionLost, TooLarge
from motelink.sepl_device import Device
from motelink.sepl_session import LATE, NOT_READY, TOO_MANY
from sepl_world import World

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
        log.set_level("warning")
        log.keep(400)
        world.hear(token="nobody's")
        line = log.lines()[0]
        assert "answers nothing" in line and " object at " not in line, line
        log.keep(0)
        log.set_level("off")
        assert connector.session.strays == 2 and connector.ready


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
