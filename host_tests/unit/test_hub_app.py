"""The hub with a platform that it has never heard of: one more file, and what can be asked."""

import asyncio
import json
import socket

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.app import platforms
from motelink_tools.hub.app.control import HubClient
from motelink_tools.hub.app.folder import Folder, Running
from motelink_tools.hub.app.hub import Hub
from motelink_tools.hub.app.settings import load

SIXTH = """
from dataclasses import dataclass
from motelink_tools.errors import ToolError

@dataclass(frozen=True)
class Settings:
    volume: int = 3
    broken: bool = False

class Sixth:
    name = "sixth"
    log = []

    def __init__(self, context, settings):
        self.context, self.settings = context, settings

    async def start(self):
        self.log.append("start")
        if self.settings.broken:
            raise ToolError("the sixth is broken")
        self.context.registry.connected("sixth", "d1")

    async def close(self):
        self.log.append("close")

    def addresses(self):
        return {"shouting": "air://here"}

    def calls(self):
        return {"shout": self.shout, "fail": self.fail, "break": self.break_}

    def streams(self):
        return {"echo": self.echo, "stumble": self.stumble}

    async def shout(self, text):
        return text.upper() + "!" * self.settings.volume

    async def fail(self):
        raise ToolError("it cannot", kind="hoarse")

    async def break_(self):
        return [][0]

    async def echo(self, text):
        try:
            while True:
                yield text
        finally:
            self.log.append("echo ended")

    async def stumble(self):
        yield 1
        raise ToolError("it fell", kind="fallen")

def create(context, settings):
    return Sixth(context, settings)
"""
DEADLINE_S = 60


@pytest.fixture
def sixth(tmp_path, monkeypatch):
    """The new file. Returns what the platform has done."""
    more = tmp_path / "more"
    more.mkdir()
    (more / "sixth.py").write_text(SIXTH)
    monkeypatch.setattr(platforms, "__path__", [*platforms.__path__, str(more)])
    from motelink_tools.hub.app.platforms import sixth

    sixth.Sixth.log.clear()
    return sixth.Sixth.log


@pytest.fixture
def use(tmp_path, sixth):
    """Run a function of the client in a thread, while a hub serves the sixth platform."""

    def use(work, text="", folder=tmp_path / "folder"):
        path = tmp_path / "hub.toml"
        path.write_text(text)

        async def serve():
            async with Hub(load(path, folder=folder, only=["sixth"]), print) as hub:
                assert hub.platforms["sixth"].addresses() == {"shouting": "air://here"}
                assert hub.registry.device("sixth", "d1").connected
                async with asyncio.timeout(DEADLINE_S):
                    return await asyncio.to_thread(work, HubClient.get(Folder(folder)))

        return asyncio.run(serve())

    return use


def ask(folder, line):
    """The answer to a raw line."""
    running = Folder(folder).running()
    with socket.create_connection((running.host, running.port), timeout=DEADLINE_S) as raw:
        raw.sendall(line.replace(b"TOKEN", running.token.encode()) + b"\n")
        return json.loads(raw.makefile("rb").readline())


def test_a_platform_is_one_file(use, sixth):
    assert use(lambda hub: hub.call("sixth", "shout", text="a")) == "A!!!"
    assert use(lambda hub: hub.call("sixth", "shout", text="a"), "[sixth]\nvolume = 1") == "A!"
    assert sixth == ["start", "close"] * 2


def test_what_a_platform_refuses_is_told(use):
    def work(hub):
        for call, kind, message in (
            (lambda: hub.call("sixth", "fail"), "hoarse", "it cannot"),
            (lambda: list(hub.follow("sixth", "stumble")), "fallen", "it fell"),
            (lambda: hub.call("sixth", "whisper"), "usage", "does not understand: 'whisper'"),
            (lambda: hub.call("sixth", "shout", loud=1), "usage", "unexpected keyword"),
            (lambda: hub.call("sixth", "break"), "fault", "the hub failed: IndexError"),
            (lambda: hub.call("losant", "add"), "no_platform", "it serves: sixth"),
        ):
            with pytest.raises(ToolError, match=message) as error:
                call()
            assert error.value.kind == kind
        assert next(hub.follow("sixth", "stumble")) == 1

    use(work)


def test_a_stream_ends_when_nobody_follows(use, sixth):
    def work(hub):
        following = hub.follow("sixth", "echo", text="a")
        assert [next(following) for _ in range(3)] == ["a"] * 3
        following.close()
        assert hub.call("sixth", "shout", text="b") == "B!!!"

    use(work)
    assert "echo ended" in sixth


def test_a_stream_ends_with_the_hub(use, sixth, tmp_path):
    followed = []

    def work(hub):
        followed.append(hub.follow("sixth", "echo", text="x" * 10_000))
        next(followed[0])

    use(work)
    assert set(followed[0]) == {"x" * 10_000}
    assert sixth.index("echo ended") < sixth.index("close")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"{}",
        b'{"token": "TOKEN"}',
        b'{"token": "TOKEN", "platform": [], "call": "shout", "arguments": {}}',
        b'{"token": "TOKEN", "platform": "sixth", "call": {}, "arguments": {}}',
        b'{"token": "TOKEN", "platform": "sixth", "call": "shout", "arguments": 1}',
        b"x" * 100_000,
    ],
)
def test_any_line_gets_an_answer(use, tmp_path, line):
    answer = use(lambda _: ask(tmp_path / "folder", line))
    assert answer["kind"] == "usage"


def test_only_who_knows_the_token_is_heard(use, tmp_path):
    for token in ("", "x", "ä", 1, None):
        request = {"token": token, "platform": "sixth", "call": "shout", "arguments": {"text": ""}}
        answer = use(lambda _, r=request: ask(tmp_path / "folder", json.dumps(r).encode()))
        assert answer == {"error": "the hub does not know you", "kind": "token"}


def test_a_platform_that_cannot_start_ends_the_hub(use, sixth, tmp_path):
    with pytest.raises(ToolError, match="the sixth is broken"):
        use(print, "[sixth]\nbroken = true")
    assert sixth == ["start", "close"]
    assert Folder(tmp_path / "folder").running() is None
    use(lambda hub: hub.call("sixth", "shout", text=""))


def test_a_folder_is_held_by_one(tmp_path):
    first, second = Folder(tmp_path / "a"), Folder(tmp_path / "a")
    first.hold()
    with pytest.raises(ToolError, match=r"a hub \(process \d+\) serves .*a already"):
        second.hold()
    second.release()
    assert second.running() is None
    first.publish(Running(1, "127.0.0.1", 2, "the token"))
    assert second.running() == Running(1, "127.0.0.1", 2, "the token")
    assert "the token" not in repr(second.running())
    first.release()
    second.hold()
    second.release()


def test_what_is_left_of_a_hub_that_was_killed_is_no_hub(tmp_path):
    folder = Folder(tmp_path)
    folder.hold()
    folder.publish(Running(1, "127.0.0.1", 2))
    state = (tmp_path / "hub.json").read_bytes()
    folder.release()
    (tmp_path / "hub.json").write_bytes(state)
    assert folder.running() is None
    for broken in (b"", b"{", b"{}", b"\xff"):
        (tmp_path / "hub.json").write_bytes(broken)
        assert folder.running() is None


def test_folders_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ToolError, match=r"cannot use the folder .*file: File exists"):
        Folder(tmp_path / "file").hold()
