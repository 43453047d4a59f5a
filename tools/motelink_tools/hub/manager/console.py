"""A Manager at the terminal: one line for each thing that happens."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.manager.client import Client
from motelink_tools.hub.manager.server import AsyncManager
from motelink_tools.hub.registry import Event, Subscription
from motelink_tools.limits import allow_devices

# Of a message, so much is shown on a line.
_SHOWN_BYTES = 60

# Events that may wait while the terminal is stopped (Ctrl-S, a full pipe).
_WAITING_EVENTS = 10_000

# Room for boards that come back all at once.
_BACKLOG = 256

Writer = Callable[[dict[str, Any]], None]


def serve(
    valid_types: Sequence[str],
    *,
    host: str,
    port: int,
    framing: str,
    heartbeat_rate: float,
    certificate: Path | None = None,
    key: Path | None = None,
    as_json: bool = False,
) -> None:
    """Run a Manager until SIGINT or SIGTERM, and print what happens.

    A line of text for each event, or of JSON if ``as_json``. Raises ToolError if it cannot listen
    there, or if the certificate cannot be used.
    """
    logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stderr)
    allow_devices()
    try:
        manager = AsyncManager(
            valid_types,
            _tls(certificate, key),
            host,
            port,
            heartbeat_rate=heartbeat_rate,
            backlogged_connections=_BACKLOG,
            # What is INFO there is printed here.
            logging_level=logging.WARNING,
            framing=framing,
        )
    except ValueError as error:
        raise ToolError(str(error), kind="usage", code=2) from None
    asyncio.run(_Console(manager, _write_json if as_json else _write_text).run())


class _Console:
    """Turns the events of the registry, and the messages, into lines in their order."""

    def __init__(self, manager: AsyncManager, write: Writer) -> None:
        self._manager = manager
        self._write = write
        self._stop = asyncio.Event()
        self._reader_gone = False

    async def run(self) -> None:
        """Until a signal. Raises BrokenPipeError when nobody reads the lines any more."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        with self._manager.report.subscribe(_WAITING_EVENTS) as self._events:
            self._manager.event(self.on_message)
            async with self._manager as manager:
                self._say(
                    "listening", host=manager.host, port=manager.port, dialect=manager.framing
                )
                printing = loop.create_task(self._print(self._events))
                await self._stop.wait()
                printing.cancel()
            self._flush()
        self._say("closed", missed=self._events.dropped)
        if self._reader_gone:
            raise BrokenPipeError

    async def on_message(self, client: Client, message: bytearray) -> None:
        # The client's connect may still wait to be printed.
        self._flush()
        text = message[:_SHOWN_BYTES].decode(errors="replace")
        more = "..." if len(message) > _SHOWN_BYTES else ""
        self._say("message", uuid=client.data.uuid, size=len(message), text=text + more)

    async def _print(self, events: Subscription) -> None:
        while True:
            self._report(await events.next())

    def _flush(self) -> None:
        for event in self._events.drain():
            self._report(event)

    def _report(self, event: Event) -> None:
        if event.kind == "connected":
            device = self._manager.report.device(event.platform, event.device_id)
            if device:
                self._say("connected", uuid=device.id, type=device.kind, address=device.address)
        elif event.kind == "heartbeat":
            rtt_ms = round((event.rtt_s or 0) * 1000, 1)
            self._say("heartbeat", uuid=event.device_id, rtt_ms=rtt_ms)
        elif event.kind == "disconnected":
            self._say("ended", uuid=event.device_id, reason=event.reason)

    def _say(self, event: str, **fields: Any) -> None:
        if self._reader_gone:
            return
        try:
            self._write({"event": event, **fields})
        except BrokenPipeError:  # head, less: said at the end, because handlers' errors are logged
            self._reader_gone = True
            self._stop.set()


def _write_json(line: dict[str, Any]) -> None:
    print(json.dumps({"time": round(time.time(), 3), **line}), flush=True)


def _write_text(line: dict[str, Any]) -> None:
    event, *rest = line.values()
    names = list(line)[1:]
    fields = "  ".join(
        f"{name} {value!r}" if name == "text" else f"{name} {value}"
        for name, value in zip(names, rest, strict=True)
    )
    print(f"{time.strftime('%H:%M:%S')} {event:10} {fields}", flush=True)


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        if key is not None:
            raise ToolError(
                "a TLS key needs its certificate: --tls-cert FILE", kind="usage", code=2
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ToolError(
            f"cannot use {certificate} with its key: {error.strerror or error}; "
            "expected PEM files, the key in --tls-key or in the same file",
            kind="certificate",
        ) from error
    return context
