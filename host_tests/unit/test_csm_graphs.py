"""IoTtalk's graph API: every operation, what it replies and what devices are told."""

import pytest

from .csm_desk import KETTLE, LAMP, SQUARE, Desk, digest

IDF = {"da_id": KETTLE, "idf": "Temperature-I"}
ODF = {"da_id": KETTLE, "odf": "Heater-O"}
INT = "def run(x): return int(x)\n"


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path / "csm.db")
    desk.online()
    yield desk
    desk.close()


def refused(desk, reason, op=None, **fields):
    reply, caused = desk.ask(op, **fields)
    assert reply["state"] == "error", reply
    assert reason in reply["reason"]
    assert {key: reply.get(key) for key in fields if key not in ("graph", "client")} == {
        key: value for key, value in fields.items() if key not in ("graph", "client")
    }
    assert caused == []


def linked(desk, feature=IDF, **more):
    reply, caused = desk.ask("add_link", **{"func": None, **feature, **more})
    assert reply["state"] == "ok", reply
    return caused


def test_digests_of_the_documentation(desk):
    assert digest(INT) == "f87d5c678bdd9e4b1b5f278c29cdf9a0fd01198060d8c6f3a34a6a05ae536e50"
    assert desk.graph(INT, SQUARE, "def f(): pass")


def test_replies_echo_the_request(desk):
    assert desk.ask("attach", ref="mine") == (
        {"op": "attach", "ref": "mine", "state": "ok"},
        [],
    )
    reply, _ = desk.ask("add_link", **IDF, func=None, param_no=1, tag_param_no=0, ref=[1])
    assert reply == {
        "op": "add_link",
        **IDF,
        "func": None,
        "param_no": 1,
        "tag_param_no": 0,
        "ref": [1],
        "state": "ok",
    }


def test_attaching_twice_keeps_the_graph(desk):
    desk.graph()
    linked(desk)
    assert desk.ask("attach")[0]["state"] == "ok"
    refused(desk, "already exists", "add_link", **IDF, func=None)


@pytest.mark.parametrize("op", ["detach", "add_funcs", "add_link", "set_join", "start_monitor"])
def test_a_graph_must_be_attached(desk, op):
    refused(desk, "Unknown graph id 7", op)


def test_unknown_and_missing_ops(desk):
    desk.graph()
    refused(desk, "unknown op: fly", "fly")
    refused(desk, "unknown op: 7", op=7)
    refused(desk, "unknown op", op=["attach"])
    refused(desk, "op is missing", ref=1)


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"7", b"\xff", b'{"op":NaN}', b"[" * 90000])
def test_what_is_no_object_is_ignored(desk, payload):
    assert desk.say("iottalk/api/req/gui/graph/7", payload) == []


def test_functions(desk):
    desk.graph()
    good = digest(SQUARE)
    refused(desk, "2 digests", "add_funcs", codes=[SQUARE], digests=[good, good])
    refused(desk, "is not the SHA-256", "add_funcs", codes=[INT, SQUARE], digests=[good, good])
    refused(desk, "not found", "set_join", prev=None, new=good)  # none of them is kept
    refused(desk, "codes must be", "add_funcs", codes=SQUARE, digests=[good])
    refused(desk, "digests must be", "add_funcs", codes=[SQUARE])
    refused(desk, "larger than", "add_funcs", codes=["#" * 65537], digests=[digest("#" * 65537)])
    desk.graph(SQUARE)
    desk.graph(SQUARE)  # again
    assert desk.ask("set_join", prev=None, new=good)[0]["state"] == "ok"
    refused(desk, "in use", "rm_funcs", digests=[good])
    desk.ask("set_join", prev=good, new=None)
    reply, _ = desk.ask("rm_funcs", digests=[good, "unknown"])
    assert reply == {"op": "rm_funcs", "digests": [good, "unknown"], "state": "ok"}
    refused(desk, "not found", "set_join", prev=None, new=good)


def test_functions_are_shared_by_clients(desk):
    desk.graph(SQUARE, client="one")
    desk.ask("attach", client="two")
    reply, _ = desk.ask("set_join", client="two", prev=None, new=digest(SQUARE))
    assert reply["state"] == "ok"


def test_functions_are_bounded(desk):
    codes = [f"#{i}\n" for i in range(1025)]
    desk.graph(*codes[:1024])
    refused(desk, "more than 1024", "add_funcs", codes=codes[1024:], digests=[digest(codes[1024])])


def test_a_link_connects_the_feature(desk):
    desk.graph()
    ((topic, command),) = linked(desk)
    assert topic == f"{KETTLE}/ctrl/o"
    assert set(command) == {"msg_id", "command", "idf", "topic"}
    assert (command["command"], command["idf"]) == ("CONNECT", "Temperature-I")
    ((_, other),) = linked(desk, ODF)
    assert other["odf"] == "Heater-O"
    assert other["topic"] != command["topic"]
    assert other["msg_id"] != command["msg_id"]


def test_graphs_share_a_feature_until_the_last_leaves(desk):
    desk.graph()
    ((_, connect),) = linked(desk)
    desk.graph(graph="8")
    assert linked(desk, graph="8") == []
    reply, caused = desk.ask("rm_link", **IDF)
    assert (reply["state"], caused) == ("ok", [])
    _, ((topic, command),) = desk.ask("rm_link", graph="8", **IDF)
    assert topic == f"{KETTLE}/ctrl/o"
    assert command["command"] == "DISCONNECT"
    assert command["topic"] == connect["topic"]
    ((_, again),) = linked(desk)
    assert again["topic"] != connect["topic"]


def test_detach_releases_the_links(desk):
    desk.graph()
    linked(desk)
    linked(desk, ODF)
    reply, caused = desk.ask("detach")
    assert reply == {"op": "detach", "state": "ok"}
    assert [message["command"] for _, message in caused] == ["DISCONNECT"] * 2
    refused(desk, "Unknown graph id", "detach")
    desk.graph()
    assert len(linked(desk)) == 1


def test_graphs_of_two_clients_may_share_a_name(desk):
    desk.graph(client="one")
    desk.graph(client="two")
    assert len(linked(desk, client="one")) == 1
    assert linked(desk, client="two") == []
    desk.ask("detach", client="one")
    refused(desk, "already exists", "add_link", client="two", **IDF, func=None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"func": None, "idf": "Temperature-I"}, "da_id must be"),
        ({"func": None, "da_id": KETTLE}, "exactly one"),
        ({"func": None, **IDF, "odf": "Heater-O"}, "exactly one"),
        ({"func": None, "da_id": KETTLE, "idf": 7}, "idf must be"),
        ({"func": None, "da_id": LAMP, "idf": "x"}, "not registered"),
        ({"func": None, "da_id": KETTLE, "idf": "Heater-O"}, "has no idf"),
        ({"func": None, "da_id": KETTLE, "odf": "Temperature-I"}, "has no odf"),
        (IDF, "func is missing"),
        ({**IDF, "func": 7}, "func must be"),
        ({**IDF, "func": "f" * 64}, "not found"),
        ({**IDF, "func": None, "depends": {"a": "f" * 64}}, "dependency a"),
        ({**IDF, "func": None, "depends": ["a"]}, "depends must be"),
        ({**IDF, "func": None, "depends": {"a": 1}}, "depends must be"),
        ({**IDF, "func": None, "param_no": -1}, "param_no"),
        ({**IDF, "func": None, "param_no": True}, "param_no"),
        ({**IDF, "func": None, "param_no": 1e9}, "param_no"),
        ({**IDF, "func": None, "tag_param_no": 10**30}, "tag_param_no"),
        ({**IDF, "func": None, "input_type": "loud"}, "input_type"),
        ({**IDF, "func": None, "input_type": ["sample", 7]}, "input_type"),
    ],
)
def test_links_that_cannot_be(desk, fields, reason):
    desk.graph()
    refused(desk, reason, "add_link", **fields)
    # Nothing is left behind.
    assert len(linked(desk)) == 1


def test_links_that_are_not_there(desk):
    desk.graph()
    refused(desk, "link unknown", "rm_link", **IDF)
    refused(desk, "link unknown", "set_df_func", **IDF, prev=None, new=None)


def test_the_join_is_compared_and_set(desk):
    square, to_int = desk.graph(SQUARE, INT)
    refused(desk, "`prev` mismatch", "set_join", prev="aaaa", new=None)
    reply, _ = desk.ask("set_join", prev=None, new=square, depends={"i": to_int})
    assert reply == {
        "op": "set_join",
        "prev": None,
        "new": square,
        "depends": {"i": to_int},
        "state": "ok",
    }
    refused(desk, "`prev` mismatch", "set_join", prev=None, new=to_int)
    refused(desk, "prev is missing", "set_join", new=to_int)
    refused(desk, "new is missing", "set_join", prev=square)
    refused(desk, "dependency i", "set_join", prev=square, new=to_int, depends={"i": "no"})
    assert desk.ask("set_join", prev=square, new=None)[0]["state"] == "ok"


def test_the_function_of_a_feature_is_compared_and_set(desk):
    square, _ = desk.graph(SQUARE, INT)
    linked(desk)
    refused(desk, "`prev` mismatch", "set_df_func", **IDF, prev=square, new=None)
    reply, _ = desk.ask("set_df_func", **IDF, prev=None, new=square)
    assert reply == {
        "op": "set_df_func",
        **IDF,
        "new": square,
        "depends": {},
        "state": "ok",
    }
    refused(desk, "input_type", "set_df_func", **IDF, prev=square, new=None, input_type=7)
    assert desk.core.configuration(("gui", "7"))["idfs"][0]["func"] == square


def test_monitors(desk):
    desk.graph()
    reply, _ = desk.ask("start_monitor", ref=1)
    topic = reply.pop("monitor_topics")
    assert topic.startswith("iottalk/monitor/")
    assert reply == {"op": "start_monitor", "ref": 1, "state": "ok"}
    assert desk.ask("start_monitor")[0]["monitor_topics"] == topic
    assert desk.ask("stop_monitor")[0]["state"] == "ok"
    assert desk.ask("stop_monitor")[0] == {"op": "stop_monitor", "state": "ok"}
    assert desk.ask("start_monitor")[0]["monitor_topics"] != topic


def test_what_a_worker_is_told(desk):
    square, to_int = desk.graph(SQUARE, INT)
    assert desk.core.configuration(("gui", "7")) is None
    linked(desk, ODF, param_no=2)
    assert desk.core.configuration(("gui", "7")) is None  # nothing can arrive
    linked(desk, {"da_id": KETTLE, "idf": "Acceleration-I"}, input_type=["variant", None, None])
    linked(desk, func=square, depends={"i": to_int}, tag_param_no=1)
    told = desk.core.configuration(("gui", "7"))
    assert told == {
        "idfs": [
            {
                "id": [KETTLE, "Acceleration-I"],
                "func": None,
                "depends": {},
                "input_type": ["variant", "sample", "sample"],
                "param_no": 3,
                "tag_param_no": 0,
            },
            {
                "id": [KETTLE, "Temperature-I"],
                "func": square,
                "depends": {"i": to_int},
                "input_type": None,
                "param_no": 1,
                "tag_param_no": 1,
            },
        ],
        "join": {"func": None, "depends": {}},
        "odfs": [
            {
                "id": [KETTLE, "Heater-O"],
                "func": None,
                "depends": {},
                "input_type": None,
                "param_no": 2,
                "tag_param_no": 0,
            }
        ],
        "codes": {square: SQUARE, to_int: INT},
    }


def test_graphs_outlive_a_restart(desk):
    square, to_int = desk.graph(SQUARE, INT)
    linked(desk, func=to_int)
    linked(desk, ODF)
    desk.ask("set_join", prev=None, new=square)
    monitor = desk.ask("start_monitor")[0]["monitor_topics"]
    told = desk.core.configuration(("gui", "7"))
    outputs = desk.core.outputs(("gui", "7"))
    effects = desk.restart()
    assert list(effects.changed) == [("gui", "7")]
    assert effects.publish == []
    assert desk.core.configuration(("gui", "7")) == told
    assert desk.core.outputs(("gui", "7")) == outputs
    assert desk.ask("start_monitor")[0]["monitor_topics"] == monitor
    refused(desk, "already exists", "add_link", **IDF, func=None)
    refused(desk, "in use", "rm_funcs", digests=[square])
    # Its device comes back, and hears the topics that it had.
    said = desk.state("online", desk.core.get(KETTLE).rev)
    assert [message["topic"] for _, message in said][1] == outputs[0][1]
    desk.ask("detach")
    desk.restart()
    refused(desk, "Unknown graph id", "detach")
