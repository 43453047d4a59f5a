"""The IoTtalk documentation's walk through the graph API: a shell script with mosquitto_pub."""

from pathlib import Path

import pytest

from motelink_tools.hub.broker.programs import find_clients

from .csm_world import KETTLE, iottalk_py, program, run, world

DAN = Path(__file__).with_name("csm_dan.py")
INT_DIGEST = "f87d5c678bdd9e4b1b5f278c29cdf9a0fd01198060d8c6f3a34a6a05ae536e50"
SQUARE_DIGEST = "70e3d32f1c6abde67d607e3ce77dc286ecf5d0f42fcd18e6336fac5e19a6e07c"
CODES = r'["def run(x): return int(x)\n", "def run(x): return x ** 2\n"]'
REQUESTS = f"""
DA_ID=$1
PORT=$2
TOPIC=iottalk/api/req/gui/graph/1
DIGESTS='["{INT_DIGEST}", "{SQUARE_DIGEST}"]'
ATTACH='{{"op": "attach"}}'
ADD_FUNCS='{{"op": "add_funcs", "codes": {CODES}, "digests": '$DIGESTS'}}'
ADD_IDF='{{"op": "add_link", "da_id": "'$DA_ID'", "idf": "meow", "func": "{INT_DIGEST}"}}'
ADD_ODF='{{"op": "add_link", "da_id": "'$DA_ID'", "odf": "meow", "func": null}}'
SET_JOIN='{{"op": "set_join", "prev": null, "new": "{SQUARE_DIGEST}"}}'
"""
ONE_BY_ONE = """
for REQUEST in "$ATTACH" "$ADD_FUNCS" "$ADD_IDF" "$ADD_ODF" "$SET_JOIN"; do
    echo "$REQUEST" | mosquitto_pub -h 127.0.0.1 -p $PORT -t $TOPIC -l
done
"""
ALL_AT_ONCE = """
printf '%s\\n' "$ATTACH" "$ADD_FUNCS" "$ADD_IDF" "$ADD_ODF" "$SET_JOIN" |
    mosquitto_pub -h 127.0.0.1 -p $PORT -t $TOPIC -l
"""


DOCS = Path(__file__).parents[2] / "docs" / "iottalk-server.md"


@pytest.mark.parametrize("how", [ONE_BY_ONE, ALL_AT_ONCE], ids=["echo", "printf"])
def test_the_script_makes_data_flow(tmp_path, how):
    script = tmp_path / "graph.sh"
    script.write_text("set -e\n" + REQUESTS + how)
    clients = find_clients()

    async def body():
        async with (
            world(tmp_path) as w,
            w.listening("iottalk/api/res/gui/graph/1") as gui,
            iottalk_py(DAN, w.url, KETTLE) as cat,
        ):
            await cat.next(event="registered")
            words = ["bash", script, KETTLE, w.broker.port]
            async with program(*words, environment=clients.environment()) as shell:
                assert await shell.process.wait() == 0, await shell.process.stdout.read()
            for op in ("attach", "add_funcs", "add_link", "add_link", "set_join"):
                _, reply = await gui.next()
                assert (reply["op"], reply["state"]) == (op, "ok"), reply
            answers = w.csm.core.channels.of_device
            await w.until(lambda: all(c.answer == "ok" for c in answers(KETTLE)))
            await cat.tell(push=4.9)
            await cat.next(feature="meow", data=[16])
            # As the documentation does it: a bare value, and by hand.
            topic = w.csm.core.channels.topic((KETTLE, "idf", "meow"))
            publish = ["mosquitto_pub", "-h", "127.0.0.1", "-p", w.broker.port, "-t", topic]
            async with program(
                *publish, "-m", "42", environment=clients.environment()
            ) as publisher:
                assert await publisher.process.wait() == 0
            await cat.next(feature="meow", data=[1764])
            detach = ["-m", '{"op":"detach"}']
            publish[-1] = "iottalk/api/req/gui/graph/1"
            async with program(*publish, *detach, environment=clients.environment()):
                assert (await gui.next())[1] == {"op": "detach", "state": "ok"}
            await cat.next(signal="DISCONNECT")
            await cat.next(signal="DISCONNECT")

    run(body)


def test_a_client_that_leaves_takes_its_graph_along(tmp_path):
    """``{"op":"detach"}`` as the last will of who attached it."""

    async def body():
        topic = "iottalk/api/req/gui/graph/1"
        async with world(tmp_path) as w, w.listening("iottalk/api/res/#") as gui:
            clients = find_clients()
            will = ["--will-topic", topic, "--will-payload", '{"op":"detach"}']
            words = ["mosquitto_sub", "-h", "127.0.0.1", "-p", w.broker.port, "-t", "x", *will]
            words += ["-i", "leaves"]
            async with program(*words, environment=clients.environment()) as subscriber:
                await gui.ask("graph/1", op="attach")
                await w.until(lambda: " as leaves " in w.broker.log)
                subscriber.process.kill()
                assert (await gui.next())[1] == {"op": "detach", "state": "ok"}

    run(body)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_lines_in_our_documentation(tmp_path, shell):
    (_, lines) = DOCS.read_text().split("```sh\n")
    script = tmp_path / "graph.sh"
    script.write_text(lines.partition("```")[0])

    async def body():
        async with (
            world(tmp_path) as w,
            w.listening("iottalk/api/res/gui/graph/1") as gui,
            iottalk_py(DAN, w.url, KETTLE) as cat,
        ):
            await cat.next(event="registered")
            # The port, which the lines do not name.
            (tmp_path / "mosquitto_pub").write_text(f"-h 127.0.0.1\n-p {w.broker.port}\n")
            given = {"XDG_CONFIG_HOME": str(tmp_path), "DA_ID": KETTLE}
            environment = {**find_clients().environment(), **given}
            async with program(shell, script, environment=environment) as process:
                assert await process.process.wait() == 0
            for _ in range(5):
                assert (await gui.next())[1]["state"] == "ok"
            await cat.next(signal="CONNECT")
            await cat.next(signal="CONNECT")

    run(body)
