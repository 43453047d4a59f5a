# mypy: ignore-errors
"""One operation of our MQTT client, many times: ``OPERATION MODE PORT COUNT``; see `meter`.

An operation ends when it is acknowledged; those named ``stream_`` keep the window full instead.
"""

import sys

import meter
from packets import PAYLOAD, TOPIC

from motelink.mqtt import Client

_, name, mode, port, count = sys.argv
due = 0  # messages, the first of which may come with CONNACK


def publish_qos0(count):
    for _ in range(count):
        while not client.publish(TOPIC, PAYLOAD):
            client.step(1000)
    while client.tx.end:
        client.step(1000)


def publish(count, qos):
    for _ in range(count):
        client.publish(TOPIC, PAYLOAD, qos)
        while client.in_flight:
            client.step(1000)


def publish_qos1(count):
    publish(count, 1)


def publish_qos2(count):
    publish(count, 2)


def stream(count, qos):
    for _ in range(count):
        while not client.publish(TOPIC, PAYLOAD, qos):
            client.step(1000)
    while client.in_flight:
        client.step(1000)


def stream_qos1(count):
    stream(count, 1)


def stream_qos2(count):
    stream(count, 2)


def receive(count):
    global due
    due += count
    while client.messages < due:
        client.step(1000)
    while client.tx.end:
        client.step(1000)


receive_qos0 = receive_qos1 = receive


def receive_qos2(count):
    for _ in range(count):
        receive(1)
        client.step(1000)  # PUBREL


def ping(count):
    for _ in range(count):
        client.ping()
        client.step(1000)


def on_message(message):
    if not message.qos:
        client.sock.write(b"k")


client = Client("127.0.0.1", "bench", port=int(port))
client.on_message = on_message
if name.startswith("receive"):
    client.subscribe(TOPIC, 2)
while not client.connected:
    client.step(1000)
meter.run(globals()[name], mode, int(count))
if client.errors or client.handler_errors:
    raise client.last_error
