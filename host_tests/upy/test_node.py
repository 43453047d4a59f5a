"""motelink.node: timers, sensors, commands, and platforms that come and end."""

import sys

from kit import no_alloc, raises
from motelink import log, storage
from motelink.errors import AuthError, ConfigError
from motelink.node import Node
from motelink.node_manager import Manager
from motelink.port import ticks_add, ticks_ms
from motelink.settings import Settings
from peer import UUID, Peer


def _node(text=""):
    storage.write("s.toml", text)
    return Node(Settings("s.toml"), "kettle")


class _Client:
    """A platform's client, that ends when it is told to."""

    sock = None

    def __init__(self):
        self.loop = None
        self.state = 0
        self.deadline = ticks_ms()
        self.error = None

    def turn(self, now):
        self.deadline = ticks_add(now, 1)
        if self.error:
            self.state = 4
            self.loop.error = self.error
            self.loop.remove(self)

    def failed(self, error):
        raise error


class _Platform:
    def __init__(self, node):
        self.client = _Client()


class _Module:
    """What ``import motelink.node_losant`` finds."""

    join = _Platform


def _join(node, names=("losant",)):
    for name in names:
        sys.modules["motelink.node_" + name] = _Module
    try:
        node.start()
    finally:
        for name in names:
            del sys.modules["motelink.node_" + name]
    return [platform.client for platform in node.platforms]


LOSANT = 'losant_device = "d"\n'
BOTH = LOSANT + 'iottalk_url = "http://h"\n'


def test_every_calls_at_once_and_then_in_time():
    node = _node()
    times = []
    timer = node.every(1000, lambda: times.append(1))
    now = timer.deadline
    timer.turn(now)
    assert timer.deadline == ticks_add(now, 1000)
    timer.turn(ticks_add(now, 1300))  # late: the next one is in time again
    assert timer.deadline == ticks_add(now, 2000)
    timer.turn(ticks_add(now, 9000))  # very late: what was missed is not made up for
    assert timer.deadline == ticks_add(now, 10000)
    assert len(times) == 3
    for ms in (0, -1, 1 << 29):
        raises(ConfigError, node.every, ms, None)


def test_a_timer_that_raises_is_counted_and_goes_on():
    log.set_level("off")
    node = _node()
    calls = []

    def bad():
        calls.append(1)
        raise ValueError("bad")

    node.every(1, bad)
    while len(calls) < 3:
        node.loop.step(10)
    assert node.handler_errors >= 2
    log.set_level("info")


def test_commands_reach_their_handlers():
    log.set_level("off")
    node = _node()
    heard = []
    node.on("led", heard.append)
    node.on("bad", lambda value: value.no_such_thing)
    assert node.command("led", 1) and node.command("led", None)
    assert heard == [1, None]
    assert node.command("bad", 1) and node.handler_errors == 1
    assert not node.command("nobody", 1)
    log.set_level("info")


def test_sensors_have_decimals():
    node = _node()
    celsius = node.sensor("celsius", 1)
    count = node.sensor("count")
    assert celsius.scaled() is None
    celsius.set(-215)
    count.set(7)
    assert celsius.scaled() == -21.5 and count.scaled() == 7


def test_no_platform_is_an_error_that_names_them():
    error = str(raises(ConfigError, _node().run))
    for setting in ("manager_host", "losant_device", "iottalk_url"):
        assert setting in error


def test_nothing_is_declared_after_the_start():
    node = _node(LOSANT)
    _join(node)
    raises(ConfigError, node.sensor, "late")
    raises(ConfigError, node.on, "late", None)


def test_runs_until_every_platform_has_ended():
    node = _node(BOTH)
    first, second = _join(node, ("losant", "iottalk"))
    first.error = AuthError("first")
    node.loop.step(5)
    assert first.state == 4 and node.alive()

    def end():
        second.error = AuthError("second")

    node.every(1000, end)
    assert "second" in str(raises(AuthError, node.run))


class _Refused(_Client):
    """... and can begin anew."""

    connected = False
    last_error = AuthError("refused")
    state = 4

    def __init__(self):
        self.loop = None
        self.deadline = ticks_ms()
        self.error = None

    def reconnect(self):
        self.state = 0


def test_a_refused_platform_tries_again_while_others_work():
    node = _node(BOTH)
    good, bad = _join(node, ("losant", "iottalk"))
    node.platforms[1].client = bad = _Refused()
    node.loop.step(1)  # an hour's timer looks at once, and then in an hour
    assert bad.state == 0 and bad.loop is node.loop
    assert good.state == 0 and node.loop.clients.count(good) == 1
    bad.state = 4  # and this time it is meant
    node.loop.remove(bad)
    for client in node.loop.clients:
        if getattr(client, "ms", 0) == 3600000:
            no_alloc(client.handler)
    assert bad.state == 4 and bad not in node.loop.clients


def test_one_platform_alone_needs_no_second_look():
    node = _node(LOSANT)
    _join(node)
    assert [c for c in node.loop.clients if getattr(c, "ms", 0) == 3600000] == []


def test_waiting_and_timers_allocate_nothing():
    node = _node(LOSANT)
    _join(node)
    sensor = node.sensors
    assert sensor == []
    node.every(1, lambda: None)
    no_alloc(node.loop.step, 2)


class _Owner:
    """A Manager's client, connected: keeps what is sent."""

    connected = True

    def __init__(self):
        self.sent = []

    def send(self, text):
        self.sent.append(text)
        return True


class _Text:
    def __init__(self, text):
        self._text = text

    def text(self):
        return self._text


def test_manager_messages_are_commands():
    log.set_level("off")
    node = _node(
        'manager_host = "127.0.0.1"\nmanager_uuid = "%s"\n'
        % ("0" * 8 + "-0000" * 3 + "-" + "0" * 12)
    )
    heard = []
    node.on("led", heard.append)
    led = node.sensor("led_on")
    celsius = node.sensor("celsius", 1)
    part = Manager(node)
    part.client = owner = _Owner()
    for text in ("led on", "led off", "led", 'led {"a": [1]}', "led 7", "led any text"):
        part.message(_Text(text))
    assert heard == [1, 0, None, {"a": [1]}, 7, "any text"], heard
    assert owner.sent == []
    led.set(1)
    celsius.set(215)
    part.message(_Text("nobody"))
    assert owner.sent == ["unknown nobody"]
    part.message(_Text("led on"))
    assert owner.sent[1:] == ["led_on 1\ncelsius 21.5"]
    part.tell()
    assert len(owner.sent) == 2
    log.set_level("info")


def test_the_log_says_which_platform_is_where_and_that_it_is_connected():
    log.keep(512)
    peer = Peer()
    where = "127.0.0.1:%d" % peer.port
    text = 'manager_host = "127.0.0.1"\nmanager_port = %d\nmanager_uuid = "%s"\n'
    node = _node(text % (peer.port, UUID))
    peer.turn = lambda: node.step(1)
    for times in (1, 2):
        peer.accept()
        peer.wait(lambda times=times: node.platforms[0].client.connects == times)
    lines = [line.split(" ", 2)[2] for line in log.lines()]
    assert lines[0] == "manager: " + where, lines
    assert lines.count(where + ": connected") == 2, lines
    node.platforms[0].client.end()
    peer.close()
    log.keep(0)
