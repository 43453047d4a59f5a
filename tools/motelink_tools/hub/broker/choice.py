"""The broker that there can be on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker.amqtt_broker import AmqttBroker
from motelink_tools.hub.broker.contract import MqttBroker
from motelink_tools.hub.broker.mosquitto import Broker
from motelink_tools.hub.broker.programs import Say, to_stderr


def choose_broker(
    port: int,
    *,
    account: str,
    anonymous: bool,
    folder: Path,
    host: str = "127.0.0.1",
    ws_port: int | None = None,
    ws_deny: Sequence[str] = (),
    options: Iterable[str] = (),
    say: Say = to_stderr,
) -> MqttBroker:
    """Mosquitto, with its data in ``folder``; or amqtt, and then ``say`` is told why.

    The arguments are `Broker`'s; ``options`` are lost on amqtt, and WebSocket where ``ws_deny``
    would apply. Not started. Raises ToolError.
    """
    try:
        return Broker(
            port,
            options=options,
            say=say,
            host=host,
            ws_port=ws_port,
            anonymous=anonymous,
            account=account,
            ws_deny=ws_deny,
            folder=folder,
        )
    except ToolError as error:
        if error.kind != "no_mosquitto":
            raise
        say(
            f"{error}. Until then amqtt, a broker in Python, takes its place: it forgets sessions"
            " and retained messages when it stops, and limits neither QoS nor sizes"
        )
        if anonymous and ws_deny:
            ws_port = None  # it cannot tell who comes over WebSocket
        return AmqttBroker(port, host=host, ws_port=ws_port, anonymous=anonymous, account=account)
