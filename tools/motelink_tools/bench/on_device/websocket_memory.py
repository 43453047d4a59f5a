# mypy: ignore-errors
"""Heap bytes that a WebSocket client keeps in use, connected, its modules included, without the
buffers that it was asked for: ``PORT``. And the modules that it loaded."""

import gc
import sys


def used():
    # The collector keeps whatever looks like a pointer to it, old stack included: asked again
    # from a fresh frame it finds less of that.
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def connected(port):
    client = sys.modules["motelink.websocket"].Client(
        "ws://127.0.0.1:" + port, rx_size=256, tx_size=256
    )
    client.on_message = print
    while not client.connected:
        client.step(1000)
    return client


def main():
    before = used()
    for name in ("port", "errors", "link"):
        __import__("motelink." + name)
    base = used()
    __import__("motelink.websocket")
    print("imported", used() - base)
    client = connected(sys.argv[1])
    print("connected", used() - before - client.rx.limit - client.tx.limit)
    print("base", base - before)
    for name in sys.modules:
        if name.startswith("motelink"):
            print(name, 1)


main()
