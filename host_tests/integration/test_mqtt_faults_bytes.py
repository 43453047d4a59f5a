"""What bytes a broker can send, and cut short, and how many: on real MicroPython with a board's
heap nothing hangs, nothing grows, and the device is back at work."""

import contextlib

from mqtt_owner import CONNACK, PRESENT, PUBACK, PUBCOMP, PUBREC, PUBREL, ack, pub

from .device_process import Runtime
from .mqtt_packets import pid_of
from .mqtt_rows import Outcome, device, downs, rows, settled
from .mqtt_scripted_broker import (
    PUBLISH,
    Connection,
    Script,
    ScriptedBroker,
    number,
    serve,
)

TOPIC = b"home/kettle"


def broken(runtime: Runtime, *packets: bytes, error: str = "ProtocolError") -> None:
    """Each packet ends a connection."""

    def say(packet: bytes) -> Script:
        def script(connection: Connection) -> None:
            connection.greet(present=True)
            connection.send(packet)
            connection.expect_close()

        return script

    with (
        ScriptedBroker(*map(say, packets), serve()) as broker,
        device(runtime, broker.port, "listen", 0, 0) as kettle,
    ):
        found = settled(kettle)
    assert downs(kettle) == [error] * len(packets) + ["NoneType"]
    assert found["messages"] == 1


def remaining_length_of_ff(runtime: Runtime) -> None:
    broken(runtime, *(bytes([first]) + b"\xff" * 12 for first in (0x30, 0x34, 0x40, 0x90, 0xD0)))


def the_largest_remaining_length(runtime: Runtime) -> None:
    """A PUBLISH of 256 MiB is skipped as it comes, until the broker gives up."""

    def begin(connection: Connection) -> None:
        connection.greet(present=True)
        connection.send(b"\x34\xff\xff\xff\x7f\0\3a/b\0\7" + b"x" * 100_000)

    with (
        ScriptedBroker(begin, begin, begin, serve()) as broker,
        device(runtime, broker.port, "listen", 0, 0) as kettle,
    ):
        found = settled(kettle)
    assert downs(kettle) == ["ConnectionLost"] * 3 + ["NoneType"]
    assert (found["oversized"], found["messages"]) == (0, 1)


def topic_beyond_the_packet(runtime: Runtime) -> None:
    broken(runtime, b"\x30\4\0\3ab", b"\x32\6\0\3abc\1", b"\x30\4\xff\xffab", b"\x30\3\0\2a" * 9)


def publish_of_length_0(runtime: Runtime) -> None:
    broken(runtime, b"\x30\0", b"\x34\0", b"\x30\1\0", b"\x30\2\0\0")


def everything_else(runtime: Runtime) -> None:
    """Types, flags and ids that a broker must not send."""
    broken(
        runtime,
        *(bytes([first]) + b"\2\0\1" for first in (0x00, 0xF0, 0x10, 0x82, 0xA2, 0xC0, 0xE0)),
        *(bytes([first]) + b"\2\0\1" for first in (0x41, 0x52, 0x60, 0x63, 0x72)),
        *(ack(kind, 0) for kind in (PUBACK, PUBREC, PUBREL, PUBCOMP)),
        CONNACK,  # a second one
        b"\xd0\1x",
        b"\x40\3\0\1x",
        b"\x90\xff\xff\xff\x7f",
        b"\x36\7\0\3a/b\0\1",  # QoS 3
        b"\x38\5\0\3a/b",  # DUP at QoS 0
        b"\x32\7\0\3a/b\0\0",  # id 0
        pub(b"\xff\xfe", b""),
        pub(b"a/#", b""),
        pub(b"a\0b", b""),
    )


def hung_up_inside_a_packet(runtime: Runtime) -> None:
    """At every byte of CONNACK, PUBLISH and PUBREL."""
    talk = PRESENT + pub(TOPIC, b"00000", 2, 7) + ack(PUBREL, 7)

    def cut(n: int) -> Script:
        def script(connection: Connection) -> None:
            connection.packet()
            connection.send(talk[:n])

        return script

    with (
        ScriptedBroker(*map(cut, range(len(talk))), serve()) as broker,
        device(runtime, broker.port, "listen", 2, 1) as kettle,
    ):
        found = settled(kettle)
    assert downs(kettle) == ["ConnectionLost"] * len(talk) + ["NoneType"]
    # Its id is remembered until it is released, which was in the last of these connections.
    assert (found["received"], found["twice"]) == (1, 0)


def answers_in_reverse(runtime: Runtime) -> None:
    """And answers to nothing in between, which the standard lets pass."""

    def reverse(connection: Connection) -> None:
        connection.greet(present=True)
        for _ in range(5):
            owed = []
            for _ in range(4):
                first, body = connection.expect(PUBLISH)
                connection.broker.messages.append(body[15:])
                owed.append(ack(PUBACK if first & 2 else PUBREC, pid_of(body[13:])))
            stray = ack(PUBACK, 77) + ack(PUBCOMP, 78) + b"\xb0\2\0\x4f"
            connection.send(stray.join(reversed(owed)))
            released = [pid_of(connection.expect(PUBREL)[1]) for _ in range(2)]
            connection.send(ack(PUBCOMP, released[1]) + ack(PUBCOMP, released[0]))
        connection.serve(20)

    with (
        ScriptedBroker(reverse) as broker,
        device(runtime, broker.port, "send", 12, 20) as kettle,
    ):
        found = settled(kettle)
    assert [number(message) for message in broker.messages] == list(range(20))
    assert found["errors"] == 0


def a_megabyte(runtime: Runtime) -> None:
    """Into a heap of 64 KiB without a handler for chunks, in three pieces of connections: skipped,
    told once, and acknowledged once."""
    size = 1 << 20
    message = pub(b"large", b"x" * size, 2, 9)

    def part(n: int) -> Script:
        def script(connection: Connection) -> None:
            connection.greet(present=True)
            connection.send(message[:n])

        return script

    def whole(connection: Connection) -> None:
        connection.greet(present=True)
        for _ in range(2):  # as if the first PUBREC had been lost
            connection.send(bytes([message[0] | 8]) + message[1:])
            assert pid_of(connection.expect(PUBREC)[1]) == 9
        connection.send(ack(PUBREL, 9))
        assert pid_of(connection.expect(PUBCOMP)[1]) == 9
        connection.serve()

    with (
        ScriptedBroker(part(10), part(400_000), part(size), whole) as broker,
        device(runtime, broker.port, "listen", 0, 0, heap="64k") as kettle,
    ):
        found = settled(kettle)
    assert (found["oversized"], found["messages"], found["connects"]) == (1, 1, 4)


def little_heap_left(runtime: Runtime) -> None:
    """Of 128 KiB 8 are free when connections begin to end: enough to begin others."""

    def stay(connection: Connection) -> None:
        connection.greet(present=True)
        connection.send(pub(TOPIC, b"00000"))
        with contextlib.suppress(TimeoutError):
            while True:
                connection.answer(*connection.packet(0.5))

    def hang_up(connection: Connection) -> None:
        connection.greet(present=True)

    with (
        ScriptedBroker(stay, *[hang_up] * 10, serve()) as broker,
        device(runtime, broker.port, "listen", 0, 1, "spare=8192") as kettle,
    ):
        settled(kettle)
    assert downs(kettle) == ["ConnectionLost"] * 11 + ["NoneType"]
    assert "MemoryError" not in "".join(kettle.output)


def ids_go_round(runtime: Runtime) -> None:
    """The 65,536th message at QoS 1, and some more: no id is 0, none is in flight twice."""
    count = 65_600

    def script(connection: Connection) -> None:
        connection.greet()
        expected = 0
        for i in range(count):
            _, body = connection.expect(PUBLISH)
            pid = pid_of(body[13:])
            assert pid == (expected or pid), i
            expected = pid % 65535 + 1
            connection.send(ack(PUBACK, pid))
        connection.serve()

    with (
        ScriptedBroker(script) as broker,
        device(runtime, broker.port, "send", 1, count) as kettle,
    ):
        found = settled(kettle)
    assert (found["sent"], found["errors"], found["connects"]) == (count, 0, 1)


@rows(
    remaining_length_of_ff,
    the_largest_remaining_length,
    topic_beyond_the_packet,
    publish_of_length_0,
    everything_else,
    hung_up_inside_a_packet,
    answers_in_reverse,
    a_megabyte,
    little_heap_left,
    ids_go_round,
)
def test_faults(outcome: Outcome) -> None:
    outcome()
