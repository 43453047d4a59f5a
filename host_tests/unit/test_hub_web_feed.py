"""What the page shows, from what platforms say of their devices."""

import asyncio
import json
from typing import Any

from motelink_tools.hub.registry import Registry
from motelink_tools.hub.web.feed import Feed
from motelink_tools.hub.web.logs import LogRing


class _Platform:
    """Says ``facts`` of its devices."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}

    def calls(self) -> dict[str, Any]:
        return {"facts": self._facts}

    async def _facts(self) -> dict[str, Any]:
        return self.facts


def test_a_device_whose_data_are_forgotten_hides_no_other() -> None:
    async def scene() -> list[str]:
        platform = _Platform()
        feed = Feed(Registry(), {"manager": platform}, LogRing())  # type: ignore[dict-item]
        platform.facts = {"kettle": {"kind": "kettle", "data": {"celsius": 21}}}
        await feed._ask()
        platform.facts = {
            "kettle": {"kind": "kettle"},
            "lamp": {"kind": "lamp", "data": {"on": 1}},
        }
        await feed._ask()
        return [device for _, device in feed.rows]

    assert asyncio.run(scene()) == ["kettle", "lamp"]


def test_a_name_without_end_makes_no_row_without_end() -> None:
    async def scene() -> str:
        platform = _Platform()
        feed = Feed(Registry(), {"iottalk": platform}, LogRing())  # type: ignore[dict-item]
        platform.facts = {"kettle": {"kind": "k" * 100_000, "name": "n" * 100_000}}
        await feed._ask()
        return feed.rows["iottalk", "kettle"]

    assert len(asyncio.run(scene())) < 1000


def test_a_device_without_a_name_has_the_same_one_after_a_restart_of_the_hub() -> None:
    async def scene() -> list[Any]:
        names = []
        for is_there in (True, False):
            platform, registry = _Platform(), Registry()
            feed = Feed(registry, {"manager": platform}, LogRing())  # type: ignore[dict-item]
            if is_there:
                registry.connected("manager", "b7", kind="kettle")
            platform.facts = {"b7": {"kind": "kettle"}}
            await feed._ask()
            names.append(json.loads(feed.rows["manager", "b7"])["name"])
        return names

    assert asyncio.run(scene()) == ["kettle", "kettle"]
