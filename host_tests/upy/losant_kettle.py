"""A Losant device whose connection is a wire in memory: no network, no clock."""

from doubles import Instead
from motelink import losant
from mqtt_kettle import Kettle
from mqtt_owner import pub

STATE = b"losant/575ecf88/state"
COMMAND = b"losant/575ecf88/command"


class Connection(Kettle):
    """A `Kettle` that is made as a `motelink.mqtt.Client` is."""

    def __init__(self, host, device_id, user, password, **options):
        super().__init__(user=user, password=password, **options)
        self.introduce(device_id, user, password)
        self.loop.clients = [self]


def device(**options):
    """A device that has not connected yet."""
    options.setdefault("secure", False)
    with Instead(losant, "Client", Connection):
        return losant.Device("575ecf88", "my-access-key", "my-access-secret", **options)


def begin(made):
    """Connect; the broker grants the commands."""
    made.client.begin()
    ((kind, body),) = made.client.sent()
    assert (kind, body[2:]) == (0x82, b"\0\x17" + COMMAND + b"\0"), body
    made.client.get(b"\x90\3" + body[:2] + b"\0")
    return made


def connected(**options):
    return begin(device(**options))


def states(made):
    """The payloads of the states that were sent since the last time."""
    found = []
    for kind, body in made.client.sent():
        assert (kind, body[: 2 + len(STATE)]) == (0x30, b"\0\x15" + STATE), (kind, body)
        found.append(body[2 + len(STATE) :])
    return found


def command(made, payload):
    """The broker sends a command."""
    made.client.get(pub(COMMAND, payload))


class Never:
    """A clock that is not set."""

    def unix_ms(self):
        return None
