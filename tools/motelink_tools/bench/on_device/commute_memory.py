# mypy: ignore-errors
"""Heap bytes that an IoT Commute device keeps in use, connected over plain TCP: ``PORT``. It has
sent a state and been told a tick before it is counted a second time. And those of the face for
programs on a loop, with ``PORT pair``."""

import gc
import sys

told = []


def used():
    # The collector keeps whatever looks like a pointer to it, old stack included: asked again
    # from a fresh frame it finds less of that.
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def documented(root):
    from motelink.commute import WebSocket

    ws = WebSocket("lamp", "bench-key", "device", root=root)
    ws.on_tick = lambda _tick, _ws: told.append(1)
    return ws, ws.open()


def pair(root):
    from motelink.commute_pair import Pair

    client = Pair("lamp", "bench-key", "device", root)
    client.on_tick = lambda _tick: told.append(1)
    return client, client


def report(name, before, client):
    print(name, used() - before - client.rx.limit - client.tx.limit)


def main(number, face="documented"):
    start = used()
    for name in ("port", "errors", "link"):
        __import__("motelink." + name)
    before = used()
    print("base", before - start)
    __import__("motelink.websocket")
    print("websocket", used() - before)
    ws, client = globals()[face](f"ws://127.0.0.1:{number}/ws")
    while not client.connected:
        client.step(1000)
    report("connected", before, client)
    if face == "documented":
        ws.send_message("celsius", 21.5)
    else:
        ws.send_text('{"method":"put","status":{"sensor":"celsius","value":21.5}}')
    while not told:
        client.step(1000)
    report("exchanged", before, client)
    for name in sys.modules:
        if name.startswith("motelink"):
            print(name, 1)


main(*sys.argv[1:])
