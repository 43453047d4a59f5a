"""The demo's hub, in a thread of its own, is closed however its start ends."""

import asyncio
import concurrent.futures
from pathlib import Path

import pytest

from motelink_tools.demo import local_hub
from motelink_tools.errors import ToolError

Future = concurrent.futures.Future


class FakeHub:
    registry = None
    error: Exception | None = None

    def __init__(self, *_arguments: object) -> None:
        self.said: list[str] = []

    async def __aenter__(self) -> "FakeHub":
        self.said.append("starts")
        for _ in range(10):
            await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.said.append("started")
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.said.append("closed")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> local_hub.LocalHub:
    monkeypatch.setattr(local_hub, "Hub", FakeHub)
    return local_hub.LocalHub(tmp_path, lambda _line: None)


def interrupt_the_first_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    result = Future.result

    def interrupted(self: "Future[object]", timeout: float | None = None) -> object:
        monkeypatch.setattr(Future, "result", result)
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", interrupted)


def test_ctrl_c_while_it_starts_leaves_nothing_running(hub, monkeypatch):
    interrupt_the_first_wait(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        hub.__enter__()
    assert hub._hub.said == ["starts", "started", "closed"]
    assert hub._loop.is_closed()
    assert not hub._thread.is_alive()


def test_a_start_that_fails_behind_ctrl_c_is_not_closed_again(hub, monkeypatch):
    monkeypatch.setattr(FakeHub, "error", ToolError("no port"))
    interrupt_the_first_wait(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        hub.__enter__()
    assert hub._hub.said == ["starts"]
    assert hub._loop.is_closed()


def test_a_start_that_fails_is_told(hub, monkeypatch):
    monkeypatch.setattr(FakeHub, "error", ToolError("no port"))
    with pytest.raises(ToolError, match="no port"):
        hub.__enter__()
    assert hub._hub.said == ["starts"]
    assert hub._loop.is_closed()
