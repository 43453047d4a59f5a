"""Devices' accounts on a broker that wants them: made when they register, gone after they left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from motelink_tools.hub import credentials
from motelink_tools.hub.broker import Hashed, hash_password
from motelink_tools.hub.csm.core import Core
from motelink_tools.hub.csm.model import Resource
from motelink_tools.hub.csm.wire import Json, access_rules

Grant = Callable[[str, str, Iterable[str]], None]  # user, password, lines of an acl_file
Revoke = Callable[[str], None]  # user

# Time to disconnect in peace.
_LEAVE_S = 3.0


class Admission:
    """``grant`` and ``revoke`` are called in threads, one at a time; either may be None."""

    def __init__(self, core: Core, grant: Grant | None, revoke: Revoke | None) -> None:
        self._core = core
        self._grant = grant
        self._revoke = revoke
        self._lock = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()

    async def let_in_known(self) -> None:
        """Those in the records, with the passwords that they have."""
        if self._grant is None:
            return
        for device in self._core.devices.all():
            known = device.resource
            if known.password:
                rules = access_rules(known.id)
                await asyncio.to_thread(self._grant, known.id, Hashed(known.password), rules)

    async def let_in(self, resource: Resource) -> Json:
        """What a device that has registered is told: nothing, or user and password."""
        if self._grant is None:
            return {}
        password = credentials.new_secret()
        hashed = await asyncio.to_thread(hash_password, password)
        async with self._lock:
            await asyncio.to_thread(self._grant, resource.id, hashed, access_rules(resource.id))
        self._core.keep_password(resource.id, hashed)
        return {"username": resource.id, "password": password}

    def let_out(self, device: str) -> None:
        """It was deregistered. Returns at once; if it comes back meanwhile, it stays."""
        if self._revoke is not None:
            task = asyncio.create_task(self._let_out(device, self._revoke))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Forget who is leaving: after a restart nobody lets them in."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _let_out(self, device: str, revoke: Revoke) -> None:
        await asyncio.sleep(_LEAVE_S)
        async with self._lock:
            if self._core.devices.get(device) is None:
                await asyncio.to_thread(revoke, device)
