"""Months of uptime. Ticks wrap every 12.4 days, and differences are right below 6.2: a stamp that
nobody has refreshed for so long seems to lie ahead. So here every platform's client lives through
outages of up to 10 days and idle times of up to 13, on a real loop, and is prompt behind each.
"""

from box import clean
from iottalk_kettle import ID, URL
from motelink import losant_outbox
from motelink.commute_outbox import Forwarder as CommuteForwarder
from motelink.commute_pair import Pair
from motelink.iottalk import Device as Talker
from motelink.iottalk_outbox import Forwarder as TalkForwarder
from motelink.iottalk_push import NoData, Pusher
from motelink.loop import Loop
from motelink.losant import Device
from motelink.manager import Client
from motelink.manager_outbox import Forwarder as ManagerForwarder
from motelink.mqtt_umqtt import Client as Adapter
from motelink.outbox import Outbox
from motelink.sepl_connector import Connector
from motelink.sepl_device import local_hash
from motelink.sepl_outbox import Forwarder as SeplForwarder
from motelink.sepl_pool import Pool
from sepl_world import Config
from weeks import NOW, Weeks
from weeks_servers import Broker, Commute, Manager, Sepl, Talk, Umqtt

HEAP = "512k"  # all of it is compiled there

UUID = "1862cfe1-5dab-4d8e-a946-50d6728f830f"
# Within so long a client is back: a wait of the backoff, and an attempt that hangs.
BACK = 71000
LOOK = 600  # a forwarder's


def _box():
    clean("box")
    return Outbox("box", 96, 2000, 4)


def _live(weeks, loop, server, forwarder, put, quiet, cycles=2):
    """Something is told in the middle of each outage and behind each phase: it arrives in time,
    as ``put(n)`` says, and once. Then nothing waits any more, and ``quiet()`` is called.
    """
    box = forwarder.box
    n = connects = 0
    for kind, middle in weeks.life(loop.step, cycles):
        assert not middle or forwarder.client.connected == (kind == "idle")
        if kind == "idle" and middle:
            connects = forwarder.client.connects
            continue
        assert kind == "away" or forwarder.client.connects == connects
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


def test_iottalk():
    with Weeks() as weeks:
        server = weeks.net.servers[1883] = Talk(weeks.net)
        loop = Loop()
        device = Talker(URL, "Kettle", ["Celsius-I", "meow", "unlinked"], ["Heater-O"], id=ID)
        heard = []
        device.odf[0].on_data = lambda message: heard.append(message.json())
        forwarder = TalkForwarder(device, _box())
        loop.add(device)
        loop.add(forwarder)
        reads = []
        Pusher(device).every(10000, device.idf[1], lambda: reads.append(1) or NoData)

        def put(n):
            assert forwarder.idf[0].push_int(n)
            return b"[%d]" % n

        def quiet():
            del reads[:]
            pings = server.pings
            server.heat([pings])
            weeks.run(loop.step, 120000)
            assert heard.pop() == [pings] and not heard
            assert 11 <= len(reads) <= 13
            assert forwarder.idf[0] and not forwarder.idf[2]
            assert 2 <= server.pings - pings <= 3  # every 45 s

        _live(weeks, loop, server, forwarder, put, quiet)


def test_umqtt():
    with Weeks() as weeks:
        below = Umqtt(weeks.net)
        loop = Loop()
        client = Adapter(below, keepalive=60)
        loop.add(client)
        for kind, middle in weeks.life(loop.step):
            assert not middle or client.connected == (kind == "idle")
            if not middle:
                weeks.run(loop.step, 61000, until=lambda: client.connected)
                assert client.publish(b"t", b"x")
                pings = below.pings
                weeks.run(loop.step, 125000)
                assert 2 <= below.pings - pings <= 3
