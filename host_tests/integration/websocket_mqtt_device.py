# mypy: ignore-errors
"""An MQTT client over WebSocket, and a Losant device: ``KIND PORT [CA]``. What happens is printed,
a line each."""

import sys

from motelink import mqtt, port
from motelink.losant import Device
from motelink.port import heap_lock, heap_unlock
from motelink.websocket_stream import over

kind, number = sys.argv[1:3]
tls = False
if len(sys.argv) > 3:
    tls = port.tls_context(sys.argv[3])
END = port.ticks_add(port.ticks_ms(), 20000)


def until(client, condition):
    while not condition():
        assert port.ticks_diff(END, port.ticks_ms()) > 0, client.last_error
        client.step(20)


def exchange():
    """Messages of every QoS and many sizes to oneself; then, with the heap locked, to nobody."""
    client = over(mqtt.Client, "/mqtt", ("mqtt",))(
        "localhost", "kettle", port=int(number), rx_size=600, tx_size=600, slot_size=500, tls=tls
    )
    got = {}
    granted = []
    client.on_message = lambda message: got.update({len(message): message.bytes()})
    client.on_suback = lambda item, qos: granted.append(qos)
    client.subscribe("t/#", 2)
    until(client, lambda: granted)
    for i in range(24):
        payload = bytes([i]) * (i * 20 + 1)
        until(client, lambda: client.publish(b"t/x", payload, i % 3))  # noqa: B023
    until(client, lambda: len(got) == 24)
    assert all(got[n] == bytes([n // 20]) * n for n in got)
    lock(client)
    print("exchanged", len(got), client.errors)
    client.end()


def lock(client):
    message = b"x" * 60
    client.publish(b"nobody", message)
    port.collect()
    heap_lock()
    try:
        for _ in range(100):
            while not client.publish(b"nobody", message):
                client.step(20)
            client.ping()
            client.step(5)
    finally:
        heap_unlock()


def losant():
    device = Device(
        "575ecf887ae143cd83dc4aa2",
        "my-access-key",
        "my-access-secret",
        secure=tls,
        transport="websockets",
        host="localhost",
        port=int(number),
    )

    def on_command(device, command):
        print("command", command["name"])
        device.send_state({"done": True}, 1)
        device.close()

    device.add_event_observer("connect", lambda device: print("connected"))
    device.add_event_observer("command", on_command)
    device.connect()


exchange() if kind == "mqtt" else losant()
