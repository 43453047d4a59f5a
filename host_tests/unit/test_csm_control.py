"""IoTtalk's control channels, its device API, and where values go."""

import pytest

from .csm_desk import EXPIRATION_S, KETTLE, LAMP, Desk, body

IDF = {"da_id": KETTLE, "idf": "Temperature-I", "func": None}
ODF = {"da_id": KETTLE, "odf": "Heater-O", "func": None}
UP = f"{KETTLE}/ctrl/i"
DOWN = f"{KETTLE}/ctrl/o"


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path / "csm.db")
    yield desk
    desk.close()


def link(desk, fields, graph="7"):
    reply, caused = desk.ask("add_link", graph, **fields)
    assert reply["state"] == "ok"
    return caused[0][1] if caused else None


def watching(desk, client="gui"):
    return desk.say(f"iottalk/api/req/{client}/device", {"op": "attach"})


def announced(said):
    return [(m["type"], m["da"]) for topic, m in said if m and m.get("op") == "anno"]


def test_online_repeats_every_connect(desk):
    rev = desk.online()
    desk.graph()
    commands = [link(desk, IDF), link(desk, ODF)]
    for _ in range(2):  # also if it was online already
        said = desk.state("online", rev)
        assert [topic for topic, _ in said] == [DOWN, DOWN]
        for (_, now), before in zip(said, commands, strict=True):
            assert now.pop("msg_id") != before["msg_id"]
            assert now == {key: before[key] for key in before if key != "msg_id"}


@pytest.mark.parametrize("state", ["offline", "broken"])
def test_offline_keeps_the_links(desk, state):
    rev = desk.online()
    desk.graph()
    link(desk, IDF)
    assert desk.state(state, rev) == []
    assert desk.effects.presence == [(KETTLE, False)]
    assert desk.core.devices.get(KETTLE).state == "offline"
    assert desk.state(state, rev) == []
    assert desk.effects.presence == []
    assert len(desk.state("online", rev)) == 1


def test_stale_revisions_are_dropped(desk):
    stale = desk.online()
    rev = desk.put()
    desk.said()
    assert desk.effects.presence == [(KETTLE, False)]  # registered anew: away until it says so
    for wrong in (stale, None, "x", 7, [rev]):
        assert desk.state("online", wrong) == []
        assert desk.effects.presence == []
    desk.state("online", rev)
    desk.state("offline", stale)
    assert desk.core.devices.get(KETTLE).state == "online"


@pytest.mark.parametrize(
    "message",
    [b"", b"7", b"[]", {}, {"state": "ok"}, {"state": "purple"}, {"rev": "x"}, {"state": []}],
)
def test_what_says_nothing_is_ignored(desk, message):
    desk.online()
    assert desk.say(UP, message) == []
    assert desk.say("not-a-device/ctrl/i", message) == []
    assert desk.say(f"{LAMP}/ctrl/i", message) == []
    assert desk.core.devices.get(KETTLE).state == "online"


def test_responses_are_recorded(desk):
    desk.online()
    desk.graph()
    command, other = link(desk, IDF), link(desk, ODF)
    (channel, _) = desk.core.channels.of_device(KETTLE)
    assert channel.answer == ""
    assert desk.say(UP, {"msg_id": "unknown", "state": "ok"}) == []
    assert channel.answer == ""
    desk.say(UP, {**command, "state": "ok"})  # all of the command echoed
    assert channel.answer == "ok"
    refusal = {"msg_id": other["msg_id"], "state": "error", "reason": "no such feature"}
    desk.say(UP, refusal)
    assert [c.answer for c in desk.core.channels.of_device(KETTLE)] == ["ok", "no such feature"]


def test_links_outlive_the_registration(desk):
    rev = desk.online()
    desk.graph()
    command = link(desk, IDF)
    desk.core.delete(KETTLE, {"rev": rev})
    desk.said()
    ((_, connect),) = desk.state("online", desk.put())
    assert connect["topic"] == command["topic"]
    desk.core.delete(KETTLE, {"rev": desk.core.get(KETTLE).rev})
    desk.said()
    reply, caused = desk.ask("rm_link", **IDF)
    assert reply["state"] == "ok"
    assert caused[0][1]["command"] == "DISCONNECT"


def test_other_features_after_a_registration_reach_the_worker(desk):
    rev = desk.online()
    desk.graph()
    link(desk, {**IDF, "idf": "Acceleration-I"})
    desk.said()
    desk.core.delete(KETTLE, {"rev": rev})
    desk.put(idf_list=[["Acceleration-I", [None]]])
    desk.said()
    assert list(desk.effects.changed) == [("gui", "7")]
    assert desk.core.configuration(("gui", "7"))["idfs"][0]["param_no"] == 1
    desk.put()
    desk.said()
    assert not desk.effects.changed


def test_after_the_broker_was_away_those_online_are_told_again(desk):
    desk.online()
    rev = desk.online(LAMP)
    desk.state("offline", rev, LAMP)
    desk.graph()
    link(desk, IDF)
    link(desk, {**IDF, "da_id": LAMP})
    desk.core.reconnected()
    assert [topic for topic, _ in desk.said()] == [DOWN]


# -- device API --------------------------------------------------------------------------------


def test_who_attaches_gets_all_devices(desk):
    desk.put()
    desk.online(LAMP)
    ((topic, reply),) = watching(desk)
    assert topic == "iottalk/api/res/gui/device"
    devices = reply.pop("da_list")
    assert reply == {"op": "attach", "state": "ok"}
    assert {name: device["state"] for name, device in devices.items()} == {
        KETTLE: "nothing",
        LAMP: "online",
    }
    kettle = devices[KETTLE]
    assert kettle == {**desk.core.get(KETTLE).public(), "state": "nothing"}
    assert kettle["idf_list"] == body()["idf_list"]


def test_what_happens_is_announced(desk):
    watching(desk)
    watching(desk, "other")
    rev = desk.put()
    said = desk.said()
    assert {topic for topic, _ in said} == {
        "iottalk/api/res/gui/device",
        "iottalk/api/res/other/device",
    }
    assert [m["da"]["name"] for _, m in said] == ["00.Kettle"] * 2
    assert said[0][1]["timestamp"]
    desk.say("iottalk/api/req/other/device", {"op": "detach"})
    assert announced(desk.state("online", rev)) == [("online", KETTLE)]
    assert announced(desk.state("online", rev)) == []
    assert announced(desk.state("offline", rev)) == [("offline", KETTLE)]
    desk.now += EXPIRATION_S
    desk.core.tick()
    assert announced(desk.said()) == [("deregister", KETTLE)]


def test_nobody_attached_hears_nothing(desk):
    rev = desk.put()
    assert desk.said() == []
    assert desk.state("online", rev) == []


@pytest.mark.parametrize("request_", [{}, {"op": 7}, {"op": "fly"}])
def test_other_requests_are_refused(desk, request_):
    ((_, reply),) = desk.say("iottalk/api/req/gui/device", request_)
    assert reply["state"] == "error"
    assert "op" in reply["reason"]


def test_watchers_are_bounded(desk):
    for number in range(256):
        watching(desk, f"c{number}")
    ((_, reply),) = watching(desk, "late")
    assert reply["state"] == "error"
    ((_, reply),) = watching(desk, "c0")
    assert reply["state"] == "ok"


# -- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "elements"),
    [
        (b"42", [42]),
        (b"[42]", [42]),
        (b"null", [None]),
        (b"[1,2]", [1, 2]),
        (b'{"k":1}', [{"k": 1}]),
        (b"[]", []),
    ],
)
def test_values_go_to_every_graph_at_their_place(desk, payload, elements):
    desk.online()
    desk.graph()
    desk.graph(graph="8")
    link(desk, {**IDF, "idf": "Acceleration-I"}, "8")
    topic = link(desk, IDF)["topic"]
    link(desk, IDF, "8")
    device, targets, found = desk.core.data(topic, payload)
    assert device == KETTLE
    assert sorted(targets) == [(("gui", "7"), 0), (("gui", "8"), 1)]
    assert found == elements


@pytest.mark.parametrize("payload", [b"", b"NaN", b"{", b"\xff", b"[" * 9999, b"1" * 300000])
def test_values_that_are_no_json_are_counted(desk, payload):
    desk.online()
    desk.graph()
    topic = link(desk, IDF)["topic"]
    assert desk.core.data(topic, payload) == (KETTLE, [], [])
    assert desk.core.dropped == 1
    assert desk.core.data("iottalk/esm/x/y/i", b"1") == ("", [], [])
