# mypy: ignore-errors
"""One operation of umqtt.simple, many times: ``OPERATION MODE PORT COUNT``; see `meter`."""

import sys

import meter
from packets import PAYLOAD, TOPIC
from umqtt.simple import MQTTClient

_, name, mode, port, count = sys.argv
handled = 0


def publish_qos0(count):
    for _ in range(count):
        client.publish(TOPIC, PAYLOAD)


def publish_qos1(count):
    for _ in range(count):
        client.publish(TOPIC, PAYLOAD, False, 1)


def receive(count):
    for _ in range(count):
        client.wait_msg()


receive_qos0 = receive_qos1 = receive


def ping(count):
    for _ in range(count):
        client.ping()
        client.wait_msg()


def on_message(_topic, _message):
    if name == "receive_qos0":
        client.sock.write(b"k")


client = MQTTClient("bench", "127.0.0.1", int(port))
client.set_callback(on_message)
client.connect()
meter.run(globals()[name], mode, int(count))
