# mypy: ignore-errors
"""Heap bytes that stay in use: ``node PORT`` is a manager's node, imported, then connected, with
the modules that it loaded; ``romfs IMAGE PORT`` is the same node, run in place from a ROMFS as
boards map it into memory."""

import gc
import sys


def used():
    # The collector keeps whatever looks like a pointer to it, old stack included: asked again
    # from a fresh frame it finds less of that.
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def node(port):
    before = used()
    for name in ("port", "errors", "stream", "loop", "manager"):
        __import__("motelink." + name)
    print("imported", used() - before)
    client = connected(int(port))
    print("connected", used() - before - client.rx.limit - client.tx.limit)
    for name in sys.modules:
        if name.startswith("motelink"):
            print(name, 1)


def romfs(image, port):
    import vfs

    with open(image, "rb") as file:
        content = file.read()  # in flash on a board: it is allocated before anything is counted
    vfs.mount(vfs.VfsRom(content), "/rom")
    sys.path.insert(0, "/rom")
    node(port)


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


globals()[sys.argv[1]](*sys.argv[2:])
