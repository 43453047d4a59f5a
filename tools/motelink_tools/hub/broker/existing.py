"""A broker that runs already, and that others look after."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker.access import Account
from motelink_tools.hub.broker.ports import accepts

PASSWORD_VARIABLE = "MOTELINK_BROKER_PASSWORD"  # noqa: S105 - a name, not a password
_PORT = 1883


class ExistingBroker:
    """``mqtt://[user@]host[:port]``. The password is never in it: process lists show it.

    It comes from ``password_file`` (its first line), or else from $MOTELINK_BROKER_PASSWORD.
    Raises ToolError.
    """

    ws_port: int | None = None
    lowers_qos = True

    def __init__(self, url: str, password_file: Path | None = None) -> None:
        parts = urlsplit(url)
        if parts.password is not None:
            raise ToolError(
                "a password in a broker's URL can be read by everybody on this machine: put it in"
                f" a file or in {PASSWORD_VARIABLE}, and leave mqtt://user@host",
                kind="usage",
                code=2,
            )
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme != "mqtt" or not parts.hostname or port == -1:
            raise ToolError(
                f"expected a broker as mqtt://[user@]host[:port], got {url!r}",
                kind="usage",
                code=2,
            )
        self.host = parts.hostname
        self.port = port or _PORT
        self.name = f"{self.host}:{self.port}"
        self.account: Account | None = None
        if parts.username:
            self.account = Account(unquote(parts.username), _password(password_file))

    def grant(self, user: str, password: str, rules: Iterable[str]) -> None:  # noqa: ARG002
        """Not here, and so the password is of no use. Raises ToolError."""
        raise self._not_ours(f"let {user!r} in there, with: {'; '.join(rules)}")

    def revoke(self, user: str) -> None:
        """Not here. Raises ToolError."""
        raise self._not_ours(f"remove {user!r} there")

    def start(self) -> None:
        """Only looks whether it answers. Raises ToolError."""
        if not accepts(self.host, self.port):
            raise ToolError(f"no broker answers at {self.name}", kind="broker_failed")

    async def keep(self) -> None:
        """Others look after it."""
        await asyncio.Event().wait()

    def close(self) -> None:
        """It stays."""

    def _not_ours(self, what: str) -> ToolError:
        return ToolError(f"the broker at {self.name} is not the hub's: {what}", kind="broker_user")


def _password(file: Path | None) -> str:
    if file is None:
        password = os.environ.get(PASSWORD_VARIABLE)
        if password is None:
            raise ToolError(
                f"the broker's user needs a password: in {PASSWORD_VARIABLE}, or in a file",
                kind="usage",
                code=2,
            )
        return password
    try:
        return file.read_text().split("\n", 1)[0]
    except OSError as error:
        raise ToolError(f"cannot read {file}: {error.strerror}", kind="usage", code=2) from error
