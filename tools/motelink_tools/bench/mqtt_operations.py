"""The MQTT operations that are measured, and a scripted broker's part in each.

Ours, umqtt.simple's and those of a bare socket put the same packets on the line: a topic of 30
bytes, a payload of 40. The broker acknowledges TCP segments at once where the system lets it:
umqtt.simple writes a packet in pieces, and else would wait 40 ms for each.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from motelink_tools.bench.repeated import WARM_UP, Repeated
from motelink_tools.errors import ToolError

# As in on_device/packets.py.
_TOPIC = b"home/kitchen/fridge/thermostat"
_PAYLOAD = b"0123456789" * 4

_CONNECT = 0x10
_CONNACK = b"\x20\x02\x00\x00"
_SUBACK = b"\x90\x03"
_PINGREQ, _PINGRESP = b"\xc0\x00", b"\xd0\x00"
_PUBACK, _PUBREC, _PUBREL, _PUBCOMP = b"\x40\x02", b"\x50\x02", b"\x62\x02", b"\x70\x02"
_ID_AT = 4 + len(_TOPIC)
_HANDLED = b"k"  # what a handler writes on receipt, where MQTT has no answer
_QUICK_ACK = getattr(socket, "TCP_QUICKACK", None)


@dataclass(frozen=True)
class MqttOperation(Repeated):
    """One operation of one client: ``mqtt.ping``, ``umqtt.ping``, ``floor.ping``. Of messages to
    be received ``at_once`` are on their way together."""

    at_once: int = 1

    def converse(self, connection: socket.socket, count: int) -> None:
        """The broker's part. Raises ToolError when the client breaks off."""
        if not self.key.startswith("floor."):
            welcome(connection)
        if self.key.startswith("mqtt.receive"):
            _subscribed(connection)
        part = _PARTS[self.name]
        count += WARM_UP
        for first in range(0, count, self.at_once):
            part(connection, min(self.at_once, count - first))


def welcome(connection: socket.socket) -> None:
    """Answer the CONNECT that every client begins with."""
    kind, size = _exactly(connection, 2)
    if kind != _CONNECT:
        raise ToolError(f"expected CONNECT, got {kind:02x}", kind="program_failed")
    _exactly(connection, size)
    connection.sendall(_CONNACK)


def _subscribed(connection: socket.socket) -> None:
    packet = _exactly(connection, 2 + 2 + 2 + len(_TOPIC) + 1)
    connection.sendall(_SUBACK + packet[2:4] + packet[-1:])


def answer_pings(connection: socket.socket) -> None:
    """A broker that has nothing to say, until the client leaves."""
    welcome(connection)
    while connection.recv(2) == _PINGREQ:
        connection.sendall(_PINGRESP)


def publication(qos: int, packet_id: int = 1) -> bytes:
    """The PUBLISH that all of them send and receive."""
    identifier = packet_id.to_bytes(2, "big") if qos else b""
    body = len(_TOPIC).to_bytes(2, "big") + _TOPIC + identifier + _PAYLOAD
    return bytes([0x30 | qos << 1, len(body)]) + body


def _publish_qos0(connection: socket.socket, count: int) -> None:
    """A sink, which must never be what the client waits for."""
    left = count * len(publication(0))
    piece = bytearray(1 << 16)
    while left:
        received = connection.recv_into(piece, min(left, len(piece)))
        if not received:
            raise ToolError("the client has closed the connection", kind="program_failed")
        left -= received


def _publish_qos1(connection: socket.socket, count: int) -> None:
    for _ in range(count):
        packet = _exactly(connection, len(publication(1)))
        connection.sendall(_PUBACK + packet[_ID_AT : _ID_AT + 2])


def _publish_qos2(connection: socket.socket, count: int) -> None:
    for _ in range(count):
        packet = _exactly(connection, len(publication(2)))
        packet_id = packet[_ID_AT : _ID_AT + 2]
        connection.sendall(_PUBREC + packet_id)
        _expect(connection, _PUBREL + packet_id)
        connection.sendall(_PUBCOMP + packet_id)


def _receive_qos0(connection: socket.socket, count: int) -> None:
    connection.sendall(publication(0) * count)
    _expect(connection, _HANDLED * count)


def _receive_qos1(connection: socket.socket, count: int) -> None:
    connection.sendall(publication(1) * count)
    _expect(connection, (_PUBACK + b"\0\x01") * count)


def _receive_qos2(connection: socket.socket, count: int) -> None:
    for _ in range(count):
        connection.sendall(publication(2))
        _expect(connection, _PUBREC + b"\0\x01")
        connection.sendall(_PUBREL + b"\0\x01")
        _expect(connection, _PUBCOMP + b"\0\x01")


def _ping(connection: socket.socket, count: int) -> None:
    for _ in range(count):
        _expect(connection, _PINGREQ)
        connection.sendall(_PINGRESP)


_PARTS: dict[str, Callable[[socket.socket, int], None]] = {
    "publish_qos0": _publish_qos0,
    "publish_qos1": _publish_qos1,
    "publish_qos2": _publish_qos2,
    "receive_qos0": _receive_qos0,
    "receive_qos1": _receive_qos1,
    "receive_qos2": _receive_qos2,
    "ping": _ping,
}


def _expect(connection: socket.socket, wanted: bytes) -> None:
    got = _exactly(connection, len(wanted))
    if got != wanted:
        raise ToolError(f"expected {wanted!r}, got {got!r}", kind="program_failed")


def _exactly(connection: socket.socket, size: int) -> bytes:
    pieces = b""
    while len(pieces) < size:
        if _QUICK_ACK is not None:
            connection.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
        piece = connection.recv(size - len(pieces))
        if not piece:
            raise ToolError("the client has closed the connection", kind="program_failed")
        pieces += piece
    return pieces


OURS = [MqttOperation(f"mqtt.{name}", "mqtt_operation") for name in _PARTS]
# It has no QoS 2.
UMQTT = [
    MqttOperation(f"umqtt.{name}", "umqtt_operation") for name in _PARTS if "qos2" not in name
]
FLOORS = [MqttOperation(f"floor.{name}", "mqtt_floor") for name in _PARTS]
EXPLAINED = (
    "Topic 30 bytes, payload 40. umqtt: umqtt.simple 1.1 of PyPI, which has no QoS 2. floor: a "
    "bare blocking socket, write and readinto of whole packets, nothing looked at. One operation "
    "after another, acknowledgements included; in receive_qos0 the handler writes a byte. Ours "
    "has subscribed to the topic."
)
