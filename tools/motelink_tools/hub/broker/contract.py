"""What the hub's platforms ask of a broker, whichever program it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from motelink_tools.hub.broker.access import Account


class MqttBroker(Protocol):
    """A broker that a platform can use. See `Broker` for the meaning of each."""

    @property
    def name(self) -> str:
        """The program, for people: mosquitto, amqtt, or the address of an existing one."""

    @property
    def lowers_qos(self) -> bool:
        """Whether a message comes with the QoS it was published with, if the subscriber's is
        higher, as MQTT wants it. Amqtt delivers all with the subscriber's.
        """

    @property
    def host(self) -> str:
        """Where it listens."""

    @property
    def port(self) -> int:
        """For MQTT over TCP."""

    @property
    def ws_port(self) -> int | None:
        """For MQTT over WebSocket, or None."""

    @property
    def account(self) -> Account | None:
        """For the platform's own clients; None: log in without a name."""

    def grant(self, user: str, password: str, rules: Iterable[str]) -> None:
        """Add a user or change one; in force when it returns. May block for some milliseconds."""

    def revoke(self, user: str) -> None:
        """Remove a user and end its connections. May block for some milliseconds."""

    def start(self) -> None:
        """Blocks until it accepts connections. Raises ToolError."""

    async def keep(self) -> None:
        """Start it again whenever it ends by itself, and say so. Runs until it is cancelled."""

    def close(self) -> None:
        """End it. Blocks."""
