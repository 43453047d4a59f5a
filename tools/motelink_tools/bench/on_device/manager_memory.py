# mypy: ignore-errors
"""Heap bytes that a manager's node keeps in use, imported, then connected: ``PORT``. And the
modules that it loaded."""

import gc
import sys


def used():
    # The collector keeps whatever looks like a pointer to it, old stack included: asked again
    # from a fresh frame it finds less of that.
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def main():
    before = used()
    for name in ("port", "errors", "stream", "loop", "manager"):
        __import__("motelink." + name)
    print("imported", used() - before)
    client = connected(int(sys.argv[1]))
    print("connected", used() - before - client.rx.limit - client.tx.limit)
    for name in sys.modules:
        if name.startswith("motelink"):
            print(name, 1)


def connected(port):
    client = sys.modules["motelink.manager"].Client(
        "127.0.0.1",
        "1862cfe1-5dab-4d8e-a946-50d6728f830f",
        "bench",
        {"firmware": "1.0.0"},
        port=port,
    )
    while not client.messages:
        client.step(1000)
    return client


main()
