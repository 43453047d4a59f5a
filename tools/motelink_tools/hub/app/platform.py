"""What a platform is to the hub."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from motelink_tools.hub.registry import Registry

# What a command line may ask of a platform: JSON in as keyword arguments, JSON out; a stream
# yields one piece of JSON after another.
Call = Callable[..., Awaitable[Any]]
Stream = Callable[..., AsyncIterator[Any]]


@dataclass(frozen=True, slots=True)
class Context:
    """What the hub gives to each platform. ``say`` prints a line for people."""

    folder: Path
    host: str
    registry: Registry
    say: Callable[[str], None]


class Platform(Protocol):
    """One platform, from `start` to `close`. Both run in the hub's asyncio loop."""

    @property
    def name(self) -> str:
        """The same word as in the registry, the configuration and ``--only``."""

    async def start(self) -> None:
        """Returns when it serves. Raises ToolError if it cannot."""

    async def close(self) -> None:
        """Also called after a `start` that failed."""

    def addresses(self) -> dict[str, str]:
        """Where devices and people find it: URL by what it is for."""

    def calls(self) -> Mapping[str, Call]:
        """What can be asked of it, by name."""

    def streams(self) -> Mapping[str, Stream]:
        """What can be followed, by name."""


class Module(Protocol):
    """A file of ``platforms/``."""

    # A frozen dataclass with a default for everything: its section of the configuration.
    Settings: type[Any]

    def create(self, context: Context, settings: Any) -> Platform:
        """Make it, not started. Raises ToolError for settings that cannot be."""
