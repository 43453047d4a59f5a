"""The processes that run users' functions in IoTtalk graphs, and what becomes of bad ones."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from motelink_tools.hub.csm.esm.engine import Engine
from motelink_tools.hub.csm.esm.supervisor import Limits

from .csm_world import run, workers

KEY = ("gui", "7")


def configured(code, **more):
    stage = {"depends": {}, "input_type": None, "param_no": None, "tag_param_no": 0}
    return {
        "idfs": [{**stage, "id": ["d", "i"], "func": "f" * 64}],
        "join": {"func": None, "depends": {}},
        "odfs": [{**stage, "id": ["d", "o"], "func": None}],
        "codes": {"f" * 64: code},
        **more,
    }


class Bench:
    def __init__(self, limits):
        self.engine = Engine(limits, lambda key, answer: self.answers.put_nowait((key, answer)))
        self.answers = asyncio.Queue()

    async def use(self, code):
        """Its functions that cannot run."""
        self.engine.configure(KEY, configured(code), watched=False)
        return (await self.answer())["errors"]

    async def answer(self):
        key, answer = await self.answers.get()
        assert key == KEY
        return answer

    async def ask(self, *elements):
        """The output, or the error's message."""
        self.engine.feed(KEY, 0, list(elements))
        answer = await self.answer()
        if answer["errors"]:
            return answer["errors"][0]["msg"]
        ((number, text),) = answer["out"]
        assert number == 0
        return json.loads(text)

    async def works_again(self):
        """After it was started again."""
        assert (await self.answer())["errors"] == []
        assert await self.ask("ok") == ["ok"]


@asynccontextmanager
async def bench(seconds=0.3, memory=256 * 1024 * 1024):
    bench = Bench(Limits(seconds, memory))
    try:
        yield bench
    finally:
        await bench.engine.close()


def test_it_evaluates_and_ends_with_the_engine():
    async def body():
        async with bench() as b:
            assert await b.use("n = 0\ndef run(x):\n global n\n n += x\n return n") == []
            assert await b.ask(3) == [3]
            assert await b.ask(4) == [7]
            assert len(workers()) == 1
            b.engine.configure(KEY, None, watched=False)
            b.engine.feed(KEY, 0, [1])
        assert workers() == []

    run(body)


def test_another_configuration_starts_another():
    async def body():
        async with bench() as b:
            await b.use("def run(x): return 1")
            assert await b.ask(0) == [1]
            assert await b.use("def run(x): return 2") == []
            assert await b.ask(0) == [2]
            assert len(workers()) == 1

    run(body)


def test_what_comes_before_it_runs_waits():
    async def body():
        async with bench() as b:
            b.engine.configure(KEY, configured("def run(x): return x"), watched=True)
            b.engine.feed(KEY, 0, [5])
            assert (await b.answer())["errors"] == []
            answer = await b.answer()
            assert answer["out"] == [[0, "[5]"]]
            assert json.loads(answer["seen"])["idf"]["input"] == [5]
            b.engine.watch(KEY, watched=False)
            b.engine.feed(KEY, 0, [6])
            assert "seen" not in await b.answer()

    run(body)


def test_one_that_takes_too_long_is_interrupted_and_keeps_its_globals():
    code = "n = 0\ndef run(x):\n global n\n n += 1\n while x:\n  pass\n return n"

    async def body():
        async with bench() as b:
            await b.use(code)
            said = await b.ask(True)
            assert "took too long" in said
            assert said.startswith(("line 5", "line 6"))
            assert await b.ask(False) == [2]

    run(body)


def test_one_that_cannot_be_interrupted_is_killed():
    code = """
def run(x):
    while x == "hang":
        try:
            while True:
                pass
        except BaseException:
            pass
    return x
"""

    async def body():
        async with bench() as b:
            await b.use(code)
            (first,) = workers()
            assert "killed" in await b.ask("hang")
            await b.works_again()
            assert workers() != [first]

    run(body)


WRITE = """
import os
def run(x):
    for n in range(3, 20):
        try:
            if x == "bad":
                os.write(n, {answer!r})
        except OSError:
            pass
    return x
"""


@pytest.mark.parametrize(
    "code",
    [
        "import os\ndef run(x):\n if x == 'bad': os._exit(3)\n return x",
        "import os\ndef run(x):\n if x == 'bad': os.kill(os.getpid(), 9)\n return x",
        # It finds the pipe, and writes what is no answer.
        WRITE.format(answer=b"[1]\n"),
        WRITE.format(answer=b'{"out": 7}\n'),
    ],
)
def test_one_that_dies_or_lies_is_started_again(code):
    async def body():
        async with bench() as b:
            await b.use(code)
            assert "it is started again" in await b.ask("bad")
            await b.works_again()

    run(body)


def test_memory_is_bounded():
    code = "def run(x):\n y = bytearray(x)\n return len(y)"

    async def body():
        async with bench() as b:
            await b.use(code)
            assert await b.ask(1000000) == [1000000]
            assert "line 2: MemoryError" in await b.ask(400 * 1024 * 1024)
            assert await b.ask(7) == [7]

    run(body)


def test_threads_that_it_leaves_behind_are_ended():
    code = """
import threading
def burn():
    while True:
        pass
def run(x):
    if x == "burn":
        threading.Thread(target=burn, daemon=True).start()
    return x
"""

    async def body():
        async with bench() as b:
            await b.use(code)
            assert await b.ask("burn") == ["burn"]
            while workers():
                await asyncio.sleep(0.05)
            assert "ended by itself" in await b.ask("again")
            await b.works_again()

    run(body)


def test_print_and_input_do_no_harm():
    code = "def run(x):\n print(x)\n try:\n  input()\n except EOFError:\n  return 'nothing'"

    async def body():
        async with bench() as b:
            await b.use(code)
            assert await b.ask(1) == ["nothing"]

    run(body)


def test_it_has_no_secrets_and_writes_no_files(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "hunter2")
    code = f"""
import os
def run(x):
    try:
        open({str(tmp_path / "file")!r}, "w").write("x" * 100000)
    except OSError:
        return [dict(os.environ), os.getcwd()]
"""

    async def body():
        async with bench() as b:
            await b.use(code)
            ((environment, folder),) = [await b.ask(1)]
            assert "SECRET" not in environment
            assert folder == "/"

    run(body)


def test_source_that_hangs_or_cannot_run_is_said_at_once():
    async def body():
        async with bench() as b:
            (error,) = await b.use("def run(x) return x")
            assert "SyntaxError" in error["msg"]
            assert error["line"] == 1
            assert await b.ask(1) == error["msg"]
            (error,) = await b.use("x = 1\nwhile True:\n    x += 1\n")
            assert "took too long" in error["msg"]
            assert error["line"] in (2, 3)

    run(body)


def test_of_too_many_messages_the_oldest_are_dropped():
    async def body():
        async with bench(seconds=2) as b:
            await b.use("def run(x): return x")
            for number in range(1000):
                b.engine.feed(KEY, 0, [number])
            assert "dropped" in (await b.answer())["errors"][0]["msg"]
            values = [json.loads((await b.answer())["out"][0][1])[0] for _ in range(256)]
            assert values == list(range(744, 1000))

    run(body)
