# mypy: ignore-errors
"""A device that gets a message many times larger than its heap: ``PORT QOS``. Says "ready" when it
is subscribed; prints how much came, in what order, and what of the heap it took."""

import gc
import sys

from motelink.mqtt import Client
from motelink.port import mem_alloc

number, qos = sys.argv[1:3]
client = Client("127.0.0.1", "large-" + qos + sys.implementation.name, port=int(number))
ready = []
came = 0
astray = 0
size = before = 0


def on_chunk(message, at, total):
    global came, astray
    if at != came or message[0] != 120 or (at == 0) != (message.topic == b"large"):
        astray += 1
    came += len(message)


def on_oversize(total):
    global size
    size = total


client.on_chunk = on_chunk
client.on_oversize = on_oversize
client.on_suback = lambda item, granted: ready.append(granted)
client.subscribe("large", int(qos))
while not ready:
    client.step(1000)
print("ready", ready[0])
gc.collect()
before = mem_alloc()
while not size:
    client.step(1000)
client.publish("received", str(size), 1)
while client.in_flight:
    client.step(1000)
gc.collect()
print("grown", max(0, mem_alloc() - before))
print("came", came)
print("astray", astray)
print("size", size)
print("connects", client.connects)
client.end()
