# mypy: ignore-errors
"""Heap bytes that stay in use, ``CLIENT PORT``: an MQTT client imported, then connected, without
the buffers that it was asked for, and the modules that it loaded."""

import gc
import sys


def used():
    # The collector keeps whatever looks like a pointer to it, old stack included: asked again
    # from a fresh frame it finds less of that.
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def ours(port):
    client = sys.modules["motelink.mqtt"].Client(
        "127.0.0.1",
        "bench",
        port=port,
        rx_size=256,
        tx_size=256,
        window=2,
        slot_size=128,
        ids=16,
    )
    while not client.connected:
        client.step(1000)
    return client


def umqtt(port):
    client = sys.modules["umqtt.simple"].MQTTClient("bench", "127.0.0.1", port)
    client.connect()
    return client


name, port = sys.argv[1:]
before = used()
__import__("umqtt.simple" if name == "umqtt" else "motelink.mqtt")
print("imported", used() - before)
client = globals()[name](int(port))
buffers = 256 + 256 + 2 * 128 + 16 * 2 if name == "ours" else 0
print("connected", used() - before - buffers)
for name in sys.modules:
    if name.startswith("motelink"):
        print(name, 1)
