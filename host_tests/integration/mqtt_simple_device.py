# mypy: ignore-errors
"""A program of umqtt.simple's users, with its import changed: ``PORT``. Runs on MicroPython and
on CPython, and ends with an error where something is not as umqtt.simple has it."""

import sys

from motelink.mqtt_simple import MQTTClient

number = int(sys.argv[1])
name = "simple-" + sys.implementation.name
got = []


def callback(topic, message):
    got.append((topic, message))


def raises(kind, f, *args):
    try:
        f(*args)
    except kind as error:
        return error
    raise AssertionError("nothing was raised")


def client(suffix, **options):
    made = MQTTClient(name + suffix, "127.0.0.1", number, **options)
    made.set_callback(callback)
    return made


T = b"simple/" + name.encode()

first = client("-a", keepalive=30)
raises(OSError, first.publish, T, b"x")
first.set_last_will(T + b"/will", b"gone", True, 1)
assert first.connect() == 0
first.subscribe(T)
assert first.check_msg() is None

# One message a call, at every QoS.
for qos in (0, 1, 2):
    first.subscribe(T, qos)
    got.clear()
    first.publish(T, b"one", qos=qos)
    first.publish(T, "two", False, qos)
    while len(got) < 1:
        assert first.wait_msg() is None
    assert got[0] == (T, b"one"), got
    while len(got) < 2:
        first.wait_msg()
    assert got[1] == (T, b"two"), got
    assert first.check_msg() is None
    assert len(got) == 2

# Messages that came together are taken one by one.
second = client("-b")
second.connect()
second.subscribe(T + b"/burst")
got.clear()
for i in range(5):
    first.publish(T + b"/burst", b"%d" % i, qos=1)
for i in range(5):
    second.wait_msg()
    assert len(got) == i + 1, got
second.check_msg()
assert [message for _, message in got] == [b"%d" % i for i in range(5)], got

# Retained; a large one; what never fits.
first.publish(T + b"/kept", b"k" * 900, True, 1)
got.clear()
first.subscribe(T + b"/kept")
while not got:
    first.wait_msg()
assert got == [(T + b"/kept", b"k" * 900)]
raises(OSError, first.publish, T, b"x" * 2000)

# An error of the callback is the caller's.
first.set_callback(lambda topic, message: 1 // 0)
first.publish(T, b"boom")
raises(ZeroDivisionError, first.wait_msg)
first.set_callback(callback)

# The will, and life after an error.
watcher = client("-c")
watcher.connect()
watcher.subscribe(T + b"/will")
first.ping()
first.client.failed(OSError("cut"))
raises(OSError, first.publish, T, b"x")
raises(OSError, first.check_msg)
got.clear()
while not got:
    watcher.wait_msg()
assert got == [(T + b"/will", b"gone")], got
assert first.connect() == 0
got.clear()
first.publish(T, b"again", qos=1)
while (T, b"again") not in got:
    first.wait_msg()
first.disconnect()
raises(OSError, first.wait_msg)

# A kept session.
kept = client("-d")
assert kept.connect(False) == 0
kept.subscribe(T, 1)
kept.disconnect()
second.publish(T, b"while away", qos=1)
got.clear()
assert kept.connect(clean_session=False) == 1
while not got:
    kept.wait_msg()
assert got == [(T, b"while away")]
kept.disconnect()
kept.connect(True)
kept.disconnect()

nobody = MQTTClient("x", "127.0.0.1", 1)
raises(OSError, nobody.connect)
print("done 1")
