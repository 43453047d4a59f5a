# mypy: ignore-errors
"""Heap bytes that a SEPL client with 5 devices keeps in use, connected over plain TCP: ``PORT``.
It has sent an event and answered a command before it is counted a second time."""

import gc
import sys

CONF = "[CONNECTOR]\nprotocol=ws\nhost=127.0.0.1\nuser=me\npassword=secret\nport="


def used():
    # The collector keeps whatever looks like a pointer to it, old stack included: asked again
    # from a fresh frame it finds less of that.
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def ready(number):
    from motelink.sepl import Client, Device, DevicePool

    with open("connector.conf", "w") as file:
        file.write(CONF + number + "\n")
    for i in range(5):
        device = Device(f"lamp-{i}", "urn:lamp", f"Lamp {i}")
        device.addTag("room", "hall")
        DevicePool.add(device)
    Client(DevicePool)
    if not Client.ready(20):
        raise OSError("not ready")
    return Client


def exchange(client):
    if client.event("lamp-0", "celsius", 21.5).status != 200:
        raise OSError("no answer")
    if client.response(client.receive(), "done").status != 200:
        raise OSError("no answer")


def report(name, before, client):
    ws = client.connector.ws
    print(name, used() - before - ws.rx.limit - ws.tx.limit)


def main():
    start = used()
    for name in ("port", "errors", "link"):
        __import__("motelink." + name)
    before = used()
    print("base", before - start)
    __import__("motelink.websocket")
    print("websocket", used() - before)
    __import__("motelink.sepl")
    print("imported", used() - before)
    client = ready(sys.argv[1])
    report("connected", before, client)
    exchange(client)
    report("exchanged", before, client)
    for name in sys.modules:
        if name.startswith("motelink"):
            print(name, 1)


main()
