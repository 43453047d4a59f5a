# mypy: ignore-errors
"""Heap bytes of an outbox: what a put, and a peek with its pop, allocate within a segment, and at
the beginning of one; what an outbox of 192-byte records holds with its module, and what a Losant
device's forwarder holds besides."""

import gc
import sys

PUTS = 50


def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def allocated(work, times):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(times):
        work()
    after = gc.mem_alloc()
    gc.enable()
    return after - before


def main(folder):
    from motelink.losant import Device

    device = Device("575ecf887ae143cd83dc4aa2", "key", "secret", secure=False, window=0)
    before = used()
    from motelink.outbox import Outbox

    box = Outbox(folder, 192, 20000)
    print("outbox", used() - before)
    payload = b'{"data":{"celsius":21.5}}'

    def put():
        box.put(b"", payload)

    def pop():
        box.peek()
        box.pop()

    put()
    print("put", allocated(put, PUTS) // PUTS)
    pop()
    print("pop", allocated(pop, PUTS - 1) // (PUTS - 1))
    box.close()
    small = Outbox(folder + "-small", 192, 200)
    small.put(b"", bytes(150))
    print("segment", allocated(lambda: small.put(b"", bytes(150)), 1))
    small.close()
    small = None
    before = used()
    from motelink.losant_outbox import Forwarder

    Forwarder(device, box)
    print("losant", used() - before)


main(sys.argv[1])
