"""Months of uptime. Ticks wrap every 12.4 days, and differences are right below 6.2: a stamp that
nobody has refreshed for so long seems to lie ahead. So here every platform's client lives through
outages of up to 10 days and idle times of up to 13, on a real loop, and is prompt behind each.
"""

from box import clean
from motelink import losant_outbox, mqtt
from motelink.commute_outbox import Forwarder as CommuteForwarder
from motelink.commute_pair import Pair
from motelink.loop import Loop
from motelink.losant import Device
from motelink.manager import Client
from motelink.manager_outbox import Forwarder as ManagerForwarder
from motelink.mqtt_umqtt import Client as Umqtt
from motelink.outbox import Outbox
from motelink.sepl_connector import Connector
from motelink.sepl_device import local_hash
from motelink.sepl_outbox import Forwarder as SeplForwarder
from motelink.sepl_pool import Pool
from sepl_world import Config
from weeks import DAY, NOW, Weeks
from weeks_servers import Broker, Commute, Manager, Sepl

HEAP = "512k"  # all of it is compiled there

UUID = "1862cfe1-5dab-4d8e-a946-50d6728f830f"
# Within so long a client is back: a wait of the backoff, and an attempt that hangs.
BACK = 71000
LOOK = 600  # a forwarder's


def _box(**options):
    clean("box")
    return Outbox("box", 96, 2000, 4, **options)


class _Below:
    """What ``umqtt.simple`` is."""

    sock = None

    def __init__(self):
        self.pings = 0

    def set_callback(self, _function):
        """No message comes."""

    def connect(self, _clean):
        return False

    def check_msg(self):
        """There is none."""

    def ping(self):
        self.pings += 1


def _live(weeks, loop, server, forwarder, put, quiet, cycles=2):
    """Something is told in the middle of each outage and behind each phase: it arrives in time,
    as ``put(n)`` says, and once. Then nothing waits any more, and ``quiet()`` is called.
    """
    box = forwarder.box
    n = 0
    for kind, middle in weeks.life(loop.step, cycles):
        assert not middle or forwarder.client.connected == (kind == "idle")
        if kind == "idle" and middle:
            continue
        n += 1
        mine = put(n)
        if middle:
            continue
        limit = BACK if kind == "away" else LOOK
        weeks.run(loop.step, limit, until=lambda mine=mine: server.last() == mine)
        assert server.count == n
        weeks.run(loop.step, 310000, 3000, until=lambda: not box.count)
        quiet()
        assert not box._numbers  # all is gone from flash
    assert weeks.days() >= 80
    box.close()


def test_manager():
    with Weeks() as weeks:
        server = weeks.net.servers[8595] = Manager()
        loop = Loop()
        client = Client("h", UUID, "kettle", {"a": 1})
        forwarder = ManagerForwarder(client, _box())
        loop.add(client)
        loop.add(forwarder)

        def put(n):
            assert client.send(b"m%d" % n)
            return b"m%d" % n

        def quiet():
            beats = client.beats
            weeks.run(loop.step, 120000)
            assert client.beats - beats == 2

        _live(weeks, loop, server, forwarder, put, quiet)


def test_losant():
    with Weeks() as weeks:
        server = weeks.net.servers[1883] = Broker()
        device = Device("d", "key", "secret", secure=False, host="h")
        forwarder = losant_outbox.Forwarder(device, _box())
        device.connect(blocking=False)
        loop = device.client.loop

        def put(n):
            assert device.publish(b'{"data":{"i":%d}}' % n)
            ms = weeks.seconds * 1000 + weeks.ms
            return b'{"data":{"i":%d},"time":%d}' % (n, NOW * 1000 + ms)

        def quiet():
            pings = server.pings
            weeks.run(loop.step, 60000)
            assert 4 <= server.pings - pings <= 6  # every 11.25 s

        _live(weeks, loop, server, forwarder, put, quiet)


def test_commute():
    with Weeks() as weeks:
        server = weeks.net.servers[80] = Commute()
        loop = Loop()
        pair = Pair("lamp", "key", "device", "ws://h/ws")
        forwarder = CommuteForwarder(pair, _box())
        ticks = []
        pair.on_tick = ticks.append
        loop.add(pair)
        loop.add(forwarder)

        def put(n):
            assert forwarder.send_message("led", n)
            return {"method": "put", "status": {"sensor": "led", "value": n}}

        def quiet():
            pings = server.pings
            server.say({"sensor": "led", "value": pings})
            weeks.run(loop.step, 150000)
            assert 4 <= server.pings - pings <= 6  # every 30 s
            assert ticks.pop()["value"] == pings and not ticks

        _live(weeks, loop, server, forwarder, put, quiet)


def test_sepl():
    with Weeks() as weeks:
        server = weeks.net.servers[Config.port] = Sepl(local_hash([]))
        loop = Loop()
        commands = []
        connector = Connector(Pool(), Config())
        connector.on_command = commands.append
        connector.join(loop)
        forwarder = SeplForwarder(connector, _box())
        loop.add(forwarder)

        def put(n):
            assert forwarder.event("lamp", "light", n)
            return n

        def quiet():
            pings = server.pings
            server.command("c%d" % pings)
            weeks.run(loop.step, 150000)
            assert 4 <= server.pings - pings <= 6  # every 30 s
            assert commands.pop().token == "c%d" % pings and not commands
            answers = []
            connector.event("lamp", "mute", 1, 10, answers.append, False)
            weeks.run(loop.step, 11000)
            (answer,) = answers
            assert answer.status is None  # it is told in time that there is none

        _live(weeks, loop, server, forwarder, put, quiet)


def test_losant_closed_for_days():
    with Weeks() as weeks:
        server = weeks.net.servers[1883] = Broker()
        device = Device("d", "key", "secret", secure=False, host="h")
        forwarder = losant_outbox.Forwarder(device, _box(), always=True)
        for days in (5, 8, 11, 13):
            device.connect(blocking=False)
            loop = device.client.loop
            weeks.run(loop.step, 1000, until=device.is_connected)
            weeks.run(loop.step, 1000)
            server.deaf = True  # what goes out now is not acknowledged
            assert device.publish(b'{"data":{"i":%d}}' % days)
            weeks.run(loop.step, 1000, until=lambda: forwarder.flying)
            server.deaf = False
            device.close()
            weeks.run(loop.step, 1000)
            weeks.pass_ms(days * DAY)
            device.connect(blocking=False)
            loop = device.client.loop
            weeks.run(loop.step, 2000, until=lambda: not forwarder.box.count)
            device.close()
            weeks.run(loop.step, 1000)
        forwarder.box.close()


def test_clients_that_are_added_late():
    with Weeks() as weeks:
        weeks.net.servers = {8595: Manager(), 1883: Broker(), 80: Commute()}
        for days in (5, 8, 11, 13):
            clients = [
                Client("h", UUID, "kettle", {"a": 1}),
                mqtt.Client("h", "kettle"),
                Pair("lamp", "key", "device", "ws://h/ws"),
                Umqtt(_Below()),
            ]
            weeks.pass_ms(days * DAY)
            loop = Loop()
            for client in clients:
                loop.add(client)
            weeks.run(loop.step, 500)
            assert all(client.connected for client in clients), days
            for client in clients:
                loop.remove(client)
                client.end()


def test_the_rtc_is_set_meanwhile():
    with Weeks() as weeks:
        weeks.net.servers[1883] = Broker()
        device = Device("d", "key", "secret", secure=False, host="h")
        forwarder = losant_outbox.Forwarder(device, _box())
        device.connect(blocking=False)
        loop = device.client.loop
        for ahead in (0, 300, 299):
            weeks.ahead = ahead
            device.client.reconnect()
            weeks.run(loop.step, 2000)
            assert device.publish(b'{"data":{"i":1}}')
            stamp = (NOW + weeks.seconds + ahead) * 1000 + weeks.ms
            assert weeks.net.servers[1883].last() == b'{"data":{"i":1},"time":%d}' % stamp
        forwarder.box.close()
