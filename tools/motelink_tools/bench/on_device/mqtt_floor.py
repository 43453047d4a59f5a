# mypy: ignore-errors
"""What a bare blocking socket takes to move the bytes of an MQTT operation, many times:
``OPERATION MODE PORT COUNT``; see `meter`."""

import socket
import sys

import meter
from packets import PAYLOAD, TOPIC

_, name, mode, port, count = sys.argv
PUBLISH = b"\x30\x48\x00\x1e" + TOPIC + PAYLOAD
PUBLISH_1 = b"\x32\x4a\x00\x1e" + TOPIC + b"\x00\x01" + PAYLOAD
PUBACK = b"\x40\x02\x00\x01"
PUBREC = b"\x50\x02\x00\x01"
PUBREL = b"\x62\x02\x00\x01"
PUBCOMP = b"\x70\x02\x00\x01"
PINGREQ = b"\xc0\x00"
received = bytearray(128)


def publish_qos0(count):
    for _ in range(count):
        sock.write(PUBLISH)


def publish_qos1(count):
    for _ in range(count):
        sock.write(PUBLISH_1)
        sock.readinto(received, 4)


def publish_qos2(count):
    for _ in range(count):
        sock.write(PUBLISH_1)
        sock.readinto(received, 4)
        sock.write(PUBREL)
        sock.readinto(received, 4)


def receive_qos0(count):
    for _ in range(count):
        sock.readinto(received, 74)
        sock.write(b"k")


def receive_qos1(count):
    for _ in range(count):
        sock.readinto(received, 76)
        sock.write(PUBACK)


def receive_qos2(count):
    for _ in range(count):
        sock.readinto(received, 76)
        sock.write(PUBREC)
        sock.readinto(received, 4)
        sock.write(PUBCOMP)


def ping(count):
    for _ in range(count):
        sock.write(PINGREQ)
        sock.readinto(received, 2)


sock = socket.socket()
sock.setsockopt(6, 1, 1)  # TCP_NODELAY
sock.connect(socket.getaddrinfo("127.0.0.1", int(port))[0][-1])
meter.run(globals()[name], mode, int(count))
sock.close()
