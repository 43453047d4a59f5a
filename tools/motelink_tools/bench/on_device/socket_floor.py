# mypy: ignore-errors
"""The least that a program on a socket does, many times: ``KIND MODE PORT COUNT``.

Answers each byte received with four, as a heartbeat wants it; "send" only sends. Modes as in
manager_operation.
"""

import gc
import select
import socket
import sys
from time import ticks_diff, ticks_us

from micropython import heap_lock, heap_unlock, mem_total

WARM_UP = 20

received = bytearray(64)
poll = select.poll()
allocated = total = took = 0


def recv_send(count):
    """What everybody writes. `recv` allocates."""
    for _ in range(count):
        sock.recv(1)
        sock.send(b"beat")


def readinto_write(count):
    """The same without allocating."""
    for _ in range(count):
        sock.readinto(received, 1)
        sock.write(b"beat")


def poll_readinto_write(count):
    """The same with a socket that never blocks, as a program with two sockets or a timer needs."""
    sock.setblocking(False)
    while count:
        for ready, _ in poll.ipoll(1000):
            if ready.readinto(received, 1):
                ready.write(b"beat")
                count -= 1


def send(count):
    """Only sending."""
    message = b"temperature 21.5"
    for _ in range(count):
        sock.send(message)


_, kind, mode, port, times = sys.argv
operation = globals()[kind]
sock = socket.socket()
sock.connect(socket.getaddrinfo("127.0.0.1", int(port))[0][-1])
poll.register(sock, select.POLLIN)
operation(WARM_UP)
if mode == "heap":
    gc.collect()
    gc.disable()
elif mode == "locked":
    heap_lock()
allocated = gc.mem_alloc()
total = mem_total()
took = ticks_us()
operation(int(times))
took = ticks_diff(ticks_us(), took)
if mode == "locked":
    heap_unlock()
total = mem_total() - total
allocated = gc.mem_alloc() - allocated
sock.close()
print("allocated", allocated)
print("total", total)
print("us", took)
