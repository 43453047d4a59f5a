"""Clients that begin, or begin again, more than 6 days after they were made or have ended: ticks
of then seem to lie ahead; and others that have nothing to do for so long. See test_long_life.
"""

from box import clean
from motelink import losant_outbox, mqtt
from motelink.commute_pair import Pair
from motelink.loop import Loop
from motelink.losant import Device
from motelink.manager import Client
from motelink.mqtt_umqtt import Client as Adapter
from motelink.outbox import Outbox
from motelink.sepl_connector import Connector
from motelink.sepl_device import local_hash
from motelink.sepl_outbox import Forwarder as SeplForwarder
from motelink.sepl_pool import Pool
from mqtt_owner import pub
from sepl_world import Config
from weeks import DAY, NOW, Weeks
from weeks_servers import Broker, Commute, Manager, Sepl, Umqtt

HEAP = "512k"  # all of it is compiled there

UUID = "1862cfe1-5dab-4d8e-a946-50d6728f830f"


def _losant(weeks, **options):
    clean("box")
    weeks.net.servers[1883] = Broker()
    device = Device("d", "key", "secret", secure=False, host="h")
    return device, losant_outbox.Forwarder(device, Outbox("box", 96, 2000, 4), **options)


def test_losant_closed_for_days():
    with Weeks() as weeks:
        device, forwarder = _losant(weeks, always=True)
        server = weeks.net.servers[1883]
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
                Adapter(Umqtt(weeks.net)),
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


def test_without_keepalive_nothing_is_said_for_weeks():
    with Weeks() as weeks:
        manager, broker, commute = Manager(), Broker(), Commute()
        manager.every = 400 * DAY
        weeks.net.servers = {8595: manager, 1883: broker, 80: commute}
        heard = []
        clients = [
            Client("h", UUID, "kettle", {"a": 1}, silence_ms=0),
            mqtt.Client("h", "kettle", keepalive=0),
            Pair("lamp", "key", "device", "ws://h/ws", keepalive=0),
        ]
        loop = Loop()
        for client in clients:
            client.on_message = lambda message: heard.append(message.bytes())
            loop.add(client)
        for days in (1, 7, 13, 6, 13):
            weeks.run(loop.step, days * DAY, 1000000)
            text = b'{"days":%d}' % days
            assert clients[0].send(text)
            assert clients[1].publish(b"t", text, 1)
            assert clients[2].send_text(text)
            manager.line.incoming.append(b"m")
            broker.line.incoming.append(pub(b"t", b"b"))
            commute.say("c")
            weeks.run(loop.step, 300)
            assert manager.last() == broker.last() == text, days
            assert commute.last() == {"days": days}
            assert sorted(heard) == [b'"c"', b"b", b"m"], (days, heard)
            del heard[:]
            assert clients[1].in_flight == 0
        assert [client.connects for client in clients] == [1, 1, 1]


def test_the_rtc_is_set_meanwhile():
    with Weeks() as weeks:
        device, forwarder = _losant(weeks)
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


def test_an_outbox_is_tidied_behind_days_of_refusals():
    with Weeks() as weeks:
        server = weeks.net.servers[Config.port] = Sepl(local_hash([]))
        loop = Loop()
        connector = Connector(Pool(), Config())
        connector.join(loop)
        clean("box")
        forwarder = SeplForwarder(connector, Outbox("box", 96, 2000, 4))
        assert forwarder.event("lamp", "light", 1)
        server.status = 503
        weeks.run(loop.step, 8 * DAY, 600000)
        assert forwarder.box.count == 1 and server.count > 1000
        server.status = 200
        weeks.run(loop.step, 6000, until=lambda: not forwarder.box.count)
        weeks.run(loop.step, 11000, until=lambda: not forwarder.box._numbers)
        forwarder.box.close()
