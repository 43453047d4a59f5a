"""Nothing that motelink.mqtt_session waits for, it waits for for ever."""

import sys

from kit import MICROPYTHON, raises
from motelink import mqtt_build, mqtt_resume
from motelink.errors import TimedOut
from mqtt_owner import (
    CONNACK,
    PINGRESP,
    PRESENT,
    PUBREC,
    ack,
    pub,
    ready,
)

T = b"home/kettle"
PING = (0xC0, b"")


def test_every_wait_ends():
    def publish(qos):
        def wait(owner):
            owner.session.publish(T, b"x", qos)

        return wait

    def released(owner):
        owner.session.publish(T, b"x", 2)
        owner.session.tick(1 << 29)
        owner.feed(ack(PUBREC, 1))

    def subscribed(owner):
        mqtt_resume.request(owner.session, mqtt_build.subscribe("a", 1))

    for wait in (publish(1), publish(2), released, subscribed):
        owner = ready()
        wait(owner)
        owner.session.tick(1 << 29)
        raises(TimedOut, owner.session.tick, 1 << 29)
        owner.drop()
        owner.connect(PRESENT)
        owner.session.tick(1 << 29)
        raises(TimedOut, owner.session.tick, 1 << 29)


def test_pings_come_and_must_be_answered():
    owner = ready()
    tick = owner.session.tick
    tick(3)
    tick(3)
    assert owner.sent() == []
    tick(3)
    assert owner.sent() == [PING]
    owner.feed(PINGRESP)
    tick(3)
    tick(3)
    tick(3)
    assert owner.sent() == [PING]
    assert "PINGRESP" in str(raises(TimedOut, tick, 3))
    # What says so was loaded for it, and is dropped.
    assert not MICROPYTHON or "motelink.mqtt_failures" not in sys.modules


def test_a_broker_that_stops_reading_is_found_without_keepalive():
    owner = ready(tx_size=110)
    owner.sock.take = 3
    assert owner.session.publish(T, b"x" * 88)
    owner.feed(pub(b"t", b"", 1, 1) * 9)
    owner.session.tick(1 << 29)
    raises(TimedOut, owner.session.tick, 1 << 29)
    owner.drop()
    owner.connect(CONNACK)
    for _ in range(5):
        owner.session.tick(1 << 29)
