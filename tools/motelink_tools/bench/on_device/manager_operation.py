# mypy: ignore-errors
"""One operation of the manager's client, many times: ``OPERATION MODE PORT COUNT``.

Modes: "speed" takes the time; "heap" switches the collector off and counts what is allocated;
"locked" forbids to allocate. The server says when to begin and when to stop, by a message.
"""

import gc
import sys
from time import ticks_diff, ticks_us

from micropython import heap_lock, heap_unlock, mem_total

from motelink.manager import Client

_, operation, mode, port, count = sys.argv
left = int(count)
begun = False
allocated = total = took = 0


def mark(_message):
    """The server's mark: the first begins what is measured, the second ends it."""
    global begun
    if begun:
        end()
    client.send(b"marked")
    if not begun:
        begun = True
        begin()
    if operation == "receive" and left:
        client.on_message = receive
    loop.stop()


def begin():
    global allocated, total, took
    if mode == "heap":
        gc.collect()
        gc.disable()
    elif mode == "locked":
        heap_lock()
    allocated = gc.mem_alloc()
    total = mem_total()
    took = ticks_us()


def end():
    global allocated, total, took
    took = ticks_diff(ticks_us(), took)
    total = mem_total() - total
    allocated = gc.mem_alloc() - allocated
    if mode == "locked":
        heap_unlock()


def receive(_message):
    """What a user's handler would be, and an answer by the socket alone, as the floor has it."""
    global left
    client.sock.write(b"k")
    left -= 1
    if not left:
        client.on_message = mark


def send():
    message = b"temperature 21.5"
    for _ in range(left):
        while not client.send(message):
            client.step(1000)


client = Client(
    "127.0.0.1",
    "1862cfe1-5dab-4d8e-a946-50d6728f830f",
    "bench",
    {"firmware": "1.0.0"},
    port=int(port),
)
client.on_message = mark
client.step()
loop = client.loop
loop.run()
if operation == "send":
    send()
loop.run()
if client.errors or client.handler_errors:
    raise client.last_error
print("allocated", allocated)
print("total", total)
print("us", took)
