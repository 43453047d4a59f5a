# mypy: ignore-errors
"""Heap bytes that a Losant device keeps in use, connected over plain TCP: ``PORT``. It has sent
a state, and its observer has been told a command, before it is counted a second time."""

import gc
import sys


def used():
    # The collector keeps whatever looks like a pointer to it, old stack included: asked again
    # from a fresh frame it finds less of that.
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def connected(number):
    from motelink.losant import Device

    device = Device(
        "575ecf887ae143cd83dc4aa2",
        "bench-access-key",
        "bench-access-secret",
        secure=False,
        host="127.0.0.1",
        port=number,
    )
    device.connect(blocking=False)
    while not device.is_connected():
        device.loop(1)
    return device


def exchange(device):
    told = []
    device.add_event_observer("command", lambda _, command: told.append(command))
    while not device.send_state({"celsius": 21.5, "door": True}):
        device.loop(1)
    while not told:
        device.loop(1)


def report(name, before, device):
    print(name, used() - before - device.client.rx.limit - device.client.tx.limit)


def main():
    before = used()
    for name in ("port", "errors", "stream", "loop", "mqtt"):
        __import__("motelink." + name)
    print("mqtt", used() - before)
    __import__("motelink.losant")
    print("imported", used() - before)
    device = connected(int(sys.argv[1]))
    report("connected", before, device)
    exchange(device)
    report("exchanged", before, device)
    for name in sys.modules:
        if name.startswith("motelink"):
            print(name, 1)


main()
