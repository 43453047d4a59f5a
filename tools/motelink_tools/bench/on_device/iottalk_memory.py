# mypy: ignore-errors
"""Heap bytes that an IoTtalk device application keeps in use: ``PORT`` of its server's HTTP API.
It is registered and online when it is counted first, linked and has exchanged data when it is
counted again."""

import gc
import sys


def used():
    # The collector keeps whatever looks like a pointer to it, old stack included: asked again
    # from a fresh frame it finds less of that.
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def made(number):
    from motelink.iottalk import Device

    return Device(
        "http://127.0.0.1:" + number,
        "Bench",
        ["Celsius-I"],
        ["Heater-O"],
        id="3c1d9f0e-7b52-4a0e-9d57-0a4f3e6b2211",
    )


def exchange(device):
    celsius = device.idf[0]
    got = []
    device.odf[0].on_data = lambda message: got.append(message[1])
    while not celsius.push_int(21):
        device.step(1000)
    while not got:
        device.step(1000)


def report(name, before, device):
    held = used() - before - device.rx.limit - device.tx.limit
    print(name, held - 4 * (256 + 72) - 2 * 32)


def main():
    before = used()
    for name in ("port", "errors", "stream", "loop", "mqtt"):
        __import__("motelink." + name)
    print("mqtt", used() - before)
    __import__("motelink.iottalk")
    print("imported", used() - before)
    device = made(sys.argv[1])
    while not device.connected or device.in_flight:
        device.step(1000)
    report("connected", before, device)
    exchange(device)
    report("exchanged", before, device)
    for name in sys.modules:
        if name.startswith("motelink"):
            print(name, 1)


main()
