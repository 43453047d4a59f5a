"""What each sub-command of ``iotctl`` does."""

from __future__ import annotations

import asyncio
import code
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import requests

from motelink_tools.errors import ToolError
from motelink_tools.hub.csm.records import Records
from motelink_tools.hub.csm.server import Csm
from motelink_tools.hub.iotctl.process import PidFile
from motelink_tools.hub.iotctl.settings import Settings
from motelink_tools.hub.registry import Registry

_HTTP_S = 10
_BANNER = """\
settings     what the configuration says
records      the database: records.devices(), .functions(), .graphs()
devices()    id, name and features of each device
deregister(id)"""


def create_database(settings: Settings) -> Path:
    """Make it, or bring it up to date; where it is. Raises ToolError."""
    Records(settings.database).close()
    return settings.database


def serve(settings: Settings, *, debug: bool, as_json: bool = False) -> int:
    """Until SIGTERM or Ctrl-C. Raises ToolError."""
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    with PidFile(settings.pid_file).held() as pid_file:
        asyncio.run(_serve(settings, pid_file, as_json=as_json))
    return 0


def shell(settings: Settings) -> int:
    """Python with the database at hand."""
    records = Records(settings.database)
    names = {
        "settings": settings,
        "records": records,
        "devices": lambda: _devices(records),
        "deregister": lambda device: _deregister(settings, records, device),
    }
    try:
        code.interact(banner=_BANNER if sys.stdin.isatty() else "", local=names, exitmsg="")
    finally:
        records.close()
    return 0


async def _serve(settings: Settings, pid_file: PidFile, *, as_json: bool) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Csm(
        settings.database,
        Registry(),
        settings.host,
        settings.port,
        ws_port=settings.ws_port,
        scheme=settings.scheme,
        ws_scheme=settings.ws_scheme,
        account=settings.account,
        http_host=settings.bind,
        http_port=settings.http_port,
        da_expiration=settings.expiration,
    ) as csm:
        host = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
        url = f"http://{host}:{csm.port}"
        pid_file.say(url)
        broker = f"{settings.scheme}://{settings.host}:{settings.port}"
        found = {"ok": True, "url": url, "broker": broker, "pid": os.getpid()}
        print(json.dumps(found) if as_json else f"IoTtalk: {url}, broker {broker}", flush=True)
        await ended.wait()


def _devices(records: Records) -> list[dict[str, Any]]:
    return [device.public() for device in records.devices()]


def _deregister(settings: Settings, records: Records, device: str) -> None:
    """Through the server if one runs, else in the database."""
    found = next((known for known in records.devices() if known.id == device), None)
    if found is None:
        raise ToolError(f"there is no device {device}", kind="unknown_device")
    running = PidFile(settings.pid_file).read()
    if running is None:
        records.remove_device(device)
        return
    url = running.url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
    answer = requests.delete(f"{url}/{device}", json={"rev": found.rev}, timeout=_HTTP_S)
    if answer.status_code != 200:
        raise ToolError(f"the server refused: {answer.json()['reason']}", kind="refused")
