"""What a network does, and a broker that hangs: real mosquitto behind the fault proxy, and real
MicroPython with a board's heap. Nothing hangs or is lost, and at QoS 2 nothing comes twice."""

import contextlib
import time
from collections.abc import Iterator
from itertools import product

from motelink_tools.faults import Cut, Direction, Fault, Proxy
from motelink_tools.hub.broker import Broker

from .device_process import Runtime
from .mqtt_rows import Outcome, device, downs, rows, settled

KEEPALIVE_S = 1
LATE_S = 10.0  # two cores have eight devices and their brokers to run, and CI has less


@contextlib.contextmanager
def network(*cuts: Cut) -> Iterator[Proxy]:
    """A broker behind a proxy."""
    with (
        Broker(options=["max_queued_messages 0"]) as broker,
        Proxy(broker.port, cuts=cuts) as proxy,
    ):
        yield proxy


def all_came(found: dict[str, int], count: int) -> None:
    assert (found["received"], found["twice"], found["sent"]) == (count, 0, count)


def one_byte_at_a_time(runtime: Runtime) -> None:
    with network() as proxy:
        proxy.up.piece = proxy.down.piece = 1
        with device(runtime, proxy.port, "echo", 12, 150) as kettle:
            found = settled(kettle)
    all_came(found, 150)
    assert found["connects"] == 1


def delays(runtime: Runtime) -> None:
    with network() as proxy:
        proxy.up.delay_s = proxy.down.delay_s = 0.03
        with device(runtime, proxy.port, "echo", 12, 40) as kettle:
            found = settled(kettle)
    all_came(found, 40)
    assert found["connects"] == 1


def cut_at_every_byte(runtime: Runtime) -> None:
    """Of a QoS 2 message and its way back, and of CONNECT and CONNACK before, either way. They
    are 77 bytes up and 57 down."""
    cuts = [
        Cut(direction, after, fault)
        for fault, direction in product((Fault.RESET, Fault.CLOSE), Direction)
        for after in range(80)
    ]
    with (
        network(*cuts) as proxy,
        device(runtime, proxy.port, "echo", 2, 600, "window=1", "backoff_ms=1") as kettle,
    ):
        found = settled(kettle)
        assert proxy.connections == len(cuts) + 1
    all_came(found, 600)


def faults_in_traffic(runtime: Runtime) -> None:
    """What is not told to either end: found by the client's own deadlines."""
    cuts = [
        Cut(direction, after, fault)
        for fault in (Fault.BLACK_HOLE, Fault.PAUSE, Fault.HALF_CLOSE)
        for direction in Direction
        for after in (0, 30, 500, 2000)
    ]
    with (
        network(*cuts) as proxy,
        device(runtime, proxy.port, "echo", 12, 2000, "answer_ms=200") as kettle,
    ):
        found = settled(kettle)
        assert proxy.connections == len(cuts) + 1
    all_came(found, 2000)
    assert downs(kettle).count("TimedOut") >= 16


def a_black_hole_while_idle(runtime: Runtime) -> None:
    """A ping goes out after three quarters of the keepalive and must be answered in as long."""
    with (
        network() as proxy,
        device(runtime, proxy.port, "connect", 0, 4, f"keepalive={KEEPALIVE_S}") as kettle,
    ):
        for n in range(3):
            kettle.wait_for("up")
            time.sleep(n / 3)  # s: early and late between two pings
            begin = time.monotonic()
            proxy.inflict(Fault.BLACK_HOLE)
            assert kettle.wait_for("down") == "TimedOut no PINGRESP"
            assert time.monotonic() - begin < 1.5 * KEEPALIVE_S + LATE_S
        settled(kettle)


def told_while_idle(runtime: Runtime) -> None:
    """A reset, an end, and half an end either way: at once."""
    faults = list(product((Fault.RESET, Fault.CLOSE, Fault.HALF_CLOSE), Direction)) * 3
    with (
        network() as proxy,
        device(runtime, proxy.port, "connect", 0, len(faults) + 1) as kettle,
    ):
        for fault, direction in faults:
            kettle.wait_for("up")
            begin = time.monotonic()
            proxy.inflict(fault, direction)
            assert kettle.wait_for("down").startswith("ConnectionLost")
            assert time.monotonic() - begin < LATE_S
        settled(kettle)


def a_broker_that_hangs(runtime: Runtime) -> None:
    """SIGSTOP, with messages at QoS 1 and 2 on their way."""
    with (
        Broker(options=["max_queued_messages 0"]) as broker,
        device(runtime, broker.port, "echo", 12, 1000, "answer_ms=200") as kettle,
    ):
        for _ in range(5):
            kettle.wait_for("at")
            broker.pause()
            try:
                assert kettle.wait_for("down").startswith("TimedOut no acknowledgement")
            finally:
                broker.resume()
        found = settled(kettle)
    all_came(found, 1000)


def idle_for_15_seconds(runtime: Runtime) -> None:
    """With a keepalive of 2 s: mosquitto drops who is silent for 3. Nothing is allocated: counted
    with the collector off in the first half, forbidden in the second."""
    with (
        Broker() as broker,
        device(runtime, broker.port, "idle", 0, 7500, "keepalive=2") as kettle,
    ):
        found = settled(kettle)
    assert (found["connects"], found["errors"], found["idle_bytes"]) == (1, 0, 0)


@rows(
    idle_for_15_seconds,
    cut_at_every_byte,
    faults_in_traffic,
    a_black_hole_while_idle,
    a_broker_that_hangs,
    told_while_idle,
    one_byte_at_a_time,
    delays,
)
def test_faults(outcome: Outcome) -> None:
    outcome()
