"""IoTtalk's registration: what is refused, in which order, and what a revision is for."""

import pytest

from motelink_tools.hub.csm.registration import dimension
from motelink_tools.hub.csm.wire import HttpError

from .csm_desk import EXPIRATION_S, KETTLE, LAMP, Desk, body


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path / "csm.db")
    yield desk
    desk.close()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"accept_protos": None}, "accept_protos is required"),
        ({"accept_protos": "mqtt"}, "accept_protos is required"),
        ({"accept_protos": []}, "accept_protos can not be empty"),
        ({"accept_protos": ["mqtt", "smoke"]}, "Invalid protocol: smoke"),
        ({"accept_protos": [7]}, "Invalid protocol"),
        ({"name": 7}, "name"),
        ({"idf_list": []}, "idf_list can not be empty"),
        ({"odf_list": []}, "odf_list can not be empty"),
        ({"odf_list": "Heater-O"}, "odf_list must be a list"),
        ({"profile": None}, "profile is required"),
        ({"profile": {}}, "profile.model is required"),
        ({"owner": "me"}, "Unknown field: owner"),
        # The first fault is the one that is named.
        ({"owner": "me", "profile": {}, "odf_list": []}, "odf_list"),
        ({"owner": "me", "profile": {}}, "profile.model"),
        ({"owner": "me", "accept_protos": ["smoke"]}, "Unknown field"),
    ],
)
def test_what_is_refused(desk, changes, reason):
    with pytest.raises(HttpError, match=reason) as refused:
        desk.core.put(KETTLE, body(**changes))
    assert refused.value.status == 403
    with pytest.raises(HttpError, match="not found"):
        desk.core.get(KETTLE)


@pytest.mark.parametrize("bad", [None, [], 7, "text"])
def test_a_body_that_is_no_object(desk, bad):
    with pytest.raises(HttpError) as refused:
        desk.core.put(KETTLE, bad)
    assert refused.value.status == 400


def test_null_lists_and_protocols_in_capitals_are_fine(desk):
    desk.put(idf_list=None, odf_list=None, name=None, accept_protos=["MQTT"])
    shown = desk.core.get(KETTLE).public()
    assert "idf_list" not in shown
    assert shown["accept_protos"] == ["MQTT"]


def test_names_come_from_a_pool_of_the_model(desk):
    for number in range(100):
        resource = desk.core.put(f"00000000-0000-0000-0000-{number:012}", body())
        assert resource.name == f"{number:02}.Kettle"
    with pytest.raises(HttpError, match="Name pool is full") as refused:
        desk.put()
    assert refused.value.status == 510
    assert desk.core.put(LAMP, body(profile={"model": "Lamp"})).name == "00.Lamp"
    first = "00000000-0000-0000-0000-000000000000"
    desk.core.delete(first, {"rev": desk.core.get(first).rev})
    assert desk.core.put(KETTLE, body()).name == "00.Kettle"


def test_names_that_are_given_may_be_doubled(desk):
    desk.put(KETTLE, name="twin")
    desk.put(LAMP, name="twin")


def test_registering_again_gives_a_revision_and_changes_nothing_else(desk):
    first = desk.put(name="one")
    second = desk.put(name="two", idf_list=[["Other", [None]]], accept_protos=["carrier pigeon"])
    resource = desk.core.get(KETTLE)
    assert resource.rev == second != first
    assert resource.name == "one"
    assert resource.idf_list == body()["idf_list"]
    with pytest.raises(HttpError, match="name"):
        desk.put(name=7)


def test_deleting_needs_the_revision(desk):
    with pytest.raises(HttpError) as refused:
        desk.core.delete(KETTLE, {"rev": "x"})
    assert refused.value.status == 404
    stale = desk.put()
    rev = desk.put()
    for wrong in ({"rev": stale}, {"rev": None}, {}, [], None):
        with pytest.raises(HttpError, match="revision") as refused:
            desk.core.delete(KETTLE, wrong)
        assert refused.value.status == 400
    desk.core.delete(KETTLE, {"rev": rev})
    with pytest.raises(HttpError, match="not found"):
        desk.core.get(KETTLE)
    # What it had left on the broker is cleared.
    assert desk.said() == [(f"{KETTLE}/ctrl/i", None)]


def expire(desk, seconds):
    desk.now += seconds
    desk.core.tick()
    return desk.core.devices.get(KETTLE) is None


def test_who_never_comes_online_expires(desk):
    desk.put()
    assert not expire(desk, EXPIRATION_S - 1)
    assert expire(desk, 1)


def test_who_is_online_does_not_expire_and_who_left_does(desk):
    rev = desk.online()
    assert not expire(desk, 10 * EXPIRATION_S)
    desk.state("offline", rev)
    assert not expire(desk, EXPIRATION_S - 1)
    desk.state("offline", rev)  # said twice: counted from the first
    assert expire(desk, 1)


def test_registering_again_starts_the_time_anew(desk):
    desk.put()
    assert not expire(desk, EXPIRATION_S - 1)
    desk.put()
    assert not expire(desk, EXPIRATION_S - 1)
    assert expire(desk, 1)


def test_each_expires_in_its_turn(desk):
    desk.put(KETTLE)
    desk.now += 10
    desk.put(LAMP)
    desk.put(KETTLE)
    desk.now += EXPIRATION_S - 10
    rev = desk.put(KETTLE)
    desk.now += 10
    desk.core.tick()
    assert desk.core.get(KETTLE).rev == rev
    assert desk.core.devices.get(LAMP) is None


def test_devices_outlive_a_restart(desk):
    rev = desk.online()
    shown = desk.core.get(KETTLE).public()
    desk.restart()
    assert desk.core.get(KETTLE).public() == shown
    assert desk.core.devices.get(KETTLE).state == "nothing"
    # The broker repeats the retained message.
    desk.state("online", rev)
    assert desk.effects.presence == [(KETTLE, True)]
    desk.restart()
    assert expire(desk, EXPIRATION_S)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (["X", ["a", None, "c"]], 3),
        (["X", []], 0),
        (["X", "idf"], 0),
        (["X"], 0),
        (["X", None], 0),
        ("X", 0),
        (["Y", [None]], None),
        (None, None),
        ([], None),
        ({"X": 1}, None),
        ([["X"]], None),
    ],
)
def test_dimensions_of_what_clients_really_send(entry, expected):
    assert dimension([entry], "X") == expected
