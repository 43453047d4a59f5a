"""Accounts that the hub makes for boards of its own."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

from motelink_tools.errors import ToolError

Made = TypeVar("Made")


async def make(name: str, create: Callable[[str], Awaitable[Made]]) -> tuple[str, Made]:
    """``create(name)``, or under a name like it if that is taken; the name, and what was made."""
    try:
        return name, await create(name)
    except ToolError:
        other = f"{name}-{secrets.token_hex(3)}"
        return other, await create(other)
