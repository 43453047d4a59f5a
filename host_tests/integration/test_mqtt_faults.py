"""What a broker can do wrong, on real MicroPython with a board's heap: no device hangs, each is
back at work, and its heap holds in the end what it held at the start."""

from collections.abc import Callable

from mqtt_owner import PUBREC, PUBREL, ack

from .device_process import Runtime
from .mqtt_packets import pid_of
from .mqtt_rows import Outcome, device, downs, rows, settled
from .mqtt_scripted_broker import PUBLISH, Connection, ScriptedBroker, number, serve

QUICK = "answer_ms=200"


def no_connack(runtime: Runtime) -> None:
    def silent(connection: Connection) -> None:
        connection.packet()
        connection.expect_close()

    with (
        ScriptedBroker(*[silent] * 4, serve()) as broker,
        device(runtime, broker.port, "listen", 0, 0, QUICK) as kettle,
    ):
        found = settled(kettle)
    assert downs(kettle) == ["TimedOut"] * 4 + ["NoneType"]
    assert found["connects"] == 5


def never_acknowledged(runtime: Runtime) -> None:
    """Neither PUBACK nor PUBREC, then no PUBCOMP. What was sent comes again with DUP, in order."""
    came: list[list[tuple[int, int, bytes]]] = []

    def take(connection: Connection, and_then: Callable[[int, int], None]) -> None:
        connection.greet(present=True)
        came.append([])
        for _ in range(4):
            first, body = connection.expect(PUBLISH)
            pid = pid_of(body[13:])
            came[-1].append((first, pid, body[15:]))
            and_then(first, pid)
        connection.expect_close()

    def deaf(connection: Connection) -> None:
        take(connection, lambda first, pid: None)

    def no_pubcomp(connection: Connection) -> None:
        def record(first: int, pid: int) -> None:
            if first & 6 == 4:
                connection.broker.unreleased.add(pid)
                connection.send(ack(PUBREC, pid))

        take(connection, record)

    def released(connection: Connection) -> None:
        """The QoS 2 messages are not sent again; they are released."""
        connection.greet(present=True)
        kinds = [connection.expect(kind)[0] for kind in (PUBLISH, PUBREL) * 2]
        assert kinds == [0x3A, PUBREL] * 2
        connection.expect_close()

    with (
        ScriptedBroker(deaf, deaf, no_pubcomp, released, serve(6)) as broker,
        device(runtime, broker.port, "send", 12, 8, QUICK) as kettle,
    ):
        found = settled(kettle)
    assert downs(kettle) == ["TimedOut"] * 4 + ["NoneType"]
    assert [message[0] for message in came[0]] == [0x32, 0x34] * 2
    for again in came[1:]:
        assert again == [(first | 8, pid, payload) for first, pid, payload in came[0]]
    assert found["sent"] == 8
    # 1 and 3 were taken before they were released; they have not come again.
    assert sorted(number(message) for message in broker.messages) == [0, 2, 4, 5, 6, 7]


def closed_before_acknowledgement(runtime: Runtime) -> None:
    """A broker that forgets the session, too: all is published afresh, without DUP."""

    def hang_up(connection: Connection) -> None:
        connection.greet(present=False)
        first, _ = connection.expect(PUBLISH)
        assert not first & 8

    with (
        ScriptedBroker(*[hang_up] * 10, serve(20, present=False)) as broker,
        device(runtime, broker.port, "send", 12, 20) as kettle,
    ):
        settled(kettle)
    assert downs(kettle) == ["ConnectionLost"] * 10 + ["NoneType"]
    assert [number(message) for message in broker.messages] == list(range(20))


def stops_reading(runtime: Runtime) -> None:
    """During a flood at QoS 0."""

    def stop(connection: Connection) -> None:
        connection.greet()
        connection.expect(PUBLISH)
        connection.read_nothing()

    with (
        ScriptedBroker(stop, stop, stop, serve(100), rcvbuf=4096) as broker,
        device(runtime, broker.port, "flood", 0, 0, QUICK) as kettle,
    ):
        settled(kettle)
    assert downs(kettle) == ["TimedOut"] * 3 + ["NoneType"]


@rows(no_connack, never_acknowledged, closed_before_acknowledgement, stops_reading)
def test_faults(outcome: Outcome) -> None:
    outcome()
