"""Runs on MicroPython: ``docs_allocate.py FILE`` prints the bytes that one call of the FILE's
``handler(message)`` allocates, of which those of 0 run with the heap locked."""

import gc
import sys

import micropython

from motelink.buffer import Message

CALLS = 10


class Device:
    """Whatever a handler talks to; nothing of it allocates."""

    def on(self):
        pass

    def send(self, data):
        return True

    def read_u16(self):
        return 2150


def later(function):
    pass


def calls(handler, message):
    for _ in range(CALLS):
        handler(message)


device = Device()
names = {"led": device, "client": device, "adc": device, "later": later, "state": [0]}
with open(sys.argv[1]) as file:  # noqa: PTH123 - MicroPython has no pathlib
    exec(file.read(), names)
message = Message(bytearray(b"on"))
message.end = 2
handler = names["handler"]
calls(handler, message)  # what is made at the first time stays
gc.collect()
gc.disable()
before = gc.mem_alloc()
calls(handler, message)
used = gc.mem_alloc() - before
if not used:
    micropython.heap_lock()
    calls(handler, message)
    micropython.heap_unlock()
print(used // CALLS)
