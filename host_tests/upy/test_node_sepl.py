"""motelink.node_sepl: events of what has changed, none lost without being told again."""

from doubles import Instead
from motelink import log, node_sepl
from motelink.node import Node
from motelink.sepl_session import LOST, Message
from motelink.settings import Settings

HEAP = "256k"
log.set_level("off")

SETTINGS = 'sepl_host = "127.0.0.1"\nsepl_user = "me"\nsepl_password = "x"\n'


class Connector:
    """What the node uses of one; ``events`` are (service, value, callback)."""

    def __init__(self, manager, config, **options):
        self.manager, self.config = manager, config
        self.ready = True
        self.events = []
        self.responses = []
        self.ws = self

    def join(self, loop):
        self.loop = loop

    def event(self, device, service, value, timeout, callback, block):
        assert device == "kettle" and not block
        self.events.append((service, value, callback))

    def response(self, message, value, block):
        assert not block
        self.responses.append(value)

    def answer(self, message):
        while self.events:
            self.events.pop(0)[2](message)


def _made(sensors):
    with open("settings.toml", "w") as file:
        file.write(SETTINGS)
    node = Node(Settings(), "kettle")
    for i in range(sensors):
        node.sensor("s%d" % i).set(i)
    with Instead(node_sepl, "Connector", Connector):
        return node, node_sepl.Sepl(node)


def _events(platform):
    return [event[:2] for event in platform.connector.events]


def test_what_has_changed_is_told_once():
    node, platform = _made(2)
    platform.connector.ready = False
    platform.tell()
    assert _events(platform) == []
    platform.connector.ready = True
    platform.tell()
    assert _events(platform) == [("s0", 0), ("s1", 1)]
    node.sensors[0].set(7)
    platform.tell()  # not before the platform has answered
    assert len(_events(platform)) == 2
    platform.connector.answer(Message(None, 200))
    platform.tell()
    assert _events(platform) == [("s0", 7)]
    platform.connector.answer(Message("refused", 404))  # which is an answer
    platform.tell()
    assert _events(platform) == []


def test_what_was_not_answered_is_told_again():
    _node, platform = _made(2)
    platform.tell()
    platform.connector.answer(Message(LOST))
    platform.tell()
    assert _events(platform) == [("s0", 0), ("s1", 1)]


def test_many_sensors_leave_room_for_responses():
    _node, platform = _made(10)
    seen = []
    for _ in range(3):
        platform.tell()
        assert len(platform.connector.events) <= 4
        seen += _events(platform)
        platform.connector.answer(Message(None, 200))
    assert seen == [("s%d" % i, i) for i in range(10)]


def test_a_command_is_responded():
    node, platform = _made(1)
    heard = []
    node.on("led", heard.append)
    parts = [{"name": "metadata", "value": 1}, {"name": "data", "value": 2}]
    platform.command(Message({"service_url": "led", "protocol_parts": parts}))
    platform.command(Message({"service_url": "nobody", "protocol_parts": []}))
    assert heard == [2] and platform.connector.responses == [True, False]
