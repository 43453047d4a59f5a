"""A broker that ends and comes back a hundred times, while 5,000 messages at QoS 1 and 5,000 at
QoS 2 go to it and 5,000 of each come from it: none is lost, and at QoS 2 none comes twice.

Which end a broker survives is its own affair. Mosquitto saves its sessions when it is ended by
SIGTERM, and then is exact. Killed by SIGKILL it has forgotten everything since it saved last; with
``autosave_interval 1`` and ``autosave_on_changes true`` it still answers first and saves then.
Tried with 2.0.11: its log has "Sending PUBREC (m18542)", the kill, and after the restart "Received
PUBREL (18542)", "Sending PUBCOMP (m18542)", though the message is gone; later it counts a quota
that is not there, and refuses with rc 151 what it has room for. So it is ended by SIGTERM here,
and SIGKILL is for `mqtt_exact_broker`, which saves first and answers then.
"""

import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from motelink_tools.hub.broker import Broker

from .device_process import Device, Runtime
from .mqtt_rows import Outcome, device, rows, settled

EXACT = Path(__file__).with_name("mqtt_exact_broker.py")
COUNT = 10_000
RESTARTS = 100
LONGEST_S = 0.03  # that a broker is let alone: for about a hundred messages


class Exact:
    """`mqtt_exact_broker` as a process."""

    def __init__(self, folder: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._file = Path(folder) / "state"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Exact":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", str(EXACT), str(self.port), str(self._file)]
        )

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


def survives(kettle: Device, again: Callable[[], None]) -> None:
    """End the broker and start it again whenever the device is back, until that has all."""
    moment = random.Random(1)
    restarts = 0
    while kettle.next("up"):
        # On a busy machine nothing gets through in that time: longer, behind as many as wanted.
        time.sleep(moment.uniform(0, LONGEST_S * max(1.0, restarts / RESTARTS) ** 2))
        again()
        restarts += 1
    found = settled(kettle)
    assert restarts >= RESTARTS, restarts
    assert (found["sent"], found["received"], found["twice"]) == (COUNT, COUNT, 0)


def stream(runtime: Runtime, port: int) -> Device:
    """So few messages a connection that they need as many connections as there are restarts."""
    most = f"most={COUNT // RESTARTS}"
    return device(runtime, port, "echo", 12, COUNT, most, "answer_ms=5000")


def mosquitto_ended(runtime: Runtime) -> None:
    with (
        Broker(options=["max_queued_messages 0"]) as broker,
        stream(runtime, broker.port) as kettle,
    ):

        def again() -> None:
            broker.stop()
            broker.start()

        survives(kettle, again)


def exact_broker_killed(runtime: Runtime) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Exact(folder) as broker,
        stream(runtime, broker.port) as kettle,
    ):

        def again() -> None:
            broker.kill()
            broker.start()

        survives(kettle, again)


@rows(mosquitto_ended, exact_broker_killed, cpython=False)
def test_faults(outcome: Outcome) -> None:
    outcome()
