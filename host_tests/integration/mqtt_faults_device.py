# mypy: ignore-errors
"""A device that goes on whatever happens: ``PORT WHAT QOS COUNT NAME=NUMBER...``.

WHAT: "send": COUNT numbered messages, at QOS; 12: at 1 and 2 by turns. "echo": the same, and
subscribed to its own topic, until all have come back. "flood": messages at QoS 0 without end.
"connect": nothing, until it has been accepted COUNT times. "idle": nothing for COUNT
milliseconds, and then as long with the heap locked. "listen": nothing. "send", "flood" and
"listen" end with a message to the topic "end". NAME=NUMBER: arguments of the client, and
``most``: so many messages are published on one connection; ``spare``: after the first message all
but so many bytes of the heap are taken.

Says "up N" at every CONNACK, "down ERROR" at every end of a connection, "at N" after every 50
messages, and at last what came, and how many bytes of the heap are in use more than before the
first connection, the last error and the broker's address apart.
"""

import gc
import sys

from motelink import log, port
from motelink.backoff import Backoff
from motelink.mqtt import Client, prepared
from motelink.port import heap_lock, heap_unlock, mem_alloc

log.info("begin")  # what the first line leaves for good is there now, not by the first fault
modules = set(sys.modules)
number, what, qos, count = sys.argv[1:5]
qos = int(qos)
count = int(count)
TOPIC = prepared("home/kettle")
payload = bytearray(b"00000 twenty-three bytes")
sending = what in ("send", "flood")
seen = bytearray(count if what == "echo" else 1)
over = False
received = twice = sent = ups = burst = 0


def write_number(n):
    for i in range(4, -1, -1):
        payload[i] = 48 + n % 10
        n //= 10


def on_message(message):
    global received, twice, over
    if message.topic == b"end":
        over = True
        return
    n = 0
    for i in range(5):
        n = n * 10 + message[i] - 48
    if seen[n]:
        if qos == 2 or n & 1:
            twice += 1
    else:
        seen[n] = 1
        received += 1
        if not received % 50:
            print("at", received)


def on_connect():
    global over, ups, burst
    ups += 1
    burst = 0
    print("up", ups)
    if what == "connect" and ups == count:
        over = True


def on_suback(item, granted):
    global sending
    if what == "echo":
        sending = True  # not before: a message to nobody would not come back


def level(n):
    return qos if qos < 3 else 1 + (n & 1)


def publish():
    global sent, burst
    if sending and (sent < count or what == "flood") and burst < most:
        write_number(sent % 100000)
        if client.publish(TOPIC, payload, level(sent)):
            sent += 1
            burst += 1
            return True
    return False


def idle():
    while not client.connected:
        client.step(20)
    client.loop.run_for(100)
    gc.collect()
    gc.disable()
    before = mem_alloc()
    client.loop.run_for(count)
    print("idle_bytes", mem_alloc() - before)
    heap_lock()
    client.loop.run_for(count)
    heap_unlock()
    gc.enable()


def in_use():
    """Bytes of the heap, less the modules that the client loads when it needs them and drops."""
    for name in set(sys.modules) - modules:
        if name.startswith("motelink."):
            port.forget(name[9:])
    # The collector keeps whatever old stack seems to point at: the least of several is held.
    return min([collected(depth) for depth in range(4)])


def collected(depth):
    """Heap bytes after a collection, with so many frames more on the stack."""
    if depth:
        return collected(depth - 1)
    gc.collect()
    gc.collect()
    return mem_alloc()


def ballast():
    """What leaves ``spare`` bytes."""
    taken = None
    gc.collect()
    while port.mem_free() > spare:
        taken = (bytearray(40), taken)
    return taken


def run():
    if what == "idle":
        idle()
        return
    taken = None
    while not over or client.in_flight:
        client.step(0 if publish() else 20)
        if what == "echo" and received == count:
            return
        if spare and client.messages and not taken:
            taken = ballast()


options = {"clean": 0, "backoff_ms": 20}
for option in sys.argv[5:]:
    name, value = option.split("=")
    options[name] = int(value)
spare = options.pop("spare", 0)
most = options.pop("most", 1 << 29)
backoff = Backoff(1, options.pop("backoff_ms"))
client = Client("127.0.0.1", "faults", port=int(number), backoff=backoff, **options)
client.on_connect = on_connect
client.on_end = lambda error: print("down", type(error).__name__, error)
client.on_message = on_message
client.on_suback = on_suback
if what not in ("flood", "connect"):
    client.subscribe(TOPIC if what == "echo" else "end", min(qos, 2))
before = in_use()
run()
while client.in_flight:
    client.step(20)
client.end()
client.last_error = client.address = None  # all that a fault may leave: a few hundred bytes
print("grown", in_use() - before)
print("sent", sent)
print("received", received)
print("twice", twice)
print("messages", client.messages)
print("oversized", client.oversized)
print("connects", client.connects)
print("errors", client.errors)
print("handler_errors", client.handler_errors)
