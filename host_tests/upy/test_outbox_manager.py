"""motelink.manager_outbox: messages wait on flash, and are sent again until heartbeats say that
they have arrived. The client is as small as can be; integration/test_outbox_platforms.py has the
real one.
"""

from kit import raises
from motelink.manager_outbox import Forwarder
from motelink.port import ticks_add, ticks_ms
from outbox_platform import Client, fresh, turn


class _Framing:
    def __init__(self, overhead):
        self.overhead = overhead

    def check(self, data):
        if data == b"\1":
            raise ValueError("a command")


class _Device(Client):
    beats = 0

    def __init__(self, overhead=2):
        super().__init__()
        self._framing = _Framing(overhead)

    def send(self, data):
        return self.take(data)


def test_manager_waits_for_the_second_heartbeat():
    device = _Device().come()
    forwarder = Forwarder(device, fresh())
    device.send("door open")
    device.send(b"door shut")
    turn(forwarder)
    assert device.new() == [b"door open", b"door shut"]
    for _ in range(2):
        turn(forwarder, 3)
        assert forwarder.box.count == 2
        device.beats += 1
    device.send(b"late")  # was not there at the first of those
    turn(forwarder, 2)
    assert forwarder.box.count == 1 and device.new() == [b"late"]
    device.beats += 1
    turn(forwarder)
    assert forwarder.box.count == 1
    device.beats += 1
    turn(forwarder)
    assert forwarder.box.count == 0
    raises(ValueError, device.send, b"\1")
    forwarder.box.close()


def test_manager_sends_again_what_is_not_proved():
    device = _Device().come()
    forwarder = Forwarder(device, fresh())
    device.send(b"1")
    turn(forwarder)
    device.beats += 1
    device.go()
    turn(forwarder)
    device.come()
    device.beats += 1
    turn(forwarder, 2)
    assert device.new() == [b"1", b"1"] and forwarder.box.count == 1
    device.beats += 2
    turn(forwarder, 2)
    assert forwarder.box.count == 0
    forwarder.box.close()


def test_manager_raw_messages_go_out_apart():
    device = _Device(0).come()
    forwarder = Forwarder(device, fresh())
    for i in range(3):
        device.send(b"%d" % i)
    now = ticks_ms()
    sent = []
    for ms in (0, 50, 100, 199, 200):
        forwarder.turn(ticks_add(now, ms))
        sent.append(len(device.new()))
    assert sent == [1, 0, 1, 0, 1], sent
    forwarder.box.close()
