# mypy: ignore-errors
"""A device that sends numbered messages to itself through a broker: ``PORT QOS COUNT MODE [CA]``.

Runs on MicroPython and on CPython. Modes: "locked" forbids to allocate between the first message
and the last; "restarts" keeps its session, and waits for a broker that goes away; "tls" trusts
the authority whose certificate is in the file CA. Prints what was
lost and what came twice.
"""

import gc
import sys

from motelink import port
from motelink.backoff import Backoff
from motelink.mqtt import Client, prepared
from motelink.port import heap_lock, heap_unlock

number, qos, count, mode = sys.argv[1:5]
qos = int(qos)
count = int(count)
TOPIC = prepared(f"home/kettle/茶/{qos}")
payload = bytearray(b"00000 twenty-three bytes")
seen = bytearray(count)
received = twice = 0


def write_number(n):
    for i in range(4, -1, -1):
        payload[i] = 48 + n % 10
        n //= 10


def on_message(message):
    global received, twice
    n = 0
    for i in range(5):
        n = n * 10 + message[i] - 48
    if seen[n]:
        twice += 1
    else:
        seen[n] = 1
        received += 1


def run():
    sent = 0
    idle = 0
    while received < count or client.in_flight:
        if sent < count and client.connected:
            write_number(sent)
            if client.publish(TOPIC, payload, qos):
                sent += 1
                # One step a message, so that as much comes as goes.
                client.step(0)
                continue
        before = received
        client.step(20)
        idle = idle + 1 if received == before and sent == count else 0
        if idle > 1000:
            return


granted = []
client = Client(
    "localhost" if mode == "tls" else "127.0.0.1",
    f"device-{qos}-{sys.implementation.name}",
    port=int(number),
    tls=port.tls_context(ca=sys.argv[5]) if mode == "tls" else False,
    clean=mode != "restarts",
    answer_ms=20000,
    backoff=Backoff(20, 200),
)
client.on_message = on_message
client.on_suback = lambda item, code: granted.append(code)
client.subscribe(TOPIC, qos)
while not granted:
    client.step(1000)
print("granted", granted[0])
if mode == "locked":
    gc.collect()
    heap_lock()
run()
if mode == "locked":
    heap_unlock()
print("lost", count - received)
print("twice", twice)
print("connects", client.connects)
print("errors", client.handler_errors)
client.end()
