# mypy: ignore-errors
"""What a small MQTT node does: ``CLIENT PORT``. Subscribes to a topic of its own, publishes there
100 times, and receives each: ours at QoS 1, umqtt.simple, which would take long then, at 0."""

import sys

from packets import PAYLOAD, TOPIC

_, name, port = sys.argv
COUNT = 100
seen = 0


def ours(port):
    from motelink.mqtt import Client

    def on_message(message):
        global seen
        seen += message == PAYLOAD

    client = Client(
        "127.0.0.1", "small", port=port, rx_size=128, tx_size=128, window=1, slot_size=128, ids=4
    )
    client.on_message = on_message
    client.subscribe(TOPIC, 1)
    sent = 0
    while seen < COUNT:
        sent += sent < COUNT and client.publish(TOPIC, PAYLOAD, 1)
        client.step(1000)
        if client.errors or client.handler_errors:
            sys.exit(1)


def umqtt(port):
    from umqtt.simple import MQTTClient

    def on_message(_topic, message):
        global seen
        seen += message == PAYLOAD

    client = MQTTClient("small", "127.0.0.1", port)
    client.set_callback(on_message)
    client.connect()
    client.subscribe(TOPIC)
    for _ in range(COUNT):
        client.publish(TOPIC, PAYLOAD)
    while seen < COUNT:
        client.wait_msg()


globals()[name](int(port))
